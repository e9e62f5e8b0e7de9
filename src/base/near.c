/*
 * near: the word that someone probably meant. See near.h.
 *
 * Distance of Damerau and Levenshtein, without substrings edited twice:
 * swapped neighbours count as one slip. A candidate that begins with the
 * word counts as one slip too: somebody stopped typing.
 */
#include "base/near.h"

#include "base/cleanup.h"
#include <string.h>

struct near near_start(const char *word)
{
    return (struct near){.word = word, .distance = NEAR_MAX + 1};
}

static unsigned least(unsigned a, unsigned b, unsigned c)
{
    return MIN_OF(a, MIN_OF(b, c));
}

/* Both words are at most NEAR_MAX long. */
static unsigned distance(const char *a, size_t a_len, const char *b,
                         size_t b_len)
{
    unsigned rows[3][NEAR_MAX + 1]; /* two back, one back, this one */
    for (unsigned j = 0; j <= b_len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i - 1) % 3];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned change = a[i - 1] != b[j - 1];
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + change);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = MIN_OF(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a_len % 3][b_len];
}

void near_try(struct near *near, const char *candidate)
{
    size_t len = strlen(near->word);
    size_t candidate_len = strlen(candidate);
    if (len == 0 || len > NEAR_MAX || candidate_len > NEAR_MAX)
        return;
    unsigned steps = distance(near->word, len, candidate, candidate_len);
    if (len >= 3 && strncmp(near->word, candidate, len) == 0)
        steps = MIN_OF(steps, 1u);
    if (steps < near->distance) {
        near->distance = steps;
        near->best = candidate;
    }
}

const char *near_best(const struct near *near)
{
    /* One slip in three letters, at most three. */
    size_t allowed = MIN_OF((size_t)3, strlen(near->word) / 3);
    return near->best && near->distance <= MAX_OF(allowed, (size_t)1)
               ? near->best
               : NULL;
}
