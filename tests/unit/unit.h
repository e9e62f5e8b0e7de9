/*
 * cmocka, with the headers that it wants before it.
 */
#ifndef MTASTS_TESTS_UNIT_H
#define MTASTS_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* last: it wants the others */
#include <cmocka.h>

#endif
