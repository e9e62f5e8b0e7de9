/*
 * The report of a daemon's reloads: what is taken reads back as the same.
 */
#include "daemon/reload_report.h"

#include "property.h"
#include <inttypes.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_free_ char *text = malloc(size ? size : 1);
    struct reload_report report;
    struct reload_report again;
    _cleanup_buf_ struct buf written = BUF(1 << 16);

    PROPERTY(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    if (reload_report_parse(text, size, &report) < 0)
        return 0;
    PROPERTY(report.pid >= 0);
    PROPERTY(report.ended <= report.begun);
    PROPERTY(strlen(report.file) < sizeof(report.file));
    PROPERTY(!strchr(report.file, '\n'));
    PROPERTY(strlen(report.lines) < sizeof(report.lines));
    buf_printf(&written,
               "pid %d\nbegun %" PRIu64 "\nended %" PRIu64 "\nrefused %d\n"
               "file %s\n%s",
               (int)report.pid, report.begun, report.ended, report.refused,
               report.file, report.lines);
    PROPERTY(reload_report_parse(written.data, written.len, &again) == 0);
    PROPERTY(again.pid == report.pid && again.begun == report.begun &&
             again.ended == report.ended && again.refused == report.refused);
    PROPERTY(strcmp(again.file, report.file) == 0);
    PROPERTY(strcmp(again.lines, report.lines) == 0);
    return 0;
}
