"""Policy hosts that answer as they are told, and the certificates for them."""
import contextlib
import datetime
import ipaddress
import pathlib
import socket
import ssl
import struct
import tempfile
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST = 'mta-sts.example.com'
POLICY = (b'version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n'
          b'max_age: 604800\r\n')
READ_S = 5  # how long a server waits for a request


# ---- certificates ----

def new_key(kind='ec', bits=2048):
    if kind == 'rsa':
        return rsa.generate_private_key(65537, bits)
    if kind == 'ed25519':
        return ed25519.Ed25519PrivateKey.generate()
    return ec.generate_private_key(ec.SECP256R1())


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class Certificate:
    """A certificate and its key, signed by `issuer` (None: by itself)."""

    def __init__(self, name, issuer=None, ca=False, key=None, dns=(), ips=(),
                 days=(-1, 30), digest=hashes.SHA256(), usage=None):
        self.key = key or new_key()
        signer = issuer or self
        now = datetime.datetime.utcnow().replace(microsecond=0)
        self.not_before, self.not_after = (
            now + datetime.timedelta(day) for day in days)
        builder = (x509.CertificateBuilder()
                   .subject_name(subject(name))
                   .issuer_name(issuer.x509.subject if issuer
                                else subject(name))
                   .public_key(self.key.public_key())
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(self.not_before)
                   .not_valid_after(self.not_after)
                   .add_extension(x509.BasicConstraints(ca, None), True))
        names = ([x509.DNSName(name) for name in dns] +
                 [x509.IPAddress(ipaddress.ip_address(ip)) for ip in ips])
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), False)
        if usage:
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]),
                                            False)
        if isinstance(signer.key, ed25519.Ed25519PrivateKey):
            digest = None
        self.x509 = builder.sign(signer.key, digest)
        self.sha256 = self.x509.fingerprint(hashes.SHA256()).hex()

    def pem(self):
        return self.x509.public_bytes(serialization.Encoding.PEM)

    def key_pem(self):
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption())


class Pki:
    """A root, an intermediate, and what they issue."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.root = Certificate('Test Root', ca=True)
        self.intermediate = Certificate('Test Intermediate', self.root,
                                        ca=True)
        self.ca_file = self.folder / 'ca.pem'
        self.ca_file.write_bytes(self.root.pem())

    def leaf(self, name=HOST, issuer=None, dns=(HOST,), **options):
        return Certificate(name, issuer or self.intermediate, dns=dns,
                           **options)

    def good(self):
        return self.chain(self.leaf(), self.intermediate)

    def chain(self, *certificates):
        """A PEM file: the leaf's key and certificate, then the others."""
        with tempfile.NamedTemporaryFile(dir=self.folder, suffix='.pem',
                                         delete=False) as file:
            file.write(certificates[0].key_pem() +
                       b''.join(each.pem() for each in certificates))
        return pathlib.Path(file.name)


# ---- servers ----

def tls_context(chain, lowest=ssl.TLSVersion.TLSv1_2, highest=None,
                sni=None):
    """Takes any key and version; `sni` refuses every other name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers('ALL:@SECLEVEL=0')
    context.minimum_version = lowest
    if highest:
        context.maximum_version = highest
    context.load_cert_chain(chain)
    if sni:
        context.sni_callback = lambda _, name, __: (
            None if name == sni else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME)
    return context


def answer(body=POLICY, status='200 OK', content_type='text/plain',
           length=True, headers=()):
    lines = [f'HTTP/1.1 {status}']
    if content_type is not None:
        lines.append(f'Content-Type: {content_type}')
    if length:
        lines.append(f'Content-Length: {len(body)}')
    lines += headers
    return '\r\n'.join(lines).encode('latin-1') + b'\r\n\r\n' + body


def read_request(conn):
    data = b''
    while b'\r\n\r\n' not in data:
        chunk = conn.recv(4096)
        if not chunk:
            break
        data += chunk
    return data


def reset(conn):
    """Makes the close to come a RST."""
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack('ii', 1, 0))


class Server:
    """Listens on an address; runs `handle(conn, server)` on each connection.

    With a TLS context `conn` is the TLS connection after its handshake. It
    is closed with close_notify unless the handler returns False.
    """

    def __init__(self, handle, context=None, address='127.0.0.1', port=0):
        self.handle = handle
        self.context = context
        self.requests = []
        self.connections = 0
        self.reused_sessions = 0
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.listener = socket.create_server((address, port), family=family,
                                             backlog=256)
        self.port = self.listener.getsockname()[1]
        self.done = threading.Event()
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def accept(self):
        while not self.done.is_set():
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.serve, args=(conn,),
                             daemon=True).start()

    def serve(self, conn):
        with conn, contextlib.suppress(OSError):
            conn.settimeout(READ_S)
            if self.context is None:
                self.handle(conn, self)
                return
            # wrap_socket() takes the descriptor over, and closes it if the
            # handshake fails.
            with self.context.wrap_socket(conn, server_side=True) as tls:
                self.reused_sessions += bool(tls.session_reused)
                if self.handle(tls, self) is not False:
                    tls.unwrap()

    def close(self):
        self.done.set()
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)


def sends(*parts):
    """A handler that reads a request and sends these octets."""
    def handle(conn, server):
        server.requests.append(read_request(conn))
        for part in parts:
            conn.sendall(part)
    return handle


def cuts(*parts):
    """The same, but hangs up without close_notify."""
    def handle(conn, server):
        sends(*parts)(conn, server)
        return False
    return handle


class BlackHole:
    """A port where SYNs are dropped: a listener whose queue is full."""

    def __init__(self, address, port=0):
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.listener = socket.socket(family)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((address, port))
        self.listener.listen(0)
        self.port = self.listener.getsockname()[1]
        self.fillers = []
        for _ in range(4):
            filler = socket.socket(family)
            filler.setblocking(False)
            filler.connect_ex((address, self.port))
            self.fillers.append(filler)

    def close(self):
        for filler in self.fillers:
            filler.close()
        self.listener.close()
