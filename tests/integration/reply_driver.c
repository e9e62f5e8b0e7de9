/*
 * reply_driver: what an MTA would be told.
 *
 *     reply_driver MAP MATCH LEVEL DOMAIN DANE [HOST...] < policy
 *
 * MAP: a name of reply_map.h, or exim. MATCH: auto, hosts, patterns. LEVEL:
 * of site_level_name(). DANE: dane, or any other word. HOST: MX hosts. An
 * empty policy is none. Prints the reply with its status word, as a line.
 */
#include "engine/reply_exim.h"
#include "engine/reply_socketmap.h"

#include <stdio.h>
#include <string.h>

#define NOW_MS 1000

static __attribute__((noreturn)) void fail(const char *what)
{
    fprintf(stderr, "reply_driver: %s\n", what);
    exit(2);
}

static struct held_policy *read_policy(void)
{
    static char body[MTASTS_POLICY_BODY_MAX];
    struct held_policy *held = NULL;
    size_t len = fread(body, 1, sizeof(body), stdin);

    if (len > 0 && held_policy_new(body, len, "id1", NOW_MS, MTASTS_TOLERANT,
                                   NULL, &held) < 0)
        fail("not a policy");
    return held;
}

static enum reply_match match_of(const char *word)
{
    if (strcmp(word, "auto") == 0)
        return REPLY_MATCH_AUTO;
    return strcmp(word, "hosts") == 0 ? REPLY_MATCH_HOSTS
                                      : REPLY_MATCH_PATTERNS;
}

static enum site_level level_of(const char *word)
{
    for (unsigned i = 0; i <= SITE_LEVEL_SECURE; i++)
        if (strcmp(word, site_level_name((enum site_level)i)) == 0)
            return (enum site_level)i;
    fail("not a level");
}

static void print_exim(const struct policy_answer *answer)
{
    static char room[REPLY_EXIM_MAX];
    size_t len = 0;

    if (reply_exim(answer, room, sizeof(room), &len) < 0)
        fail("no room");
    printf("%.*s\n", (int)len, room);
}

static void print_socketmap(const struct policy_answer *answer, char **words)
{
    static char room[REPLY_SOCKETMAP_MAX];
    struct reply_settings settings = {.match = match_of(words[1]),
                                      .level = level_of(words[2])};
    enum reply_map map = REPLY_MAP_POSTFIX;
    enum reply_status status = REPLY_OK;
    size_t len = 0;

    if (reply_map_parse(words[0], strlen(words[0]), &map) < 0)
        fail("not a map");
    if (reply_socketmap(&settings, map, words[3], answer, room, sizeof(room),
                        &status, &len) < 0)
        fail("no room");
    printf("%s %.*s\n", reply_status_word(status), (int)len, room);
}

int main(int argc, char **argv)
{
    if (argc < 6)
        fail("MAP MATCH LEVEL DOMAIN DANE [HOST...]");
    _cleanup_held_policy_ struct held_policy *held = read_policy();
    struct mx_outcome outcome = {.hosts = (const char *const *)(argv + 6),
                                 .count = (size_t)argc - 6,
                                 .ttl = 300};
    _cleanup_free_ struct mx_set *mx = mx_set_new(&outcome, NOW_MS);
    struct policy_answer answer = {.held = held,
                                   .mode = held ? held_policy_mode(held)
                                                : MTASTS_MODE_NONE,
                                   .mx = argc > 6 ? mx : NULL,
                                   .dane = strcmp(argv[5], "dane") == 0,
                                   .why = ""};

    if (answer.mode != MTASTS_MODE_NONE)
        answer.kind = ANSWER_POLICY;
    if (strcmp(argv[1], "exim") == 0)
        print_exim(&answer);
    else
        print_socketmap(&answer, argv + 1);
    return 0;
}
