/*
 * question: the common key is a plain name already, and is not copied twice.
 */
#include "policyd/question.h"

#include "net/idn.h"
#include <mtasts/error.h>
#include <string.h>

/* `host` or `host:port` in U-labels: the host in A-labels. */
static int convert(const char *key, size_t len,
                   char ret_name[MTASTS_NAME_MAX + 1])
{
    const char *colon = memrchr(key, ':', len);
    size_t host_len = colon ? (size_t)(colon - key) : len;

    if (host_len > 0 && (*key == '[' || *key == '.'))
        return -MTASTS_ENAME;
    return idn_to_ascii(key, host_len, 0, ret_name);
}

bool question_domain(const char *key, size_t len,
                     char ret_domain[MTASTS_NAME_MAX + 1])
{
    struct mtasts_next_hop hop;
    char name[MTASTS_NAME_MAX + 1];
    int error = mtasts_next_hop_parse(key, len, &hop);

    if (error == -MTASTS_EIDN && convert(key, len, name) == 0)
        error = mtasts_next_hop_parse(name, strlen(name), &hop);
    if (error || hop.kind != MTASTS_NEXT_HOP_DOMAIN ||
        strlen(hop.name) > MTASTS_POLICY_DOMAIN_MAX)
        return false;
    memcpy(ret_domain, hop.name, strlen(hop.name) + 1);
    return true;
}
