/*
 * near: the word that someone probably meant.
 */
#ifndef MTASTS_BASE_NEAR_H
#define MTASTS_BASE_NEAR_H

#define NEAR_MAX 64u /* longer words are no slip of the finger */

struct near {
    const char *word;
    const char *best;
    unsigned distance;
};

/* Begins a search; `word` must outlive it. */
struct near near_start(const char *word);

/* Takes a candidate into account; it must outlive the search. */
void near_try(struct near *near, const char *candidate);

/* The closest candidate; NULL if none is close enough to be a slip. */
const char *near_best(const struct near *near);

#endif
