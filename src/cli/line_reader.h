/*
 * line_reader: the lines of a file or of stdin, one after the other, waiting
 * for each as long as it takes.
 *
 * For what is read before anything else begins; where work goes on meanwhile
 * there is source.h.
 */
#ifndef MTASTS_CLI_LINE_READER_H
#define MTASTS_CLI_LINE_READER_H

#include <mtasts/fault.h>
#include <stdbool.h>

#define LINE_READER_LINE_MAX                                                   \
    16384u /* octets of a line that are handed out: syslog's are shorter */
#define LINE_READER_BUFFER 65536u /* octets read at once: what a pipe holds */

struct line_reader {
    const char *name; /* for complaints */
    int fd;
    bool opened; /* close it */
    bool ended;
    bool skipping; /* the rest of a line that was too long */
    size_t start;  /* of what is left in `buffer` */
    size_t end;
    char buffer[LINE_READER_BUFFER];
};

/* A file, or "-" for stdin. -MTASTS_EIO: errno says more. */
int line_reader_open(struct line_reader *reader, const char *path);

/*
 * The next line without its end, CRLF too; it lives until the next call. Of a
 * longer one than LINE_READER_LINE_MAX the beginning. -MTASTS_ENOTFOUND: there
 * is none any more; -MTASTS_EIO: errno says more.
 */
int line_reader_next(struct line_reader *reader, struct mtasts_bytes *ret_line);

void line_reader_close(struct line_reader *reader);

#endif
