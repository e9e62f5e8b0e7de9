/*
 * findings_json: what was found about one domain, for machines: the document
 * of `mtasts check --json`. Its schema is docs/check.schema.json.
 *
 * Every key is always there; what is not known or does not apply is null or
 * an empty array. Octets from outside that are no UTF-8 become U+FFFD.
 */
#ifndef MTASTS_CHECK_FINDINGS_JSON_H
#define MTASTS_CHECK_FINDINGS_JSON_H

#include "check/check.h"
#include "json/json.h"

/*
 * `findings` and `verdict` are what check_run() made of `facts`. The caller
 * frees *ret_json, which keeps nothing of them. Errors: -MTASTS_ENOMEM.
 */
int findings_to_json(const struct facts *facts, const struct findings *findings,
                     const struct verdict *verdict, struct json **ret_json);

/* The array of findings in it alone, which lint prints too; NULL: out of
   memory. The caller frees it. */
struct json *findings_list_json(const struct findings *findings);

#endif
