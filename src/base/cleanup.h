/*
 * Cleanup attributes: a variable frees itself when it goes out of scope.
 * TAKE_PTR hands its value on, so that success keeps what failure frees.
 */
#ifndef MTASTS_BASE_CLEANUP_H
#define MTASTS_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _printf_(text, first) __attribute__((format(printf, text, first)))
#define _warn_unused_ __attribute__((warn_unused_result))
#define _unused_ __attribute__((unused))

#define TAKE_PTR(pointer)                                                      \
    ({                                                                         \
        __typeof__(pointer) taken_ = (pointer);                                \
        (pointer) = NULL;                                                      \
        taken_;                                                                \
    })

/* Defines cleanup_<name>(type *p) that calls function(*p) unless NULL. */
#define DEFINE_CLEANUP(type, function, name)                                   \
    static inline _unused_ void cleanup_##name(type *pointer)                  \
    {                                                                          \
        if (*pointer)                                                          \
            function(*pointer);                                                \
    }

DEFINE_CLEANUP(FILE *, fclose, file)

static inline _unused_ void cleanup_free(void *pointer)
{
    free(*(void **)pointer);
}

static inline _unused_ void cleanup_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define _cleanup_free_ _cleanup_(cleanup_free)
#define _cleanup_file_ _cleanup_(cleanup_file)
#define _cleanup_fd_ _cleanup_(cleanup_fd)

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

#endif
