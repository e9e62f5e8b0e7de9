/*
 * providers: mail providers known by their MX hosts. See providers.h.
 *
 * A suffix matches whole labels at the end. Where a provider's own manual
 * gives wildcards they are taken over, since its hosts come and go; else
 * its hosts are listed, or those that DNS has.
 */
#include "check/providers.h"

#include "base/cleanup.h"
#include <stdbool.h>
#include <string.h>

/* clang-format off */
static const struct provider providers[] = {
    {"Google Workspace", {"l.google.com", "smtp.google.com",
                          "googlemail.com"},
     {"smtp.google.com", "aspmx.l.google.com", "*.aspmx.l.google.com"}},
    {"Microsoft 365", {"mail.protection.outlook.com",
                       "mail.eo.outlook.com"},
     {"*.mail.protection.outlook.com"}},
    {"Microsoft 365 (with DANE)", {"mx.microsoft"}, {NULL}},
    {"Outlook.com", {"olc.protection.outlook.com"},
     {"*.olc.protection.outlook.com"}},
    {"Proofpoint", {"gslb.pphosted.com"}, {"*.gslb.pphosted.com"}},
    {"Proofpoint Essentials", {"ppe-hosted.com"}, {"*.ppe-hosted.com"}},
    {"Mimecast", {"mimecast.com", "mimecast.co.za", "mimecast-offshore.com"},
     {NULL}},
    {"Barracuda", {"ess.barracudanetworks.com"}, {NULL}},
    {"Cisco Secure Email", {"iphmx.com"}, {NULL}},
    {"Sophos", {"hydra.sophos.com"}, {NULL}},
    {"Trend Micro", {"tmes.trendmicro.com", "tmes.trendmicro.eu"}, {NULL}},
    {"Hornetsecurity", {"hornetsecurity.com", "antispameurope.com"}, {NULL}},
    {"Retarus", {"retarus.com", "retarus.de"}, {NULL}},
    {"Fastmail", {"messagingengine.com"},
     {"in1-smtp.messagingengine.com", "in2-smtp.messagingengine.com"}},
    {"Zoho", {"zoho.com", "zoho.eu", "zoho.in"}, {NULL}},
    {"Proton", {"protonmail.ch"},
     {"mail.protonmail.ch", "mailsec.protonmail.ch"}},
    {"Tuta", {"tutanota.de"}, {"mail.tutanota.de"}},
    {"iCloud", {"mail.icloud.com"},
     {"mx01.mail.icloud.com", "mx02.mail.icloud.com"}},
    {"Yandex", {"mx.yandex.net", "mx.yandex.ru"}, {"mx.yandex.net"}},
    {"VK WorkMail", {"emx.mail.ru"}, {"emx.mail.ru"}},
    {"mailbox.org", {"mailbox.org"},
     {"mxext1.mailbox.org", "mxext2.mailbox.org", "mxext3.mailbox.org"}},
    {"Posteo", {"posteo.de"}, {NULL}},
    {"IONOS", {"ionos.com", "ionos.de", "kundenserver.de", "1and1.com"},
     {NULL}},
    {"STRATO", {"rzone.de"}, {"smtpin.rzone.de"}},
    {"Hetzner", {"your-server.de"}, {NULL}},
    {"OVHcloud", {"mail.ovh.net", "mail.ovh.ca", "mail.ovh.us"}, {NULL}},
    {"Gandi", {"mail.gandi.net"},
     {"spool.mail.gandi.net", "fb.mail.gandi.net"}},
    {"Infomaniak", {"infomaniak.ch"}, {NULL}},
    {"Migadu", {"migadu.com"}, {"aspmx1.migadu.com", "aspmx2.migadu.com"}},
    {"Rackspace", {"emailsrvr.com"},
     {"mx1.emailsrvr.com", "mx2.emailsrvr.com"}},
    {"Hostinger", {"hostinger.com"},
     {"mx1.hostinger.com", "mx2.hostinger.com"}},
    {"Namecheap Private Email", {"privateemail.com"},
     {"mx1.privateemail.com", "mx2.privateemail.com"}},
    {"Amazon SES", {"amazonaws.com"}, {NULL}},
    {"Amazon WorkMail", {"awsapps.com"}, {NULL}},
    {"Cloudflare Email Routing", {"mx.cloudflare.net"},
     {"route1.mx.cloudflare.net", "route2.mx.cloudflare.net",
      "route3.mx.cloudflare.net"}},
    {"Forward Email", {"forwardemail.net"},
     {"mx1.forwardemail.net", "mx2.forwardemail.net"}},
    {"ImprovMX", {"improvmx.com"}, {"mx1.improvmx.com", "mx2.improvmx.com"}},
    {"Runbox", {"runbox.com"}, {"mx.runbox.com"}},
};
/* clang-format on */

static bool ends_in(const char *host, size_t len, const char *suffix)
{
    size_t suffix_len = strlen(suffix);

    if (len < suffix_len ||
        memcmp(host + len - suffix_len, suffix, suffix_len) != 0)
        return false;
    return len == suffix_len || host[len - suffix_len - 1] == '.';
}

const struct provider *provider_of(const char *host)
{
    size_t len = strlen(host);

    for (size_t i = 0; i < ELEMENTS(providers); i++)
        for (size_t j = 0; j < ELEMENTS(providers[i].suffixes); j++)
            if (providers[i].suffixes[j] &&
                ends_in(host, len, providers[i].suffixes[j]))
                return &providers[i];
    return NULL;
}

const struct provider *providers_all(size_t *ret_count)
{
    *ret_count = ELEMENTS(providers);
    return providers;
}
