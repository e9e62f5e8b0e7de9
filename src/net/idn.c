/*
 * idn: internationalized names at the edge. See idn.h.
 *
 * IDNA2008 by libidn2, with the mapping of UTS 46 (nontransitional), so that
 * upper case and full-width dots do as they do in a browser.
 */
#include "net/idn.h"

#include "base/cleanup.h"
#include <idn2.h>
#include <mtasts/error.h>
#include <stdbool.h>
#include <string.h>

/* No U-label form of a name that DNS can hold is longer. */
#define IDN_INPUT_MAX 1023u

static inline void cleanup_idn(char **text)
{
    idn2_free(*text);
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] > 0x7f)
            return false;
    return true;
}

static int convert(const char *text, size_t len, unsigned flags,
                   char ret_name[MTASTS_NAME_MAX + 1])
{
    char input[IDN_INPUT_MAX + 1];
    if (len > IDN_INPUT_MAX || memchr(text, '\0', len))
        return -MTASTS_ENAME;
    memcpy(input, text, len);
    input[len] = '\0';
    _cleanup_(cleanup_idn) char *name = NULL;
    int result =
        idn2_to_ascii_8z(input, &name, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (result == IDN2_MALLOC)
        return -MTASTS_ENOMEM;
    if (result != IDN2_OK)
        return -MTASTS_EIDN;
    return mtasts_name_canonical(name, strlen(name), flags, ret_name, NULL);
}

int idn_to_ascii(const char *text, size_t len, unsigned flags,
                 char ret_name[MTASTS_NAME_MAX + 1])
{
    if (is_ascii(text, len))
        return mtasts_name_canonical(text, len, flags, ret_name, NULL);
    return convert(text, len, flags, ret_name);
}

int idn_to_unicode(const char *name, char ret_text[IDN_UNICODE_MAX])
{
    size_t len = strlen(name);
    if (len > MTASTS_NAME_MAX)
        return -MTASTS_EINVAL;
    char back[MTASTS_NAME_MAX + 1];
    _cleanup_(cleanup_idn) char *text = NULL;
    if (idn2_to_unicode_8z8z(name, &text, 0) == IDN2_OK &&
        strlen(text) < IDN_UNICODE_MAX &&
        idn_to_ascii(text, strlen(text), MTASTS_NAME_UNDERSCORE, back) == 0 &&
        strcmp(back, name) == 0)
        memcpy(ret_text, text, strlen(text) + 1);
    else
        memcpy(ret_text, name, len + 1);
    return 0;
}
