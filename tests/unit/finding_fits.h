/* What every finding has to be: allowed by its rule, and fit to be shown. */
#ifndef MTASTS_TESTS_FINDING_FITS_H
#define MTASTS_TESTS_FINDING_FITS_H

#include "check/check.h"

bool text_printable(const char *text);

bool rule_allows(const struct rule *rule, enum severity severity);

/* Fails the test, naming the case, if it does not. */
void finding_fits(const char *name, const struct finding *finding);

#endif
