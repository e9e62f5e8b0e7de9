/*
 * The cases of tests/fixtures/check-cases.json: what is different from a
 * base document of tests/fixtures/facts/, and what must be found.
 */
#ifndef MTASTS_TESTS_CHECK_CASES_H
#define MTASTS_TESTS_CHECK_CASES_H

#include "check/check.h"
#include "check/facts.h"
#include "json/json.h"

/* The whole table, an array. Ends the program if it cannot be read. */
struct json *check_cases_load(void);

/* The facts of one case; ends the program, naming the case, if they are
   none. */
struct facts *check_case_facts(const struct json *test);

typedef void check_case_fn(const char *name, const struct json *test,
                           const struct findings *findings,
                           const struct verdict *verdict, void *ctx);

/* Checks one case, and hands `look` what came of it. */
void check_case_run(const struct json *test, check_case_fn *look, void *ctx);

#endif
