/*
 * Exim's line, in pieces: however it is cut, the verdict is the one on the
 * whole, and a line is what comes before the first LF, without a CR.
 */
#include "net/line_server.h"
#include "property.h"

/* As a server sees it: longer and longer starts of the input, then its end.
   The first verdict that is not "more may come". */
static int read_by(const char *data, size_t size, size_t step, size_t *ret_len)
{
    for (size_t len = MIN_OF(step, size); len < size;
         len = MIN_OF(len + step, size)) {
        int parsed = line_parse(data, len, false, ret_len);

        if (parsed != 0)
            return parsed;
    }
    return line_parse(data, size, true, ret_len);
}

static void check_line(const char *data, size_t size, size_t len)
{
    const char *end = memchr(data, '\n', size);
    size_t whole = end ? (size_t)(end - data) : size;

    PROPERTY(len <= LINE_SERVER_LINE_MAX);
    PROPERTY(len == whole || (len + 1 == whole && data[len] == '\r'));
    PROPERTY(!memchr(data, '\n', len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole_len = 0, pieces_len = 0;

    if (size < 2)
        return 0;
    size_t step = data[0] + 1u;
    const char *text = (const char *)data + 1;
    int whole = line_parse(text, size - 1, true, &whole_len);
    int pieces = read_by(text, size - 1, step, &pieces_len);

    PROPERTY(whole != 0 && whole == pieces);
    if (whole > 0) {
        PROPERTY(whole_len == pieces_len);
        check_line(text, size - 1, whole_len);
    }
    return 0;
}
