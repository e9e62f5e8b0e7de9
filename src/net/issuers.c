/*
 * issuers: authorities found good before. See issuers.h.
 *
 * Known is the whole run of certificates sent above a leaf, not each of them:
 * a chain that lacks one is incomplete still, whoever else has sent it. What
 * can only be judged with leaf and authorities at hand (name constraints,
 * address blocks) is not remembered; that the authorities are in their time
 * is looked at again each time. Known is the way up from the leaf's issuer
 * alone: a leaf of an authority below that one may be farther from the anchor
 * than is allowed (pathLenConstraint), and is judged in full.
 */
#include "net/issuers.h"

#include "base/cleanup.h"
#include <openssl/x509v3.h>
#include <time.h>

struct known {
    STACK_OF(X509) * sent;   /* above the leaf, as sent */
    STACK_OF(X509) * issuer; /* of the leaf, alone */
    STACK_OF(X509) * above;  /* the issuer, to the anchor */
};

struct issuers {
    struct known known[ISSUERS_MAX];
    size_t next; /* to be replaced */
};

static void free_stack(STACK_OF(X509) * stack)
{
    sk_X509_pop_free(stack, X509_free);
}

static void known_clear(struct known *known)
{
    free_stack(known->sent);
    free_stack(known->issuer);
    free_stack(known->above);
    *known = (struct known){NULL, NULL, NULL};
}

/* ---- kept with the store ---- */

static int store_index = -1;

/* OpenSSL's, when a store is freed. */
static void free_issuers(void *store _unused_, void *data,
                         CRYPTO_EX_DATA *all _unused_, int index _unused_,
                         long number _unused_, void *ctx _unused_)
{
    struct issuers *issuers = data;

    for (size_t i = 0; issuers && i < ISSUERS_MAX; i++)
        known_clear(&issuers->known[i]);
    free(issuers);
}

static void make_index(void)
{
    store_index = CRYPTO_get_ex_new_index(CRYPTO_EX_INDEX_X509_STORE, 0, NULL,
                                          NULL, NULL, free_issuers);
}

/* NULL: nothing is known, or no memory. */
static struct issuers *issuers_of(X509_STORE *store)
{
    static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;

    if (!CRYPTO_THREAD_run_once(&once, make_index) || store_index < 0)
        return NULL;
    return X509_STORE_get_ex_data(store, store_index);
}

static struct issuers *issuers_made(X509_STORE *store)
{
    struct issuers *issuers = issuers_of(store);

    if (issuers || store_index < 0)
        return issuers;
    issuers = calloc(1, sizeof(*issuers));
    if (issuers && !X509_STORE_set_ex_data(store, store_index, issuers)) {
        free(issuers);
        return NULL;
    }
    return issuers;
}

/* ---- what is known ---- */

static bool is_sent(const struct known *known, const STACK_OF(X509) * chain)
{
    int count = sk_X509_num(chain) - 1;

    if (!known->sent || sk_X509_num(known->sent) != count)
        return false;
    for (int i = 0; i < count; i++)
        if (X509_cmp(sk_X509_value(known->sent, i),
                     sk_X509_value(chain, i + 1)) != 0)
            return false;
    return true;
}

static bool in_time(const STACK_OF(X509) * certificates, int64_t now)
{
    time_t when = now ? (time_t)now : time(NULL);

    for (int i = 0; i < sk_X509_num(certificates); i++) {
        const X509 *certificate = sk_X509_value(certificates, i);
        if (X509_cmp_time(X509_get0_notBefore(certificate), &when) >= 0 ||
            X509_cmp_time(X509_get0_notAfter(certificate), &when) <= 0)
            return false;
    }
    return true;
}

bool issuers_rely_on(X509_STORE *store, const STACK_OF(X509) * chain,
                     int64_t now, X509_STORE_CTX *ctx)
{
    const struct issuers *issuers = issuers_of(store);

    for (size_t i = 0; issuers && i < ISSUERS_MAX; i++) {
        const struct known *known = &issuers->known[i];
        if (!is_sent(known, chain) || !in_time(known->above, now))
            continue;
        X509_STORE_CTX_set0_trusted_stack(ctx, known->issuer);
        X509_STORE_CTX_set_flags(ctx, X509_V_FLAG_PARTIAL_CHAIN);
        X509_STORE_CTX_set_depth(ctx, 0); /* nobody between leaf and issuer */
        return true;
    }
    return false;
}

/* ---- learning ---- */

/* Whether it restricts more than who it signs itself. */
static bool reaches_down(const X509 *certificate)
{
    static const int extensions[] = {NID_name_constraints, NID_sbgp_ipAddrBlock,
                                     NID_sbgp_autonomousSysNum};

    for (size_t i = 0; i < ELEMENTS(extensions); i++)
        if (X509_get_ext_by_NID(certificate, extensions[i], -1) >= 0)
            return true;
    return false;
}

/* `path`: leaf, issuer, ..., anchor. */
static bool worth_knowing(const STACK_OF(X509) * chain,
                          const STACK_OF(X509) * path)
{
    int sent = sk_X509_num(chain) - 1;

    if (sent < 1 || sent > (int)ISSUERS_SENT_MAX || sk_X509_num(path) < 3 ||
        X509_cmp(sk_X509_value(chain, 1), sk_X509_value(path, 1)) != 0)
        return false;
    for (int i = 1; i < sk_X509_num(path); i++)
        if (reaches_down(sk_X509_value(path, i)))
            return false;
    return true;
}

/* References to the certificates from `first` to before `end`; NULL: no
   memory. */
static STACK_OF(X509) *
    part_of(const STACK_OF(X509) * certificates, int first, int end)
{
    STACK_OF(X509) *part = sk_X509_new_null();

    for (int i = first; part && i < end; i++) {
        X509 *certificate = sk_X509_value(certificates, i);
        bool ours = X509_up_ref(certificate);
        if (ours && sk_X509_push(part, certificate) > 0)
            continue;
        if (ours)
            X509_free(certificate);
        free_stack(part);
        part = NULL;
    }
    return part;
}

void issuers_learn(X509_STORE *store, const STACK_OF(X509) * chain,
                   const X509_STORE_CTX *verified)
{
    const STACK_OF(X509) *path = X509_STORE_CTX_get0_chain(verified);
    struct issuers *issuers;
    struct known known;

    if (!path || !worth_knowing(chain, path))
        return;
    issuers = issuers_made(store);
    if (!issuers)
        return;
    known = (struct known){
        .sent = part_of(chain, 1, sk_X509_num(chain)),
        .issuer = part_of(path, 1, 2),
        .above = part_of(path, 1, sk_X509_num(path)),
    };
    if (!known.sent || !known.issuer || !known.above) {
        known_clear(&known);
        return;
    }
    known_clear(&issuers->known[issuers->next]);
    issuers->known[issuers->next] = known;
    issuers->next = (issuers->next + 1) % ISSUERS_MAX;
}
