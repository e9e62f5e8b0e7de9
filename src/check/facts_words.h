/*
 * facts_words: the enums of facts.h as words and sentences.
 */
#ifndef MTASTS_CHECK_FACTS_WORDS_H
#define MTASTS_CHECK_FACTS_WORDS_H

#include <stddef.h>

struct fact_word {
    const char *name; /* stable: "connect-timeout" */
    const char *text; /* for people, to follow a colon; may be NULL */
};

/* Indexed by the enum's values. */
struct fact_words {
    const struct fact_word *items;
    size_t count;
};

extern const struct fact_words lookup_words;
extern const struct fact_words dnssec_words;
extern const struct fact_words address_class_words;
extern const struct fact_words verify_words;
extern const struct fact_words fetch_words;
extern const struct fact_words smtp_words;
extern const struct fact_words answer_words;
extern const struct fact_words dane_words;

#endif
