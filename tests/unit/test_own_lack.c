/*
 * own_lack: what says something of this machine, and what of the other.
 */
#include "unit.h"

#include "base/cleanup.h"
#include "net/own_lack.h"

#include <errno.h>

static const struct {
    int error;
    bool own;
} ERRORS[] = {
    {EMFILE, true},        {ENFILE, true},        {ENOBUFS, true},
    {ENOMEM, true},        {EADDRNOTAVAIL, true}, {0, false},
    {ECONNREFUSED, false}, {ECONNRESET, false},   {ETIMEDOUT, false},
    {EHOSTUNREACH, false}, {ENETUNREACH, false},  {EACCES, false},
    {EPIPE, false},
};

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ERRORS); i++)
        assert_int_equal(own_lack(ERRORS[i].error), ERRORS[i].own);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
