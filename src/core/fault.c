/*
 * Faults: the list, and every code as a stable name and as a sentence.
 * See mtasts/fault.h.
 */
#include "core/fault_list.h"

#include "base/cleanup.h"

struct fault_words {
    const char *name;
    const char *text;
};

/* clang-format off */
static const struct fault_words words[MTASTS_FAULT_CODES] = {
    [MTASTS_FAULT_UNRELATED_TXT] = {"unrelated-txt",
        "another TXT record at this name; it is ignored"},
    [MTASTS_FAULT_MULTIPLE] = {"multiple",
        "more than one record of this kind: senders act as if there were none"},
    [MTASTS_FAULT_RECORD_VERSION] = {"record-version",
        "the version is not first or not exact"},
    [MTASTS_FAULT_SPACE_BEFORE_SEMICOLON] = {"space-before-semicolon",
        "white space between the version and its semicolon: legal, but "
        "senders that look for the version with the semicolon miss it"},
    [MTASTS_FAULT_FIELD_EMPTY] = {"field-empty",
        "nothing between two semicolons"},
    [MTASTS_FAULT_FIELD_SYNTAX] = {"field-syntax",
        "not a field of the form name=value"},
    [MTASTS_FAULT_FIELD_NAME] = {"field-name",
        "a field name is 1 to 32 letters, digits, '_', '-' or '.', the first "
        "a letter or digit"},
    [MTASTS_FAULT_FIELD_VALUE] = {"field-value",
        "a field's value is one or more visible ASCII characters other than "
        "'=' and ';'"},
    [MTASTS_FAULT_FIELD_UNKNOWN] = {"field-unknown",
        "an unknown field; it is ignored"},
    [MTASTS_FAULT_FIELD_DUPLICATE] = {"field-duplicate",
        "the field was there before; only the first one counts"},
    [MTASTS_FAULT_TRAILING_SPACE] = {"trailing-space",
        "white space after the last field"},
    [MTASTS_FAULT_LEADING_SPACE] = {"leading-space",
        "white space before the version"},
    [MTASTS_FAULT_ID_MISSING] = {"id-missing", "the id is missing"},
    [MTASTS_FAULT_ID_EMPTY] = {"id-empty", "the id is empty"},
    [MTASTS_FAULT_ID_LONG] = {"id-long",
        "the id has more than 32 characters"},
    [MTASTS_FAULT_ID_CHARACTER] = {"id-character",
        "the id holds something else than letters and digits"},
    [MTASTS_FAULT_RUA_MISSING] = {"rua-missing", "the rua field is missing"},
    [MTASTS_FAULT_RUA_EMPTY] = {"rua-empty",
        "a URI is missing in the rua field"},
    [MTASTS_FAULT_RUA_URI] = {"rua-uri", "not a URI"},
    [MTASTS_FAULT_RUA_UNENCODED] = {"rua-unencoded",
        "'!' in a URI must be written as %21"},
    [MTASTS_FAULT_RUA_SPACE] = {"rua-space",
        "white space beside the equals sign of rua"},
    [MTASTS_FAULT_RUA_SCHEME] = {"rua-scheme",
        "the URI is neither mailto nor https; no report can be sent to it"},
    [MTASTS_FAULT_RUA_MAILTO] = {"rua-mailto",
        "the mailto URI holds no usable address; no report can be sent to it"},
    [MTASTS_FAULT_RUA_HTTPS] = {"rua-https",
        "the https URI holds no usable host or port; no report can be sent to it"},
    [MTASTS_FAULT_RUA_DUPLICATE] = {"rua-duplicate",
        "the same URI was there before"},
    [MTASTS_FAULT_RUA_MANY] = {"rua-many",
        "more than one URI: a reporter may use any one of them"},
    [MTASTS_FAULT_POLICY_EMPTY] = {"policy-empty", "the policy is empty"},
    [MTASTS_FAULT_BOM] = {"bom", "a byte-order mark before the first field"},
    [MTASTS_FAULT_CONTROL] = {"control",
        "a control character (a carriage return without line feed is one)"},
    [MTASTS_FAULT_UTF8] = {"utf8", "not UTF-8"},
    [MTASTS_FAULT_BLANK_LINE] = {"blank-line", "a blank line"},
    [MTASTS_FAULT_LINE_SPACE] = {"line-space",
        "white space before the field name"},
    [MTASTS_FAULT_COLON_MISSING] = {"colon-missing",
        "a line without a colon is not a field"},
    [MTASTS_FAULT_COLON_SPACE] = {"colon-space",
        "white space before the colon"},
    [MTASTS_FAULT_KEY] = {"key",
        "a field name is 1 to 32 letters, digits, '_', '-' or '.', the first "
        "a letter or digit"},
    [MTASTS_FAULT_VALUE_EMPTY] = {"value-empty", "the value is missing"},
    [MTASTS_FAULT_VALUE] = {"value", "a tab inside a value"},
    [MTASTS_FAULT_LINE_ENDS_LF] = {"line-ends-lf",
        "lines end with LF alone: legal, but CRLF is what the RFC shows"},
    [MTASTS_FAULT_NO_FINAL_NEWLINE] = {"no-final-newline",
        "the last line has no end"},
    [MTASTS_FAULT_KEY_UNKNOWN] = {"key-unknown",
        "an unknown field; it is ignored"},
    [MTASTS_FAULT_KEY_NEAR_MISS] = {"key-near-miss",
        "an unknown field whose name is close to a known one; it is ignored"},
    [MTASTS_FAULT_KEY_DUPLICATE] = {"key-duplicate",
        "the field was there before; only the first one counts"},
    [MTASTS_FAULT_VERSION_MISSING] = {"version-missing",
        "the version is missing"},
    [MTASTS_FAULT_VERSION_VALUE] = {"version-value",
        "the version is not STSv1"},
    [MTASTS_FAULT_VERSION_NOT_FIRST] = {"version-not-first",
        "the version is not the first field: legal, but some senders want it "
        "there"},
    [MTASTS_FAULT_MODE_MISSING] = {"mode-missing", "the mode is missing"},
    [MTASTS_FAULT_MODE_VALUE] = {"mode-value",
        "the mode is not enforce, testing or none"},
    [MTASTS_FAULT_MAX_AGE_MISSING] = {"max-age-missing",
        "max_age is missing"},
    [MTASTS_FAULT_MAX_AGE_VALUE] = {"max-age-value",
        "max_age is not a number of seconds in digits"},
    [MTASTS_FAULT_MAX_AGE_DIGITS] = {"max-age-digits",
        "max_age has more than 10 digits"},
    [MTASTS_FAULT_MAX_AGE_RANGE] = {"max-age-range",
        "max_age is above 31557600 seconds"},
    [MTASTS_FAULT_MX_MISSING] = {"mx-missing",
        "no mx, though the mode is enforce or testing"},
    [MTASTS_FAULT_MX_VALUE] = {"mx-value",
        "the mx is not a host name, nor '*.' and a domain name"},
    [MTASTS_FAULT_MX_TRAILING_DOT] = {"mx-trailing-dot",
        "the mx ends with a dot"},
    [MTASTS_FAULT_MX_UNDERSCORE] = {"mx-underscore",
        "the mx holds an underscore, which host names do not have"},
    [MTASTS_FAULT_MX_ADDRESS] = {"mx-address",
        "the mx looks like an IP address, which no MX record holds"},
    [MTASTS_FAULT_MX_DUPLICATE] = {"mx-duplicate",
        "the same mx was there before"},
};
/* clang-format on */

static const struct fault_words *find_words(enum mtasts_fault_code code)
{
    if ((size_t)code >= ELEMENTS(words) || !words[code].name)
        return NULL;
    return &words[code];
}

const char *mtasts_fault_name(enum mtasts_fault_code code)
{
    const struct fault_words *found = find_words(code);

    return found ? found->name : NULL;
}

const char *mtasts_fault_text(enum mtasts_fault_code code)
{
    const struct fault_words *found = find_words(code);

    return found ? found->text : "unknown fault";
}

void fault_add(struct mtasts_faults *faults, struct mtasts_fault fault)
{
    if (faults->items && faults->count < faults->max)
        faults->items[faults->count] = fault;
    faults->count++;
    faults->quirks += fault.weight == MTASTS_QUIRK;
    faults->fatal += fault.weight == MTASTS_FATAL;
}

void fault_raise(struct mtasts_faults *faults, struct fault_mark mark,
                 enum mtasts_fault_code code, size_t number)
{
    size_t end = MIN_OF(faults->count, faults->max);

    for (size_t i = mark.count; faults->items && i < end; i++)
        if (faults->items[i].code == code &&
            faults->items[i].weight == MTASTS_QUIRK)
            faults->items[i].weight = MTASTS_FATAL;
    faults->quirks -= number;
    faults->fatal += number;
}
