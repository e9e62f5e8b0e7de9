/*
 * store_news: what happened to a store, kept until somebody asks, for the
 * log.
 *
 * Threads: one at a time; it has no lock of its own.
 */
#ifndef MTASTS_STORE_STORE_NEWS_H
#define MTASTS_STORE_STORE_NEWS_H

#include "base/cleanup.h"
#include "store/store_fault.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define STORE_NEWS_MAX 16u /* kept; then the oldest go */

enum store_news_kind {
    STORE_NEWS_FAILING, /* a warning: it begins, or for another reason */
    STORE_NEWS_RECOVERED,
    STORE_NEWS_REBUILT,  /* a warning: was damaged */
    STORE_NEWS_REPLACED, /* a warning: somebody moved it away */
    STORE_NEWS_LOST,     /* a warning: what is handed over is not kept */
    STORE_NEWS_KINDS,
};

struct store_news {
    enum store_news_kind kind;
    char text[2 * STORE_TEXT_MAX]; /* a sentence with the file's name */
};

/* Zeroed is empty. */
struct store_news_list {
    struct store_news items[STORE_NEWS_MAX];
    size_t first;
    size_t count;
};

/* "store-failing", ...: stable, for logs. */
const char *store_news_name(enum store_news_kind kind);

/* Whether somebody should look at it. */
bool store_news_warns(enum store_news_kind kind);

void store_news_add(struct store_news_list *list, enum store_news_kind kind,
                    const char *format, ...) _printf_(3, 4);

/* The oldest; false: there is none. */
bool store_news_take(struct store_news_list *list, struct store_news *ret_news);

#endif
