/*
 * See check_cases.h. A case has
 *   name      what it is about
 *   base      which document: healthy unless said
 *   sts       TXT RRs at _mta-sts; [] for none
 *   tlsrpt    TXT RRs at _smtp._tls
 *   body      the policy, everywhere it was fetched
 *   set       {pointer: value}: anything else
 *   expect    ["rule severity", ...] in the order of check.h
 *   protection, sentence   of the verdict; the sentence's beginning or end
 */
#include "check_cases.h"

#include "check/facts_json.h"
#include "file_text.h"
#include "json_set.h"
#include <stdlib.h>
#include <string.h>

static void give_up(const char *what, const char *why)
{
    fprintf(stderr, "check cases: %s: %s\n", what, why);
    abort();
}

static struct json *load(const char *path)
{
    struct json_fault fault = {0};
    struct json *json = NULL;
    _cleanup_buf_ struct buf text = BUF(FILE_TEXT_MAX);

    if (file_text(path, &text) < 0)
        give_up(path, "cannot be read");
    if (json_parse(buf_text(&text), text.len, NULL, &fault, &json) < 0) {
        fprintf(stderr, "%s:%zu:%zu: ", path, fault.line, fault.column);
        give_up(path, fault.text);
    }
    return json;
}

struct json *check_cases_load(void)
{
    return load(FIXTURES_DIR "/check-cases.json");
}

static struct json *load_base(const struct json *test)
{
    const char *base = json_text(json_get(test, "base"), NULL);
    char path[4096];

    snprintf(path, sizeof(path), "%s/facts/%s.json", FIXTURES_DIR,
             base ? base : "healthy");
    return load(path);
}

/* Replaces *json by itself with one place changed. */
static void change(struct json **json, const char *pointer,
                   const struct json *value)
{
    struct json *changed = json_set(*json, pointer, value);

    if (!changed)
        give_up(pointer, "no such place");
    json_free(*json);
    *json = changed;
}

static void change_text(struct json **json, const char *pointer,
                        const char *text)
{
    struct json_builder list = json_build_array();
    json_add_string(&list, NULL, text);
    _cleanup_json_ struct json *value = json_built(&list);

    change(json, pointer, json_at(value, 0));
}

/* TXT RRs as strings; none is an answer without data. */
static void change_rrs(struct json **json, const char *member,
                       const struct json *texts)
{
    char pointer[64];

    if (!texts)
        return;
    struct json_builder rrs = json_build_array();
    for (size_t i = 0; i < json_count(texts); i++) {
        struct json_builder rr = json_build_object();
        json_add(&rr, "text", json_share(json_at(texts, i)));
        json_add_int(&rr, "strings", 1);
        json_add(&rrs, NULL, json_built(&rr));
    }
    _cleanup_json_ struct json *value = json_built(&rrs);
    snprintf(pointer, sizeof(pointer), "/%s/rrs", member);
    change(json, pointer, value);
    snprintf(pointer, sizeof(pointer), "/%s/lookup/status", member);
    change_text(json, pointer, json_count(texts) > 0 ? "ok" : "nodata");
}

static void change_body(struct json **json, const struct json *body)
{
    const struct json *others =
        json_get(json_get(*json, "policy_host"), "others");
    size_t count = json_count(others);

    if (!body)
        return;
    change(json, "/policy_host/fetch/body", body);
    for (size_t i = 0; i < count; i++) {
        char pointer[64];
        snprintf(pointer, sizeof(pointer), "/policy_host/others/%zu/body", i);
        change(json, pointer, body);
    }
}

struct facts *check_case_facts(const struct json *test)
{
    const char *name = json_text(json_get(test, "name"), NULL);
    struct json_fault fault = {0};
    struct json_member member = {0};
    struct facts *facts = NULL;
    struct json *json = load_base(test);

    change_rrs(&json, "sts_txt", json_get(test, "sts"));
    change_rrs(&json, "tlsrpt_txt", json_get(test, "tlsrpt"));
    change_body(&json, json_get(test, "body"));
    while (json_next(json_get(test, "set"), &member))
        change(&json, member.key, member.value);
    if (facts_from_json(json, &fault, &facts) < 0)
        give_up(name ? name : "a case without name", fault.text);
    json_free(json);
    return facts;
}

void check_case_run(const struct json *test, check_case_fn *look, void *ctx)
{
    const char *name = json_text(json_get(test, "name"), NULL);
    _cleanup_facts_ struct facts *facts = check_case_facts(test);
    _cleanup_findings_ struct findings *findings = NULL;
    struct verdict verdict;

    if (!name)
        give_up("a case", "without name");
    if (check_run(facts, &findings, &verdict))
        give_up(name, "not checked");
    look(name, test, findings, &verdict, ctx);
}
