/*
 * TXT RDATA (RFC 1035 section 3.3.14): character-strings, each a length
 * octet and that many octets. The RFCs on both records want them joined
 * with nothing between before anything else is done (RFC 8461 section 3.1,
 * RFC 8460 section 3). See mtasts/sts_record.h.
 */
#include <mtasts/error.h>
#include <mtasts/sts_record.h>
#include <string.h>

int mtasts_txt_join(const unsigned char *rdata, size_t rdata_len, char *buf,
                    size_t size, size_t *ret_len)
{
    size_t joined = 0;

    for (size_t pos = 0; pos < rdata_len;) {
        size_t len = rdata[pos++];

        if (len > rdata_len - pos)
            return -MTASTS_ESYNTAX;
        if (len > size - joined)
            return -MTASTS_ETOOLONG;
        if (len > 0)
            memcpy(buf + joined, rdata + pos, len);
        joined += len;
        pos += len;
    }
    *ret_len = joined;
    return 0;
}
