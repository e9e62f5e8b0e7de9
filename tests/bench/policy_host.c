/*
 * policy_host CA_FILE PROCESSES CHAIN: an HTTPS policy host for every domain.
 *
 * Listens on port 443 of all IPv4 addresses and answers as nginx would with
 * a static file: GET /.well-known/mta-sts.txt of mta-sts.D gives an enforce
 * policy with `mx: mx.D`, GET /given the number of policies given so far,
 * anything else 404; keep-alive, TLS 1.2 and 1.3, two session tickets. Each
 * connection gets a leaf certificate (P-256) made for its SNI, signed by an
 * intermediate that is sent along. The root is written to CA_FILE once the port
 * is open, so its appearance says "ready".
 *
 * CHAIN says what the client has to verify: "p384", a P-384 intermediate of an
 * RSA-4096 root, as Let's Encrypt has them, or "p256", intermediate and root
 * of P-256 as well: the cheapest chain in use.
 *
 * The processes share the listening socket and end with their parent.
 *
 * Limits: answers fit a socket buffer and are never queued; a client that
 * does not read is closed.
 */
#include "base/cleanup.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#define HTTPS_PORT 443
#define PROCESSES_MAX 9     /* one digit is enough for any bench machine */
#define BACKLOG 1024        /* more than clients connect at once */
#define EVENTS_MAX 64       /* taken from epoll in one call */
#define REQUEST_MAX 2048u   /* octets of one request's head */
#define ANSWER_MAX 2048u    /* head and body */
#define NAME_MAX_OCTETS 256 /* of an SNI */
#define DAY 86400L
#define START_SECONDS 10u /* for the port to be free */

/* A key and the certificate that goes with it. */
struct signer {
    EVP_PKEY *key;
    X509 *certificate; /* NULL: the key of leaves */
};

struct authority {
    struct signer leaf; /* one key for all */
    struct signer intermediate;
    struct signer root;
    STACK_OF(X509) * chain; /* what is sent after the leaf */
};

struct connection {
    int fd;
    SSL *ssl;
    bool accepted;
    size_t len;
    char request[REQUEST_MAX];
};

static struct authority authority;
static atomic_ulong *given; /* policies; shared by the processes */

/* ---- certificates ---- */

static bool add_extension(X509 *certificate, X509 *issuer, int nid,
                          const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    if (!extension)
        return false;
    bool ok = X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return ok;
}

/* A certificate for `name`, ready but for extensions and signature. */
static X509 *certificate_new(const char *name, EVP_PKEY *key, X509 *issuer)
{
    static long serial;
    X509 *certificate = X509_new();
    if (!certificate)
        return NULL;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -30 * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 60 * DAY);
    X509_NAME *subject = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(certificate,
                         issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(certificate, key);
    return certificate;
}

/* The usual one for the size of the key. */
static const EVP_MD *digest_of(const struct signer *signer)
{
    return EVP_PKEY_get_bits(signer->key) == 384 ? EVP_sha384() : EVP_sha256();
}

/* Signs `ret_signer`, whose key is set, by `issuer`, which may be itself. */
static bool ca_make(const char *name, const struct signer *issuer,
                    struct signer *ret_signer)
{
    X509 *ca = certificate_new(name, ret_signer->key, issuer->certificate);
    if (!ca)
        return false;
    X509 *above = issuer->certificate ? issuer->certificate : ca;
    ret_signer->certificate = ca;
    return add_extension(ca, above, NID_basic_constraints,
                         "critical,CA:TRUE") &&
           add_extension(ca, above, NID_key_usage, "critical,keyCertSign") &&
           X509_sign(ca, issuer->key, digest_of(issuer)) > 0;
}

static X509 *leaf_new(const char *host)
{
    const struct signer *issuer = &authority.intermediate;
    char san[NAME_MAX_OCTETS + 8];
    snprintf(san, sizeof(san), "DNS:%s", host);
    X509 *leaf = certificate_new(host, authority.leaf.key, issuer->certificate);
    if (!leaf)
        return NULL;
    if (add_extension(leaf, issuer->certificate, NID_subject_alt_name, san) &&
        add_extension(leaf, issuer->certificate, NID_key_usage,
                      "critical,digitalSignature") &&
        add_extension(leaf, issuer->certificate, NID_ext_key_usage,
                      "serverAuth") &&
        X509_sign(leaf, issuer->key, digest_of(issuer)))
        return leaf;
    X509_free(leaf);
    return NULL;
}

static bool authority_make(const char *chain)
{
    bool p384 = strcmp(chain, "p384") == 0;
    authority.leaf.key = EVP_EC_gen("P-256");
    authority.intermediate.key = EVP_EC_gen(p384 ? "P-384" : "P-256");
    authority.root.key = p384 ? EVP_RSA_gen(4096) : EVP_EC_gen("P-256");
    authority.chain = sk_X509_new_null();
    return authority.leaf.key && authority.intermediate.key &&
           authority.root.key && authority.chain &&
           ca_make("Bench root", &authority.root, &authority.root) &&
           ca_make("Bench intermediate", &authority.root,
                   &authority.intermediate) &&
           sk_X509_push(authority.chain, authority.intermediate.certificate) >
               0;
}

static bool authority_write(const char *path)
{
    _cleanup_file_ FILE *file = fopen(path, "w");
    return file && PEM_write_X509(file, authority.root.certificate) == 1 &&
           fflush(file) == 0;
}

/* OpenSSL's certificate callback: a leaf for the name that was asked for. */
static int give_certificate(SSL *ssl, void *ctx)
{
    (void)ctx;
    const char *host = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (!host || strlen(host) >= NAME_MAX_OCTETS)
        return 0;
    X509 *leaf = leaf_new(host);
    int ok = leaf && SSL_use_cert_and_key(ssl, leaf, authority.leaf.key,
                                          authority.chain, 1) == 1;
    X509_free(leaf);
    return ok;
}

/* ---- HTTP ---- */

static int policy_write(char body[ANSWER_MAX], const char *host)
{
    return snprintf(body, ANSWER_MAX,
                    "version: STSv1\r\nmode: enforce\r\nmx: mx.%s\r\n"
                    "mx: mx2.%s\r\nmax_age: 1209600\r\n",
                    host, host);
}

static bool asks_for(const struct connection *connection, const char *path)
{
    return strncmp(connection->request, path, strlen(path)) == 0;
}

/* The length of the body; 0: there is no such thing. */
static int body_write(char body[ANSWER_MAX],
                      const struct connection *connection)
{
    static const char prefix[] = "mta-sts.";
    const char *host =
        SSL_get_servername(connection->ssl, TLSEXT_NAMETYPE_host_name);
    if (asks_for(connection, "GET /given HTTP/1.1\r\n"))
        return snprintf(body, ANSWER_MAX, "%lu\n", atomic_load(given));
    if (!host || strncmp(host, prefix, strlen(prefix)) != 0 ||
        !asks_for(connection, "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"))
        return 0;
    atomic_fetch_add(given, 1);
    return policy_write(body, host + strlen(prefix));
}

static bool answer(struct connection *connection)
{
    char body[ANSWER_MAX];
    int len = body_write(body, connection);
    bool found = len > 0;
    if (!found)
        len = snprintf(body, sizeof(body), "not found\n");
    char date[64];
    time_t now = time(NULL);
    struct tm tm;
    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT",
             gmtime_r(&now, &tm));
    char text[2 * ANSWER_MAX];
    int total =
        snprintf(text, sizeof(text),
                 "HTTP/1.1 %s\r\nServer: nginx/1.22.1\r\n"
                 "Date: %s\r\nContent-Type: text/plain\r\n"
                 "Content-Length: %d\r\n"
                 "Last-Modified: %s\r\nConnection: keep-alive\r\n"
                 "ETag: \"65f0c0de-5a\"\r\nAccept-Ranges: bytes\r\n"
                 "\r\n%s",
                 found ? "200 OK" : "404 Not Found", date, len, date, body);
    connection->len = 0;
    return total < (int)sizeof(text) &&
           SSL_write(connection->ssl, text, total) == total;
}

/* Whether the connection goes on: true also when it must wait. */
static bool again(SSL *ssl, int result)
{
    int error = SSL_get_error(ssl, result);
    return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE;
}

static bool serve(struct connection *connection)
{
    ERR_clear_error();
    if (!connection->accepted) {
        int result = SSL_accept(connection->ssl);
        if (result != 1)
            return again(connection->ssl, result);
        connection->accepted = true;
    }
    for (;;) {
        size_t room = REQUEST_MAX - 1 - connection->len;
        int result = SSL_read(connection->ssl,
                              connection->request + connection->len, (int)room);
        if (result <= 0)
            return again(connection->ssl, result);
        connection->len += (size_t)result;
        connection->request[connection->len] = '\0';
        if (strstr(connection->request, "\r\n\r\n")) {
            if (!answer(connection))
                return false;
        } else if (connection->len == REQUEST_MAX - 1) {
            return false;
        }
    }
}

/* ---- connections ---- */

static void connection_free(struct connection *connection)
{
    SSL_set_quiet_shutdown(connection->ssl, 1);
    SSL_shutdown(connection->ssl);
    SSL_free(connection->ssl);
    close(connection->fd);
    free(connection);
}

static void take_connections(int epoll, int listener, SSL_CTX *ctx)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        struct connection *connection = calloc(1, sizeof(*connection));
        SSL *ssl = SSL_new(ctx);
        if (!connection || !ssl || SSL_set_fd(ssl, fd) != 1)
            exit(1);
        *connection = (struct connection){.fd = fd, .ssl = ssl};
        SSL_set_accept_state(ssl);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
        if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
            exit(1);
    }
}

_Noreturn static void run(int listener, SSL_CTX *ctx)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE};
    if (epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) != 0)
        exit(1);
    for (;;) {
        struct epoll_event events[EVENTS_MAX];
        int count = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < count; i++) {
            struct connection *connection = events[i].data.ptr;
            if (!connection)
                take_connections(epoll, listener, ctx);
            else if (!serve(connection))
                connection_free(connection);
        }
    }
}

/* ---- start ---- */

/* The processes of a policy_host before us may be about to die still. */
static bool bind_within(int fd, const struct sockaddr_in *address,
                        unsigned seconds)
{
    while (bind(fd, (const struct sockaddr *)address, sizeof(*address)) != 0) {
        if (errno != EADDRINUSE || seconds-- == 0)
            return false;
        sleep(1);
    }
    return true;
}

static int listen_everywhere(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons(HTTPS_PORT)};
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int));
    if (!bind_within(fd, &address, START_SECONDS) || listen(fd, BACKLOG) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static SSL_CTX *context_new(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (!ctx)
        return NULL;
    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
    SSL_CTX_set_cert_cb(ctx, give_certificate, NULL);
    return ctx;
}

static bool share_count(void)
{
    const int flags = MAP_SHARED | MAP_ANONYMOUS;
    const int rights = PROT_READ | PROT_WRITE;
    /* cppcheck-suppress invalidFunctionArg ; -1 is what goes with ANONYMOUS */
    void *room = mmap(NULL, sizeof(*given), rights, flags, -1, 0);
    given = room == MAP_FAILED ? NULL : room;
    return given != NULL;
}

static pid_t start_process(int listener, SSL_CTX *ctx)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        exit(1);
    run(listener, ctx);
}

int main(int argc, char **argv)
{
    int processes = argc == 4 ? argv[2][0] - '0' : 0;
    if (processes < 1 || processes > PROCESSES_MAX || argv[2][1]) {
        fprintf(stderr, "usage: policy_host CA_FILE PROCESSES p384|p256\n");
        return 1;
    }
    sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, NULL);
    SSL_CTX *ctx = context_new();
    int listener = listen_everywhere();
    if (!ctx || listener < 0 || !share_count() || !authority_make(argv[3])) {
        fprintf(stderr, "policy_host: cannot start: %s\n", strerror(errno));
        return 1;
    }
    for (int i = 0; i < processes; i++)
        if (start_process(listener, ctx) < 0)
            return 1;
    if (!authority_write(argv[1])) {
        fprintf(stderr, "policy_host: cannot write %s\n", argv[1]);
        return 1;
    }
    wait(NULL); /* a process that ends is a fault; the rest follow us */
    return 1;
}
