/*
 * smtp_memo: what SMTP probes have found, for whoever asks the same next.
 * See smtp_memo.h.
 *
 * Findings are told apart by a key of octets that holds all that a probe's
 * outcome depends on. There are few, so they are looked through one by one;
 * a checksum spares most comparisons.
 */
#include "net/smtp_memo.h"

#include "base/buf.h"
#include "net/dane.h"

#include <string.h>

/* Octets of a key; who has more (huge TLSA RRsets) is not kept. */
#define KEY_MAX 8192u

struct finding {
    struct arena *arena; /* NULL: free; owns all below */
    const char *key;
    size_t key_len;
    uint64_t sum;
    uint64_t until_ms;
    size_t tlsa_count;
    struct fact_smtp fact;
};

struct smtp_memo {
    size_t next; /* to be overwritten */
    struct finding findings[SMTP_MEMO_MAX];
};

/* ---- keys ---- */

static void add_text(struct buf *key, const char *text)
{
    if (text)
        buf_puts(key, text);
    buf_putc(key, '\0');
}

static void add_tlsa(struct buf *key, const struct smtp_request *request)
{
    const struct fact_tlsa *tlsa = request->tlsa;
    bool by_name = false;
    add_text(key, request->tlsa_base);
    for (size_t i = 0; i < tlsa->count; i++) {
        const struct fact_tlsa_rr *rr = &tlsa->rrs[i];
        buf_printf(key, "%u %u %u %zu ", rr->usage, rr->selector, rr->matching,
                   rr->len);
        buf_append(key, rr->data, rr->len);
        by_name = by_name || (rr->usable && rr->usage == TLSA_DANE_TA);
    }
    /* Only DANE-TA looks at names, which are the asking domain's. */
    for (size_t i = 0; by_name && i < request->dane_name_count; i++)
        add_text(key, request->dane_names[i]);
}

static void make_key(const struct smtp_request *request, struct buf *key)
{
    enum mtasts_dane_state state =
        dane_state(request->tlsa, request->secure_address);
    add_text(key, request->host);
    add_text(key, request->helo);
    buf_append(key, request->address.octets, request->address.ipv6 ? 16 : 4);
    buf_printf(key, "%u %u %d ", request->port, request->tests, (int)state);
    if (state == MTASTS_DANE_PASS)
        add_tlsa(key, request);
}

/* FNV-1a: no defence, and none is needed, against keys made to collide. */
static uint64_t checksum(const char *data, size_t len)
{
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (unsigned char)data[i]) * 1099511628211u;
    return sum;
}

/* ---- copies ---- */

/* Copies `*text` to where `arena` is; false without memory. */
static bool copy_text(struct arena *arena, const char **text)
{
    const char *from = *text;
    *text = arena_string(arena, from);
    return *text || !from;
}

static bool copy_names(struct arena *arena, struct fact_certificate *fact)
{
    const char **names = arena_array_of(arena, fact->name_count, const char *);
    if (!names)
        return false;
    for (size_t i = 0; i < fact->name_count; i++) {
        names[i] = fact->names[i];
        if (!copy_text(arena, &names[i]))
            return false;
    }
    fact->names = names;
    return true;
}

static bool copy_certificate(struct arena *arena, struct fact_certificate *fact)
{
    return copy_text(arena, &fact->subject) &&
           copy_text(arena, &fact->issuer) && copy_names(arena, fact) &&
           copy_text(arena, &fact->key_type) &&
           copy_text(arena, &fact->signature) &&
           copy_text(arena, &fact->sha256) &&
           copy_text(arena, &fact->spki_sha256);
}

static bool copy_tls(struct arena *arena, struct fact_tls *tls)
{
    const struct fact_certificate *from = tls->chain;
    struct fact_certificate *chain =
        arena_array_of(arena, tls->chain_count, struct fact_certificate);
    if (!chain || !copy_text(arena, &tls->version) ||
        !copy_text(arena, &tls->cipher) || !copy_text(arena, &tls->detail))
        return false;
    for (size_t i = 0; i < tls->chain_count; i++) {
        chain[i] = from[i];
        if (!copy_certificate(arena, &chain[i]))
            return false;
    }
    tls->chain = from ? chain : NULL;
    return true;
}

static bool copy_matched(struct arena *arena, size_t count, bool **matched)
{
    const bool *from = *matched;
    if (!from)
        return true;
    *matched = arena_array_of(arena, count, bool);
    if (*matched)
        memcpy(*matched, from, count * sizeof(bool));
    return *matched;
}

static int copy_fact(struct arena *arena, const struct fact_smtp *from,
                     size_t tlsa_count, struct fact_smtp *ret_fact)
{
    struct fact_smtp fact = *from;
    if (!copy_text(arena, &fact.address) ||
        !copy_text(arena, &fact.reply_text) ||
        !copy_text(arena, &fact.greeting) || !copy_tls(arena, &fact.tls) ||
        !copy_matched(arena, tlsa_count, &fact.dane.matched) ||
        !copy_text(arena, &fact.old_tls_version) ||
        !copy_text(arena, &fact.weak_cipher_name) ||
        !copy_text(arena, &fact.no_sni_sha256) ||
        !copy_text(arena, &fact.detail))
        return -MTASTS_ENOMEM;
    *ret_fact = fact;
    return 0;
}

/* ---- the memo ---- */

int smtp_memo_new(struct smtp_memo **ret_memo)
{
    struct smtp_memo *memo = calloc(1, sizeof(*memo));
    if (!memo)
        return -MTASTS_ENOMEM;
    *ret_memo = memo;
    return 0;
}

static void forget(struct finding *finding)
{
    arena_free(finding->arena);
    *finding = (struct finding){0};
}

void smtp_memo_free(struct smtp_memo *memo)
{
    for (size_t i = 0; memo && i < SMTP_MEMO_MAX; i++)
        forget(&memo->findings[i]);
    free(memo);
}

int smtp_memo_find(const struct smtp_memo *memo,
                   const struct smtp_request *request, uint64_t now_ms,
                   struct fact_smtp *ret_fact)
{
    _cleanup_buf_ struct buf key = BUF(KEY_MAX);
    make_key(request, &key);
    if (key.error)
        return -MTASTS_ENOTFOUND;
    uint64_t sum = checksum(key.data, key.len);
    for (size_t i = 0; i < SMTP_MEMO_MAX; i++) {
        const struct finding *finding = &memo->findings[i];
        if (finding->arena && finding->sum == sum &&
            finding->until_ms > now_ms && finding->key_len == key.len &&
            memcmp(finding->key, key.data, key.len) == 0)
            return copy_fact(request->arena, &finding->fact,
                             finding->tlsa_count, ret_fact);
    }
    return -MTASTS_ENOTFOUND;
}

static int make_finding(const struct smtp_request *request,
                        const struct fact_smtp *fact,
                        struct finding *ret_finding)
{
    _cleanup_arena_ struct arena *arena = NULL;
    _cleanup_buf_ struct buf key = BUF(KEY_MAX);
    struct finding finding = {0};
    make_key(request, &key);
    int error = key.error;
    if (!error)
        error = arena_new(SMTP_MEMO_FACT_MAX, &arena);
    if (error)
        return error;
    finding.tlsa_count = request->tlsa ? request->tlsa->count : 0;
    finding.key = arena_copy(arena, key.data, key.len);
    finding.key_len = key.len;
    finding.sum = checksum(key.data, key.len);
    error = copy_fact(arena, fact, finding.tlsa_count, &finding.fact);
    if (error || !finding.key)
        return -MTASTS_ENOMEM;
    finding.arena = TAKE_PTR(arena);
    *ret_finding = finding;
    return 0;
}

void smtp_memo_keep(struct smtp_memo *memo, const struct smtp_request *request,
                    uint64_t now_ms, const struct fact_smtp *fact)
{
    struct finding finding;
    if (make_finding(request, fact, &finding) < 0)
        return;
    finding.until_ms = now_ms + SMTP_MEMO_MS;
    forget(&memo->findings[memo->next]);
    memo->findings[memo->next] = finding;
    memo->next = (memo->next + 1) % SMTP_MEMO_MAX;
}
