/*
 * Errors and the version of the library, as text. See mtasts/error.h.
 */
#include <mtasts/mtasts.h>

const char *mtasts_strerror(int error)
{
    /* Negation of INT_MIN overflows; it is no error of ours. */
    if (error < 0 && error > -1000)
        error = -error;

    switch ((enum mtasts_error)error) {
    case MTASTS_OK: return "Success";
    case MTASTS_EINVAL: return "Invalid argument";
    case MTASTS_ENOMEM: return "Out of memory";
    case MTASTS_ESYNTAX: return "Syntax error";
    case MTASTS_ETOOLONG: return "Too long";
    case MTASTS_ENAME: return "Not a domain name";
    case MTASTS_EIDN: return "Name is not ASCII: convert it to A-labels first";
    case MTASTS_ENOTFOUND: return "Not found";
    case MTASTS_EIO: return "Input or output failed";
    case MTASTS_ETIMEDOUT: return "Deadline passed";
    case MTASTS_ECANCELED: return "Given up by the caller";
    case MTASTS_ELIMIT: return "Too many at once; try again later";
    case MTASTS_ESYSTEM: return "Refused by the system or a library";
    }
    return "Unknown error";
}

const char *mtasts_version(void)
{
    return MTASTS_VERSION;
}
