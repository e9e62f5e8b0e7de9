/*
 * store_place: a folder of its own for a test of a store, and rows to put
 * into it.
 */
#ifndef MTASTS_TESTS_STORE_PLACE_H
#define MTASTS_TESTS_STORE_PLACE_H

#include "store/db.h"
#include "store/policy_row.h"

#define PLACE_PATH_MAX 200

struct place {
    char folder[PLACE_PATH_MAX / 2];
    char path[PLACE_PATH_MAX]; /* of the database */
};

void place_make(struct place *place);
void place_remove(struct place *place);

/* The path of the database with `end` behind it; good until the next call. */
const char *place_path(const struct place *place, const char *end);

/* Names in the folder that begin with the database's name and `end`. */
unsigned place_count(const struct place *place, const char *end);

/* Opens it, or the test fails. */
struct db *place_open(const struct place *place, bool read_only);

/* Statements that nobody but the test would run. */
void place_change(const struct place *place, const char *sql);

/* Overwrites octets of a file. */
void place_smash(const char *path, long offset, size_t len);

/* A policy of the domain "dN.example", of `len` octets, or some 100. */
struct made_row {
    char domain[64];
    char id[33];
    char body[70000];
    struct policy_row row;
};

const struct policy_row *made_row(struct made_row *made, unsigned n,
                                  int64_t fetched_ms, size_t len);

void assert_same_row(const struct policy_row *a, const struct policy_row *b);

#endif
