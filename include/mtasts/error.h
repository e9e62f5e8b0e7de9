/*
 * Errors of libmtasts.
 *
 * A function that can fail returns 0 or one of these, negated; it writes
 * its `ret_` outputs only on success.
 */
#ifndef MTASTS_ERROR_H
#define MTASTS_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif
#pragma GCC visibility push(default)

enum mtasts_error {
    MTASTS_OK = 0,
    MTASTS_EINVAL = 1,    /* an argument is out of its documented range */
    MTASTS_ENOMEM = 2,    /* out of memory */
    MTASTS_ESYNTAX = 3,   /* the bytes do not follow the RFC's grammar */
    MTASTS_ETOOLONG = 4,  /* a named limit, or the caller's buffer, is passed */
    MTASTS_ENAME = 5,     /* not a domain name */
    MTASTS_EIDN = 6,      /* non-ASCII name: convert it to A-labels first */
    MTASTS_ENOTFOUND = 7, /* what was asked for is not there */
    MTASTS_EIO = 8,       /* reading or writing failed; errno says more */
    MTASTS_ETIMEDOUT = 9, /* a deadline has passed */
    MTASTS_ECANCELED = 10, /* given up by the caller */
    MTASTS_ELIMIT = 11,    /* too many of something at once; try later */
    MTASTS_ESYSTEM = 12,   /* a library or the system refused its service */
};

/* A short sentence for people. `error` may be negated or not; never NULL. */
const char *mtasts_strerror(int error);

#pragma GCC visibility pop
#ifdef __cplusplus
}
#endif

#endif
