/*
 * scarce: what this machine has no more of, for tests. To be linked with
 * --wrap=socket,--wrap=send.
 */
#ifndef MTASTS_TESTS_SCARCE_H
#define MTASTS_TESTS_SCARCE_H

/* The next `count` calls of socket() succeed; those after fail with EMFILE. */
void scarce_sockets(unsigned count);

/* Alike for send(), with ENOBUFS. */
void scarce_sends(unsigned count);

#endif
