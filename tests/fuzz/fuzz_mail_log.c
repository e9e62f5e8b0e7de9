/*
 * Lines of an MTA's log.
 *
 * Properties: what is taken out of a line lies in it; domains follow each
 * other, hold no @, and there are no more of them than octets.
 */
#include "cli/mail_log.h"
#include "property.h"

static void check_domains(struct mail_log_delivery delivery, const char *line,
                          size_t len)
{
    struct mtasts_bytes domain;
    const char *last = line;
    size_t count = 0;
    while (mail_log_next(&delivery.recipients, &domain)) {
        PROPERTY(domain.data >= last && domain.data + domain.len <= line + len);
        PROPERTY(domain.len == 0 || !memchr(domain.data, '@', domain.len));
        last = domain.data + domain.len;
        count++;
    }
    PROPERTY(count <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mail_log_delivery delivery;
    const char *line = (const char *)data;
    if (!mail_log_read(line, size, &delivery))
        return 0;
    PROPERTY(delivery.outcome == MAIL_LOG_SENT ||
             delivery.outcome == MAIL_LOG_RETURNED ||
             delivery.outcome == MAIL_LOG_DEFERRED);
    check_domains(delivery, line, size);
    return 0;
}
