/*
 * store_fault: what is wrong with a store, for programs and for people.
 *
 * Plain values; any thread.
 */
#ifndef MTASTS_STORE_STORE_FAULT_H
#define MTASTS_STORE_STORE_FAULT_H

#define STORE_TEXT_MAX 1024u /* octets of a sentence; longer ones are cut */

enum store_trouble {
    STORE_FINE,
    STORE_LOCKED,    /* by another process */
    STORE_FULL,      /* no room: disk, quota, limit of a file's size */
    STORE_READ_ONLY, /* mounted so */
    STORE_DENIED,    /* by owner or mode */
    STORE_MISSING,   /* the folder, or the file for who only reads */
    STORE_CORRUPT,
    STORE_NEWER,   /* its schema is one of a later version */
    STORE_FOREIGN, /* somebody else's database, or no database at all */
    STORE_FAILED,  /* input or output, for another reason */
    STORE_NO_MEMORY,
    STORE_STOPPED, /* given up, because it was told to */
    STORE_TROUBLES,
};

struct store_fault {
    enum store_trouble trouble;
    char text[STORE_TEXT_MAX]; /* "FILE: what (detail); way out" */
};

/* "locked", "full", ...: stable, for logs and metrics. */
const char *store_trouble_name(enum store_trouble trouble);

/* `detail` may be NULL or "". The text is one line. */
void store_fault_set(struct store_fault *fault, enum store_trouble trouble,
                     const char *path, const char *detail);

/* The error that a function returns for it: -MTASTS_ENOMEM, -MTASTS_ECANCELED,
   -MTASTS_ENOTFOUND (MISSING), -MTASTS_EIO; 0 for FINE. */
int store_trouble_error(enum store_trouble trouble);

/*
 * Why `path` cannot be written, or made, by this process: MISSING, READ_ONLY
 * or DENIED with who owns what; FINE if nothing speaks against it. Looks at
 * the file system: the answer may be old when it comes.
 */
enum store_trouble store_fault_look(const char *path,
                                    struct store_fault *fault);

#endif
