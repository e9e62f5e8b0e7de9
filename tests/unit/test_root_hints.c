/* root_hints: which files name a server on this machine. */
#include "base/cleanup.h"
#include "net/root_hints.h"
#include "unit.h"

#include <string.h>

static const struct {
    const char *text;
    bool local;
} ROWS[] = {
    {"", false},
    {". 3600000 NS A.ROOT-SERVERS.NET.\n"
     "A.ROOT-SERVERS.NET. 3600000 A 198.41.0.4\n"
     "A.ROOT-SERVERS.NET. 3600000 AAAA 2001:503:ba3e::2:30\n",
     false},
    {". NS a.\na. A 127.0.0.53\n", true},
    {". NS a.\na. A 127.0.0.53", true},
    {". NS a.\na.\tIN\tA\t127.255.255.255 ; here\r\n", true},
    {". NS a.\na. AAAA ::1\n", true},
    {". NS a.\na. AAAA ::ffff:127.0.0.1\n", true},
    {". NS a.\na. A ( 192.0.2.1 )\na. A (\n127.0.0.1)\n", true},
    {"; not 127.0.0.1\n. NS a.\na. A 192.0.2.1;127.0.0.1\n", false},
    {"; one\n;two\na. A 127.0.0.1", true},
    {"; not 127.0.0.1", false},
    {"127.0.0.1.example. A 192.0.2.1\n", false},
    {"a. A 128.0.0.1\na. AAAA ::2\n", false},
    {"a. AAAA 0000:0000:0000:0000:0000:0000:0000:0000:0000:0001\n", false},
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(ROWS); i++)
        assert_int_equal(root_hints_local(ROWS[i].text, strlen(ROWS[i].text)),
                         ROWS[i].local);
}

static void test_nul(void **state)
{
    static const char text[] = "a. A 127.0.0.1\0b. A 192.0.2.1";

    (void)state;
    assert_true(root_hints_local(text, sizeof(text) - 1));
}

static void test_file(void **state)
{
    static const char text[] = ". NS a.\na. A 127.0.0.1\n";
    char path[] = "/tmp/test_root_hints.XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_false(root_hints_file_local(path));
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    assert_true(root_hints_file_local(path));
    unlink(path);
    assert_false(root_hints_file_local(path));
    assert_false(root_hints_file_local("/"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
