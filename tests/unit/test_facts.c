/*
 * facts: words for every state, the result type of every fetch, and the
 * round trip through JSON: every member, arbitrary octets, what is refused.
 */
#include "unit.h"

#include "check/facts_fields.h"
#include "check/facts_json.h"
#include "vectors.h"

/* ---- words ---- */

static void check_words(const struct fact_words *words, bool with_text)
{
    for (size_t i = 0; i < words->count; i++) {
        const struct fact_word *word = &words->items[i];
        assert_non_null(word->name);
        for (const char *c = word->name; *c; c++)
            assert_true((*c >= 'a' && *c <= 'z') || *c == '-' ||
                        (*c >= '0' && *c <= '9'));
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(word->name, words->items[j].name);
        if (with_text)
            assert_true(word->text && strlen(word->text) > 1);
    }
}

static void test_words(void **state)
{
    (void)state;
    check_words(&lookup_words, true);
    check_words(&dnssec_words, true);
    check_words(&verify_words, true);
    check_words(&fetch_words, true);
    check_words(&smtp_words, true);
    check_words(&answer_words, true);
    check_words(&dane_words, false);
    check_words(&address_class_words, false);
    assert_int_equal(lookup_words.count, LOOKUP_TOO_MANY + 1);
    assert_int_equal(dnssec_words.count, DNSSEC_BOGUS + 1);
    assert_int_equal(verify_words.count, VERIFY_OTHER + 1);
    assert_int_equal(fetch_words.count, FETCH_FAILED + 1);
    assert_int_equal(smtp_words.count, SMTP_TLS_FAILED + 1);
    assert_int_equal(answer_words.count, TEST_UNKNOWN + 1);
    assert_int_equal(dane_words.count, MTASTS_DANE_LOOKUP_FAILED + 1);

    assert_string_equal(lookup_status_name(LOOKUP_SERVFAIL), "servfail");
    assert_string_equal(fetch_status_name(FETCH_REDIRECT), "redirect");
    assert_string_equal(smtp_status_name(SMTP_NO_STARTTLS), "no-starttls");
    assert_string_equal(verify_status_name(VERIFY_WEAK), "weak");
    assert_string_equal(dnssec_status_name(DNSSEC_SECURE), "secure");
    assert_string_equal(test_result_name(TEST_YES), "yes");
    assert_string_equal(lookup_status_name((enum lookup_status)999), "unknown");
    assert_non_null(strstr(fetch_status_text(FETCH_TRUNCATED), "cut off"));
}

static void test_unknown_lookups(void **state)
{
    (void)state;
    for (unsigned i = 0; i < lookup_words.count; i++)
        assert_int_equal(lookup_unknown((enum lookup_status)i),
                         i > LOOKUP_NXDOMAIN);
}

/* ---- what a fetch is reported as ---- */

/* The state that the fetcher gives for an answer of extra-https.json. */
static enum fetch_status status_of(const json_t *response)
{
    long status = (long)json_integer_value(json_object_get(response, "status"));
    const char *type = vectors_text(response, "content_type");
    const json_t *headers = json_object_get(response, "headers");

    if (json_object_get(response, "cert"))
        return FETCH_CERTIFICATE;
    if (json_object_get(response, "drip"))
        return FETCH_TIMEOUT;
    if (json_object_get(response, "cut"))
        return FETCH_TRUNCATED;
    if (strchr(vectors_text(headers, "Content-Length"), ','))
        return FETCH_PROTOCOL;
    if (status >= 300 && status < 400)
        return FETCH_REDIRECT;
    if (status != 200)
        return FETCH_STATUS;
    if (strncmp(type, "text/plain", 10) != 0 ||
        (type[10] != '\0' && type[10] != ';'))
        return FETCH_CONTENT_TYPE;
    if (json_integer_value(json_object_get(response, "body_size")) >
        MTASTS_POLICY_BODY_MAX)
        return FETCH_TOO_LARGE;
    return FETCH_OK;
}

static void test_fetch_results(void **state)
{
    (void)state;
    json_t *cases = vectors_load("extra-https.json", 35);
    size_t index;
    json_t *test;

    json_array_foreach(cases, index, test)
    {
        const json_t *expect = json_object_get(test, "expect");
        const char *want = vectors_text(expect, "tlsrpt");
        enum fetch_status status = status_of(json_object_get(test, "response"));
        const char *got = mtasts_result_name(fetch_status_result(status));

        if (strcmp(want, "sts-policy-invalid") == 0 || !*want)
            want = "success"; /* fetched; what the body is worth comes next */
        if (strcmp(got, want) != 0)
            fail_msg("%s: %s is %s", vectors_text(test, "name"),
                     fetch_status_name(status), got);
    }
    json_decref(cases);
}

static void test_all_fetch_results(void **state)
{
    (void)state;
    for (unsigned i = 0; i < fetch_words.count; i++) {
        enum mtasts_result want = MTASTS_RESULT_STS_POLICY_FETCH_ERROR;
        if (i == FETCH_OK)
            want = MTASTS_RESULT_SUCCESS;
        if (i == FETCH_CERTIFICATE)
            want = MTASTS_RESULT_STS_WEBPKI_INVALID;
        assert_int_equal(fetch_status_result((enum fetch_status)i), want);
    }
}

/* ---- the table covers the structs ---- */

static size_t field_size(const struct field *field)
{
    switch (field->kind) {
    case FIELD_OCTETS: return sizeof(struct mtasts_bytes);
    case FIELD_BOOL: return sizeof(bool);
    case FIELD_NUMBER: return field->size;
    case FIELD_WORD: return sizeof(int);
    case FIELD_PART: return field->shape->size;
    default: return sizeof(void *);
    }
}

static void cover(bool *covered, size_t offset, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        assert_false(covered[offset + i]); /* two rows for one member */
        covered[offset + i] = true;
    }
}

/* NOLINTBEGIN(misc-no-recursion): the shapes are nested 8 deep */

/* No run of octets that a member could be in is without a row. */
static void check_covered(const struct shape *shape)
{
    bool covered[1024] = {0};
    size_t run = 0;

    assert_true(shape->size <= sizeof(covered));
    for (size_t i = 0; i < shape->count; i++) {
        const struct field *field = &shape->fields[i];
        cover(covered, field->offset, field_size(field));
        if (field->count > 0)
            cover(covered, field->count, sizeof(size_t));
        if (field->shape)
            check_covered(field->shape);
    }
    if (shape == &facts_shape)
        cover(covered, offsetof(struct facts, arena), sizeof(void *));
    for (size_t i = 0; i < shape->size; i++) {
        run = covered[i] ? 0 : run + 1;
        assert_true(run < sizeof(void *)); /* padding is shorter */
    }
}

/* NOLINTEND(misc-no-recursion) */

static void test_table_covers(void **state)
{
    (void)state;
    check_covered(&facts_shape);
}

/* ---- round trip ---- */

/* Facts with something other than zero in every member. */
struct filler {
    struct arena *arena;
    uint64_t number;
    size_t tlsa_count;
};

/* NOLINTBEGIN(misc-no-recursion): the shapes are nested 8 deep */
static void fill_struct(struct filler *filler, const struct shape *shape,
                        char *base);

static const char *fill_text(struct filler *filler)
{
    filler->number++;
    if (filler->number % 5 == 0)
        return arena_printf(filler->arena, "\xff\x80 no UTF-8 %u",
                            (unsigned)filler->number);
    return arena_printf(filler->arena, "text \"%u\" \xc3\xa4\x1b\n",
                        (unsigned)filler->number);
}

static const struct mtasts_bytes *fill_octets(struct filler *filler)
{
    static const struct mtasts_bytes samples[] = {
        {"plain", 5}, {"nul \0 in it", 11},         {"\xc3", 1},
        {"\x00", 1},  {"\xf0\x9f\x98\x80 \r\n", 7},
    };
    return &samples[filler->number++ % ELEMENTS(samples)];
}

static void fill_list(struct filler *filler, const struct field *field,
                      char *base)
{
    size_t count = 2;
    char *items = arena_array(filler->arena, count, field->shape->size);
    assert_non_null(items);
    if (field->is_tlsa)
        filler->tlsa_count = count;
    for (size_t i = 0; i < count; i++)
        fill_struct(filler, field->shape, items + i * field->shape->size);
    memcpy(base + field->offset, &items, sizeof(items));
    memcpy(base + field->count, &count, sizeof(count));
}

static void fill_texts(struct filler *filler, const struct field *field,
                       char *base)
{
    size_t count = 3;
    const char **items = arena_array_of(filler->arena, count, const char *);
    assert_non_null(items);
    for (size_t i = 0; i < count; i++)
        items[i] = fill_text(filler);
    memcpy(base + field->offset, &items, sizeof(items));
    memcpy(base + field->count, &count, sizeof(count));
}

static void fill_number(struct filler *filler, const struct field *field,
                        char *base)
{
    /* The extremes of the range, signed or not. */
    unsigned char octets[8];
    memset(octets, 0xff, sizeof(octets));
    if (field->size == sizeof(octets))
        octets[7] = field->is_signed ? 0x80 : 0x7f;
    if (field->is_signed && field->size == 4 && filler->number % 2)
        octets[3] = 0x80;
    memcpy(base + field->offset, octets, field->size);
    filler->number++;
}

static void fill_field(struct filler *filler, const struct field *field,
                       char *base)
{
    char *to = base + field->offset;
    const char *text = NULL;
    const struct mtasts_bytes *octets = NULL;
    unsigned word = 0;
    bool *matched = NULL;

    switch (field->kind) {
    case FIELD_TEXT:
        text = fill_text(filler);
        memcpy(to, &text, sizeof(text));
        break;
    case FIELD_OCTETS:
        memcpy(to, fill_octets(filler), sizeof(struct mtasts_bytes));
        break;
    case FIELD_DATA:
        octets = fill_octets(filler);
        memcpy(to, &octets->data, sizeof(octets->data));
        memcpy(base + field->count, &octets->len, sizeof(octets->len));
        break;
    case FIELD_BOOL: *(bool *)to = true; break;
    case FIELD_NUMBER: fill_number(filler, field, base); break;
    case FIELD_WORD:
        word = 1 + (unsigned)(filler->number++ % (field->words->count - 1));
        memcpy(to, &word, sizeof(word));
        break;
    case FIELD_PART: fill_struct(filler, field->shape, to); break;
    case FIELD_LIST: fill_list(filler, field, base); break;
    case FIELD_TEXTS: fill_texts(filler, field, base); break;
    case FIELD_MATCHED:
        matched = arena_array_of(filler->arena, filler->tlsa_count, bool);
        assert_non_null(matched);
        matched[1] = true;
        memcpy(to, &matched, sizeof(matched));
        break;
    }
}

static void fill_struct(struct filler *filler, const struct shape *shape,
                        char *base)
{
    for (size_t i = 0; i < shape->count; i++)
        fill_field(filler, &shape->fields[i], base);
}

/* NOLINTEND(misc-no-recursion) */

static struct facts *full_facts(void)
{
    struct facts *facts = NULL;
    assert_int_equal(facts_new("example.com", &facts), 0);
    struct filler filler = {.arena = facts->arena};
    fill_struct(&filler, &facts_shape, (char *)facts);
    facts->domain = "example.com";
    return facts;
}

/* NOLINTBEGIN(misc-no-recursion): the shapes are nested 8 deep */
static void assert_same(const struct shape *shape, const char *a, const char *b,
                        size_t tlsa_count);

static void *pointer(const char *base, const struct field *field)
{
    void *value = NULL;
    memcpy(&value, base + field->offset, sizeof(value));
    return value;
}

static size_t count_of(const char *base, const struct field *field)
{
    size_t count = 0;
    memcpy(&count, base + field->count, sizeof(count));
    return count;
}

static void assert_same_list(const struct field *field, const char *a,
                             const char *b, size_t tlsa_count)
{
    size_t count = count_of(a, field);
    char *const *texts_a = pointer(a, field);
    char *const *texts_b = pointer(b, field);
    const char *items_a = pointer(a, field);
    const char *items_b = pointer(b, field);

    assert_int_equal(count_of(b, field), count);
    for (size_t i = 0; i < count; i++) {
        if (field->kind == FIELD_TEXTS)
            assert_string_equal(texts_a[i], texts_b[i]);
        else
            assert_same(field->shape, items_a + i * field->shape->size,
                        items_b + i * field->shape->size, tlsa_count);
    }
}

static void assert_same_field(const struct field *field, const char *a,
                              const char *b, size_t tlsa_count)
{
    const struct mtasts_bytes *octets_a = (const void *)(a + field->offset);
    const struct mtasts_bytes *octets_b = (const void *)(b + field->offset);

    switch (field->kind) {
    case FIELD_TEXT:
        assert_string_equal(pointer(a, field), pointer(b, field));
        break;
    case FIELD_OCTETS:
        assert_int_equal(octets_a->len, octets_b->len);
        assert_memory_equal(octets_a->data, octets_b->data, octets_a->len);
        break;
    case FIELD_DATA:
        assert_int_equal(count_of(a, field), count_of(b, field));
        assert_memory_equal(pointer(a, field), pointer(b, field),
                            count_of(a, field));
        break;
    case FIELD_PART:
        assert_same(field->shape, a + field->offset, b + field->offset,
                    tlsa_count);
        break;
    case FIELD_LIST:
    case FIELD_TEXTS: assert_same_list(field, a, b, tlsa_count); break;
    case FIELD_MATCHED:
        assert_memory_equal(pointer(a, field), pointer(b, field), tlsa_count);
        break;
    default:
        assert_memory_equal(a + field->offset, b + field->offset,
                            field_size(field));
    }
}

static void assert_same(const struct shape *shape, const char *a, const char *b,
                        size_t tlsa_count)
{
    for (size_t i = 0; i < shape->count; i++)
        assert_same_field(&shape->fields[i], a, b, tlsa_count);
}

/* NOLINTEND(misc-no-recursion) */

static void test_round_trip(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts *facts = full_facts();
    _cleanup_facts_ struct facts *again = NULL;
    _cleanup_json_ struct json *json = NULL;
    struct json_fault fault = {0};
    _cleanup_buf_ struct buf text = BUF(1 << 20);

    assert_int_equal(facts_to_json(facts, &json), 0);
    assert_int_equal(json_write(json, JSON_ONE_LINE, &text), 0);
    if (facts_parse(buf_text(&text), text.len, &fault, &again) < 0)
        fail_msg("%s", fault.text);
    /* TLSA RRs are two for every host of full_facts(). */
    assert_same(&facts_shape, (const char *)facts, (const char *)again, 2);
    assert_true(again->mx.hosts[1].sessions[1].dane.matched[1]);
    assert_false(again->mx.hosts[1].sessions[1].dane.matched[0]);
}

static void test_empty_round_trip(void **state)
{
    (void)state;
    _cleanup_facts_ struct facts *facts = NULL;
    _cleanup_facts_ struct facts *again = NULL;
    _cleanup_json_ struct json *json = NULL;
    _cleanup_buf_ struct buf text = BUF(1 << 20);

    assert_int_equal(facts_new("example.com", &facts), 0);
    assert_int_equal(facts_to_json(facts, &json), 0);
    assert_int_equal(json_write(json, JSON_ONE_LINE, &text), 0);
    assert_string_equal(buf_text(&text),
                        "{\"facts_version\":1,\"domain\":\"example.com\","
                        "\"unicode\":\"example.com\"}");
    assert_int_equal(facts_from_json(json, NULL, &again), 0);
    assert_null(again->mx.hosts);
    assert_int_equal(again->sts_txt.lookup.status, LOOKUP_NOT_ASKED);
}

/* ---- what is refused ---- */

#define HEAD "{\"facts_version\":1,\"domain\":\"d.example\",\"unicode\":\"d\""
#define HOST(more) HEAD ",\"mx\":{\"hosts\":[{\"name\":\"a\"" more "}]}}"

static const struct {
    const char *text;
    int error;
    const char *why;
} refusals[] = {
    {"[]", -MTASTS_ESYNTAX, "not an object"},
    {"{}", -MTASTS_ESYNTAX, "facts_version is not 1"},
    {"{\"facts_version\":2}", -MTASTS_ESYNTAX, "facts_version is not 1"},
    {"{\"facts_version\":1}", -MTASTS_ESYNTAX, "domain: missing"},
    {"{\"facts_version\":1,\"domain\":\"A.example\",\"unicode\":\"x\"}",
     -MTASTS_ESYNTAX, "not a canonical name"},
    {"{\"facts_version\":1,\"domain\":\"\",\"unicode\":\"x\"}", -MTASTS_ESYNTAX,
     "not a canonical name"},
    {HEAD ",\"more\":1}", -MTASTS_ESYNTAX, "an unknown name in it"},
    {HEAD ",\"time\":\"1\"}", -MTASTS_ESYNTAX, "time: not a number"},
    {HEAD ",\"time\":1.5}", -MTASTS_ESYNTAX, "time: not a number"},
    {HEAD ",\"elapsed_ms\":-1}", -MTASTS_ESYNTAX, "elapsed_ms: not a number"},
    {HEAD ",\"elapsed_ms\":4294967296}", -MTASTS_ESYNTAX,
     "elapsed_ms: not a number"},
    {HEAD ",\"validating\":1}", -MTASTS_ESYNTAX, "validating: neither"},
    {HEAD ",\"resolver_note\":null}", -MTASTS_ESYNTAX,
     "resolver_note: neither a string nor base64"},
    {HEAD ",\"resolver_note\":{\"base64\":\"AA==\"}}", -MTASTS_ESYNTAX,
     "resolver_note: a NUL"},
    {HEAD ",\"resolver_note\":{\"base64\":\"A\"}}", -MTASTS_ESYNTAX,
     "resolver_note: not Base64"},
    {HEAD ",\"resolver_note\":{\"base64\":\"\",\"x\":1}}", -MTASTS_ESYNTAX,
     "resolver_note: neither"},
    {HEAD ",\"sts_txt\":[]}", -MTASTS_ESYNTAX, "sts_txt: not an object"},
    {HEAD ",\"sts_txt\":{\"lookup\":{\"status\":\"OK\"}}}", -MTASTS_ESYNTAX,
     "sts_txt.lookup.status: no such word"},
    {HEAD ",\"sts_txt\":{\"rrs\":{}}}", -MTASTS_ESYNTAX,
     "sts_txt.rrs: not an array"},
    {HEAD ",\"sts_txt\":{\"count\":1}}", -MTASTS_ESYNTAX,
     "sts_txt: an unknown name in it"},
    {HOST(",\"host\":{\"addresses\":[{}]}"), -MTASTS_ESYNTAX,
     "mx.hosts[0].host.addresses[0].text: missing"},
    {HOST(",\"preference\":65536"), -MTASTS_ESYNTAX,
     "mx.hosts[0].preference: not a number"},
    {HOST(",\"tlsa\":{\"rrs\":[{\"usage\":256}]}"), -MTASTS_ESYNTAX,
     "mx.hosts[0].tlsa.rrs[0].usage: not a number"},
    {HOST(",\"sessions\":[{\"address\":\"::1\",\"dane\":{\"matched\":[true]"
          "}}]"),
     -MTASTS_ESYNTAX, "dane.matched: not one flag for each"},
    {HOST(",\"sessions\":[{\"address\":\"::1\",\"dane\":{\"matched\":[1]}}],"
          "\"tlsa\":{\"rrs\":[{}]}"),
     -MTASTS_ESYNTAX, "dane.matched: neither"},
    /* The flags of one host do not go with the records of another. */
    {HEAD ",\"mx\":{\"hosts\":[{\"name\":\"a\",\"tlsa\":{\"rrs\":[{}]}},"
          "{\"name\":\"b\",\"sessions\":[{\"address\":\"::1\",\"dane\":"
          "{\"matched\":[true]}}]}]}}",
     -MTASTS_ESYNTAX, "mx.hosts[1].sessions[0].dane.matched: not one flag"},
    {HEAD ",\"ruas\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}",
     -MTASTS_ETOOLONG, "ruas: too many elements"},
    {"{", -MTASTS_ESYNTAX, "end of file"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(refusals); i++) {
        struct facts *facts = NULL;
        struct json_fault fault = {0};
        int error = facts_parse(refusals[i].text, strlen(refusals[i].text),
                                &fault, &facts);
        if (error != refusals[i].error ||
            !strstr(fault.text, refusals[i].why) || facts)
            fail_msg("%s: %d, %s", refusals[i].text, error, fault.text);
    }
}

/* More than FACTS_MAX of decoded facts is refused, not allocated. */
static void test_too_much(void **state)
{
    (void)state;
    struct json_fault fault = {0};
    struct facts *facts = NULL;
    _cleanup_buf_ struct buf text = BUF(JSON_SIZE_MAX);

    buf_puts(&text, HEAD ",\"policy_host\":{\"others\":[{}");
    for (size_t i = 0; i < FACTS_MAX / sizeof(struct fact_fetch); i++)
        buf_puts(&text, ",{}");
    buf_puts(&text, "]}}");
    assert_int_equal(text.error, 0);
    assert_int_equal(facts_parse(buf_text(&text), text.len, &fault, &facts),
                     -MTASTS_ENOMEM);
    assert_string_equal(fault.text,
                        "policy_host.others: more than memory has room for");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_unknown_lookups),
        cmocka_unit_test(test_fetch_results),
        cmocka_unit_test(test_all_fetch_results),
        cmocka_unit_test(test_table_covers),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_empty_round_trip),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_too_much),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
