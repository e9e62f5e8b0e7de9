/*
 * slurp: a whole file, or all of stdin, in memory, up to a stated maximum.
 */
#ifndef MTASTS_CLI_SLURP_H
#define MTASTS_CLI_SLURP_H

#include "base/buf.h"

/*
 * Appends the file to `buf`, whose maximum is the limit; "-" is stdin.
 * Returns 0, or -MTASTS_EIO, -MTASTS_ETOOLONG or -MTASTS_ENOMEM after a
 * complaint that names `who` and the file.
 */
int slurp(const char *who, const char *path, struct buf *buf);

#endif
