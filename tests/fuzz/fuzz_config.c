/*
 * mtasts.conf(5): what is taken reads back from its dump as the same; what is
 * not is told in lines with the file's name; and neither leaves anything
 * behind that the next file would feel.
 */
#include "daemon/config.h"

#include "property.h"

static char *dump_of(const struct config *config)
{
    struct buf buf;

    buf_init(&buf, CONFIG_DUMP_MAX);
    PROPERTY(config_dump(config, &buf) == 0);
    return buf.data;
}

static void check_faults(const char *faults)
{
    PROPERTY(*faults);
    while (*faults) {
        size_t len = strcspn(faults, "\n");

        PROPERTY(len > 4 && strncmp(faults, "file", 4) == 0);
        for (size_t i = 0; i < len; i++)
            PROPERTY((unsigned char)faults[i] >= ' ' && faults[i] != 0x7f);
        PROPERTY(faults[len] == '\n');
        faults += len + 1;
    }
}

static void check_dump(const struct config *config)
{
    _cleanup_free_ char *first = dump_of(config);
    _cleanup_free_ char *second = NULL;
    _cleanup_config_ struct config *again = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    PROPERTY(config_parse("file", first, strlen(first), &faults, &again) == 0);
    second = dump_of(again);
    PROPERTY(strcmp(first, second) == 0);
}

static void check_clean(void)
{
    static const char text[] = "user = a # b\npolicyd { retry = 5m }\n";
    _cleanup_config_ struct config *config = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    PROPERTY(config_parse("file", text, strlen(text), &faults, &config) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    _cleanup_config_ struct config *config = NULL;
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);
    _cleanup_buf_ struct buf text = BUF(CONFIG_FILE_MAX);

    if (size == 0 || buf_append(&text, data, size) < 0)
        return 0;
    if (config_parse("file", text.data, text.len, &faults, &config) == 0)
        check_dump(config);
    else
        check_faults(buf_text(&faults));
    check_clean();
    return 0;
}
