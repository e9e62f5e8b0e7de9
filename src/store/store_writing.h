/*
 * store_writing: what store_writer.c, the loop's side, and store_writing.c,
 * the thread's, share; nobody else sees it.
 */
#ifndef MTASTS_STORE_STORE_WRITING_H
#define MTASTS_STORE_STORE_WRITING_H

#include "store/store_check.h"
#include "store/store_file.h"
#include "store/store_writer.h"
#include "store/thread.h"
#include <stdatomic.h>
#include <time.h>

struct store_writer {
    char *path;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wake;  /* there may be something to do */
    pthread_cond_t ended; /* `done` is set */

    /* under the lock; times are of store_writing_now() */
    struct store_queue *waiting;
    struct store_queue *batch; /* the thread's alone while `writing` */
    bool writing;
    int64_t writing_ms;   /* when that began */
    size_t writing_count; /* in `batch` when that began */
    int64_t handed_ms;    /* when the oldest of `waiting` came */
    int64_t retry_ms;     /* when to try again, if it is failing */
    int64_t pause_ms;     /* between the next two attempts */
    uint64_t lost_mark;   /* to be told when so many are lost */
    bool suspect;         /* the file is damaged */
    bool stopping;
    int64_t stop_by_ms;
    bool done;
    struct store_state state; /* but for what is counted when asked */
    struct store_news_list news;

    /* the thread's */
    struct store_file *file;
    struct store_check *check;
    bool checked;
    unsigned rebuilds;
    atomic_bool give_up; /* a rebuild under way is broken off */
};

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t store_writing_now(void);

/* The lock is held; `ms` may be INT64_MAX. */
void store_writing_wait(struct store_writer *writer, pthread_cond_t *condition,
                        int64_t ms);

/* Opens the file, and has it checked the first time. */
int store_writing_open(struct store_writer *writer, struct store_fault *fault);

/* The last attempt failed. The lock is held, or there is no thread yet. */
void store_writing_failed(struct store_writer *writer,
                          const struct store_fault *fault);

/* An attempt that does not come back counts as failed. The lock is held. */
void store_writing_notice_slow(struct store_writer *writer);

/* Tells of what was lost, at the first and at every tenfold. The lock is
   held. */
void store_writing_tell_lost(struct store_writer *writer);

/* The thread's main function; of struct store_writer. */
void *store_writing_run(void *ctx);

#endif
