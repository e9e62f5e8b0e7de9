/*
 * store_news: what happened to a store. See store_news.h.
 */
#include "store/store_news.h"

#include <stdio.h>

const char *store_news_name(enum store_news_kind kind)
{
    static const char *const NAMES[STORE_NEWS_KINDS] = {
        [STORE_NEWS_FAILING] = "store-failing",
        [STORE_NEWS_RECOVERED] = "store-recovered",
        [STORE_NEWS_REBUILT] = "store-rebuilt",
        [STORE_NEWS_REPLACED] = "store-replaced",
        [STORE_NEWS_LOST] = "store-lost",
    };
    return NAMES[kind];
}

bool store_news_warns(enum store_news_kind kind)
{
    return kind != STORE_NEWS_RECOVERED;
}

void store_news_add(struct store_news_list *list, enum store_news_kind kind,
                    const char *format, ...)
{
    struct store_news dropped;
    struct store_news *news;
    va_list args;

    if (list->count == STORE_NEWS_MAX)
        store_news_take(list, &dropped);
    news = &list->items[(list->first + list->count++) % STORE_NEWS_MAX];
    news->kind = kind;
    va_start(args, format);
    vsnprintf(news->text, sizeof(news->text), format, args);
    va_end(args);
}

bool store_news_take(struct store_news_list *list, struct store_news *ret_news)
{
    if (list->count == 0)
        return false;
    *ret_news = list->items[list->first];
    list->first = (list->first + 1) % STORE_NEWS_MAX;
    list->count--;
    return true;
}
