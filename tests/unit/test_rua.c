/* rua: where the URIs of TLSRPT records lead. */
#include "unit.h"

#include "base/cleanup.h"
#include "net/rua.h"

static void test_targets(void **state)
{
    static const struct {
        const char *uri;
        int error;
        const char *domain;
        uint16_t port; /* 0: mailto */
    } rows[] = {
        {"mailto:tls@example.com", 0, "example.com", 0},
        {"MAILTO:tls@Example.COM", 0, "example.com", 0},
        {"mailto:tls@example.com.", 0, "example.com", 0},
        {"mailto:a%40b@example.com", 0, "example.com", 0},
        {"mailto:%22a@b%22@example.com", 0, "example.com", 0},
        {"mailto:tls%40example.com", 0, "example.com", 0},
        {"mailto:tls@example.com?subject=x@y", 0, "example.com", 0},
        {"mailto:a@first.example,b@second.example", 0, "first.example", 0},
        {"mailto:a%2Cb@example.com", 0, "example.com", 0},
        {"mailto:tls@xn--bcher-kva.example", 0, "xn--bcher-kva.example", 0},
        {"mailto:tls@b%C3%BCcher.example", -MTASTS_EIDN, NULL, 0},
        {"mailto:tls@[192.0.2.1]", -MTASTS_ESYNTAX, NULL, 0},
        {"mailto:tls@-x.example", -MTASTS_ENAME, NULL, 0},
        {"mailto:tls@a%00b.example", -MTASTS_ENAME, NULL, 0},
        {"mailto:tls@", -MTASTS_ENAME, NULL, 0},
        {"mailto:@example.com", -MTASTS_ESYNTAX, NULL, 0},
        {"mailto:example.com", -MTASTS_ESYNTAX, NULL, 0},
        {"mailto:", -MTASTS_ESYNTAX, NULL, 0},
        {"mailto:?to=a@example.com", -MTASTS_ESYNTAX, NULL, 0},
        {"https://example.com/v1/tlsrpt", 0, "example.com", 443},
        {"HTTPS://Example.COM", 0, "example.com", 443},
        {"https://example.com:8443/x", 0, "example.com", 8443},
        {"https://example.com:443", 0, "example.com", 443},
        {"https://example.com:65535/", 0, "example.com", 65535},
        {"https://example.com:/x", 0, "example.com", 443},
        {"https://user:pw@example.com:99/x", 0, "example.com", 99},
        {"https://example.com?x=:99", 0, "example.com", 443},
        {"https://example.com#:99", 0, "example.com", 443},
        {"https://example.com:0/", -MTASTS_ESYNTAX, NULL, 0},
        {"https://example.com:65536/", -MTASTS_ESYNTAX, NULL, 0},
        {"https://example.com:99999999999/", -MTASTS_ESYNTAX, NULL, 0},
        {"https:///x", -MTASTS_ESYNTAX, NULL, 0},
        {"https:x", -MTASTS_ESYNTAX, NULL, 0},
        {"https://[2001:db8::1]/x", -MTASTS_ENAME, NULL, 0},
        {"http://example.com/", -MTASTS_ESYNTAX, NULL, 0},
        {"ftp://example.com/", -MTASTS_ESYNTAX, NULL, 0},
        {"example.com", -MTASTS_ESYNTAX, NULL, 0},
        {"", -MTASTS_ESYNTAX, NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct rua_target target = {.domain = "untouched"};
        int error = rua_parse(rows[i].uri, strlen(rows[i].uri), &target);
        if (error != rows[i].error)
            fail_msg("%s: error %d", rows[i].uri, error);
        if (strcmp(target.domain,
                   rows[i].domain ? rows[i].domain : "untouched") != 0 ||
            target.port != rows[i].port || target.https != (rows[i].port != 0))
            fail_msg("%s: %s %u", rows[i].uri, target.domain, target.port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
