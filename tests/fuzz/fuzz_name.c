/*
 * Canonical names and next hops: what comes out is canonical, says the same
 * when it is read again, and is a name by a second spelling of the rules.
 */
#include "property.h"

static void check_canonical(const char *text, size_t len)
{
    char name[MTASTS_NAME_MAX + 1];
    char again[MTASTS_NAME_MAX + 1];
    size_t name_len = 0;
    int r = mtasts_name_canonical(text, len, 0, name, &name_len);
    size_t bare = len > 1 && text[len - 1] == '.' ? len - 1 : len;
    bool ascii = true;

    for (size_t i = 0; i < len; i++)
        ascii = ascii && (unsigned char)text[i] < 0x80;
    PROPERTY((r == -MTASTS_EIDN) == !ascii);
    PROPERTY((r == 0) == is_domain(text, bare));
    if (r < 0) {
        PROPERTY(r == -MTASTS_EIDN || r == -MTASTS_ENAME);
        return;
    }
    PROPERTY(name_len == bare && strlen(name) == bare);
    PROPERTY(ascii_equal_nocase(name, text, bare));
    PROPERTY(mtasts_name_canonical(name, name_len, 0, again, NULL) == 0);
    PROPERTY(strcmp(name, again) == 0);
    /* what is a name without underscores is one with them allowed */
    PROPERTY(mtasts_name_canonical(text, len, MTASTS_NAME_UNDERSCORE, again,
                                   NULL) == 0);
    PROPERTY(strcmp(name, again) == 0);
}

/* The name of the hop in the form of its kind: read again, it is the same. */
static void check_again(const struct mtasts_next_hop *hop)
{
    char text[MTASTS_NAME_MAX + 16];
    struct mtasts_next_hop again;
    bool domain = hop->kind == MTASTS_NEXT_HOP_DOMAIN;
    bool parent = hop->kind == MTASTS_NEXT_HOP_PARENT;
    int len = snprintf(text, sizeof(text), "%s%s%s",
                       domain   ? ""
                       : parent ? "."
                                : "[",
                       hop->name, domain || parent ? "" : "]");

    PROPERTY(mtasts_next_hop_parse(text, (size_t)len, &again) == 0);
    PROPERTY(again.kind == hop->kind);
    PROPERTY(strcmp(again.name, hop->name) == 0);
    PROPERTY(again.port == 0);
    if (hop->kind == MTASTS_NEXT_HOP_PARENT)
        return;
    len += snprintf(text + len, sizeof(text) - (size_t)len, ":65535");
    PROPERTY(mtasts_next_hop_parse(text, (size_t)len, &again) == 0);
    PROPERTY(again.kind == hop->kind && again.port == 65535);
}

static void check_next_hop(const char *text, size_t len)
{
    struct mtasts_next_hop hop;
    int r = mtasts_next_hop_parse(text, len, &hop);

    if (r < 0) {
        PROPERTY(r == -MTASTS_EIDN || r == -MTASTS_ENAME ||
                 r == -MTASTS_ESYNTAX);
        return;
    }
    PROPERTY(memchr(hop.name, '\0', sizeof(hop.name)) != NULL);
    PROPERTY(hop.name[0] != '\0');
    for (const char *at = hop.name; *at; at++)
        PROPERTY(*at > 0x20 && *at < 0x7f && !ascii_is_upper(*at));
    if (hop.kind == MTASTS_NEXT_HOP_DOMAIN)
        PROPERTY(is_domain(hop.name, strlen(hop.name)));
    check_again(&hop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = size ? (const char *)data : "";

    check_canonical(text, size);
    check_next_hop(text, size);
    return 0;
}
