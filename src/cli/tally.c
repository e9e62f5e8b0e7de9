/*
 * tally: how the domains of a run came out. See tally.h.
 */
#include "cli/tally.h"

void tally_add(struct tally *tally, enum exit_status status)
{
    tally->by_status[status]++;
}

size_t tally_done(const struct tally *tally)
{
    size_t done = 0;
    for (size_t i = 0; i <= STATUS_UNKNOWN; i++)
        done += tally->by_status[i];
    return done;
}

static int rank(int status)
{
    switch (status) {
    case STATUS_ERROR: return 3;
    case STATUS_WARNING: return 2;
    case STATUS_UNKNOWN: return 1;
    default: return 0;
    }
}

int tally_worse(int a, int b)
{
    return rank(a) >= rank(b) ? a : b;
}

int tally_status(const struct tally *tally)
{
    if (tally->by_status[STATUS_ERROR])
        return STATUS_ERROR;
    if (tally->by_status[STATUS_WARNING])
        return STATUS_WARNING;
    if (tally->by_status[STATUS_UNKNOWN] || tally->bad_lines || tally->given_up)
        return STATUS_UNKNOWN;
    return STATUS_FINE;
}
