/*
 * Stored facts, and the rules over them: whatever is read is the same when
 * written and read again, and judging it gives findings that keep what
 * check.h promises.
 */
#include "check/check.h"
#include "check/facts_json.h"
#include "check/findings_json.h"
#include "property.h"

static void write_facts(const struct facts *facts, struct buf *text)
{
    struct json *json = NULL;

    PROPERTY(facts_to_json(facts, &json) == 0);
    PROPERTY(json_write(json, JSON_ONE_LINE, text) == 0);
    json_free(json);
}

static void check_round_trip(const struct facts *facts)
{
    struct facts *again = NULL;
    _cleanup_buf_ struct buf text = BUF(JSON_SIZE_MAX);
    _cleanup_buf_ struct buf text_again = BUF(JSON_SIZE_MAX);

    write_facts(facts, &text);
    PROPERTY(facts_parse(text.data, text.len, NULL, &again) == 0);
    write_facts(again, &text_again);
    PROPERTY(text.len == text_again.len);
    PROPERTY(memcmp(text.data, text_again.data, text.len) == 0);
    facts_free(again);
}

static void check_printable(const char *text)
{
    for (; text && *text; text++)
        PROPERTY((*text >= 0x20 && *text < 0x7f) || *text == '\n');
}

static void check_findings(const struct findings *findings,
                           const struct verdict *verdict)
{
    static const char letters[] = " IUWE";

    PROPERTY(findings->count <= FINDINGS_MAX);
    PROPERTY(verdict->worst == findings->worst);
    check_printable(verdict->sentence);
    PROPERTY(verdict->sentence[0] != '\0');
    PROPERTY(verdict->mx_passing <= verdict->mx_matching);
    PROPERTY(verdict->mx_matching <= verdict->mx_total);
    for (size_t i = 0; i < findings->count; i++) {
        const struct finding *finding = &findings->items[i];
        PROPERTY(finding->severity > SEVERITY_OK);
        PROPERTY(finding->severity <= findings->worst);
        PROPERTY(strchr(finding->rule->severities,
                        letters[finding->severity]) != NULL);
        PROPERTY(finding->message[0] != '\0');
        check_printable(finding->message);
        check_printable(finding->subject);
        check_printable(finding->fix.text);
        check_printable(finding->fix.then);
    }
}

static void check_facts(const struct facts *facts)
{
    struct findings *findings = NULL;
    struct verdict verdict;
    struct json *json = NULL;
    _cleanup_buf_ struct buf text = BUF(64u << 20);

    PROPERTY(check_run(facts, &findings, &verdict) == 0);
    check_findings(findings, &verdict);
    PROPERTY(findings_to_json(facts, findings, &verdict, &json) == 0);
    PROPERTY(json_write(json, JSON_ONE_LINE, &text) == 0);
    json_free(json);
    findings_free(findings);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_fault fault = {0};
    struct facts *facts = NULL;

    if (facts_parse((const char *)data, size, &fault, &facts) != 0) {
        PROPERTY(fault.text[0] != '\0');
        return 0;
    }
    check_round_trip(facts);
    check_facts(facts);
    facts_free(facts);
    return 0;
}
