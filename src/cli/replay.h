/*
 * replay: judges stored facts anew, without touching the network.
 */
#ifndef MTASTS_CLI_REPLAY_H
#define MTASTS_CLI_REPLAY_H

#include "cli/document.h"

/*
 * `path` ("-": stdin) holds facts as --dump-facts prints them: one document,
 * or one a line. Returns the exit status of it all.
 */
int replay_run(const struct document_options *options, const char *path);

#endif
