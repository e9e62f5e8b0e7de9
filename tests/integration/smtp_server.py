"""smtp_server - SMTP servers with faults that Postfix cannot be given.

A Server listens on a loopback port of its own and follows one Manners. What
it was sent is in `sessions`: for each connection the list of commands, with
"<TLS>" where the handshake was completed.
"""
import dataclasses
import datetime
import ipaddress
import socket
import ssl
import struct
import threading
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

IDLE_LIMIT = 20  # seconds; a test that needs longer is broken


@dataclasses.dataclass
class Manners:
    greeting: bytes = b'220 mx.example ESMTP\r\n'
    ehlo: bytes = b'250-mx.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n'
    ehlo_tls: bytes = b'250-mx.example\r\n250 REQUIRETLS\r\n'
    starttls: bytes = b'220 2.0.0 Go ahead\r\n'
    quit: bytes = b'221 2.0.0 Bye\r\n'
    context: ssl.SSLContext = None
    by_sni: dict = None          # name -> context
    no_sni: object = None        # without SNI: another context, 'alert', or
                                 # 'nonsense' (nothing of TLS)
    keeps_clear_text: bool = False   # the fault of CVE-2011-0411
    strict: str = None           # to text behind STARTTLS: a reply, or 'close'
    hang: str = None             # 'connect', 'ehlo', 'starttls', 'tls', 'quit'
    close: str = None            # the same words
    drip: float = 0              # seconds between octets of the greeting
    slow: float = 0              # seconds before the greeting
    drop: str = None             # the handshakes after the first one: 'close',
                                 # 'reset', or 'record' (closes within one)
    connections: int = None      # then it says `full`
    full: bytes = b'421 4.7.0 Too many connections\r\n'


class Session:
    def __init__(self, server, connection):
        self.server = server
        self.manners = server.manners
        self.connection = connection
        self.buffer = b''
        self.commands = []
        self.packets = []
        self.secure = False
        server.sessions.append(self.commands)
        server.packets.append(self.packets)

    def stop(self, where):
        if self.manners.hang == where:
            self.server.wait()
            raise OSError('hung long enough')
        if self.manners.close == where:
            raise OSError('closed on purpose')

    def say(self, text):
        self.connection.sendall(text)

    def line(self):
        while b'\n' not in self.buffer:
            got = self.connection.recv(4096)
            if not got:
                return None
            self.packets.append(got)
            self.buffer += got
        line, _, self.buffer = self.buffer.partition(b'\n')
        line = line.strip().decode()
        self.commands.append(line)
        return line

    def greet(self):
        self.stop('connect')
        time.sleep(self.manners.slow)
        if self.manners.connections is not None and \
                len(self.server.sessions) > self.manners.connections:
            self.say(self.manners.full)
            return False
        if not self.manners.drip:
            self.say(self.manners.greeting)
            return True
        for octet in self.manners.greeting:
            self.say(bytes([octet]))
            if self.server.stopped.wait(self.manners.drip):
                return False
        return True

    def drop(self):
        self.connection.recv(4096)
        if self.manners.drop == 'record':
            self.say(b'\x16\x03\x03\x00\x50\x02')
        if self.manners.drop == 'reset':
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                       struct.pack('ii', 1, 0))
        raise OSError('dropped on purpose')

    def starttls(self):
        self.stop('starttls')
        if self.buffer and self.manners.strict:
            if self.manners.strict == 'close':
                raise OSError('closed on purpose')
            self.say(self.manners.strict)
            self.buffer = b''
            return
        self.say(self.manners.starttls)
        if not self.manners.starttls.startswith(b'220'):
            return
        if not self.manners.keeps_clear_text:
            self.buffer = b''
        self.stop('tls')
        if self.manners.drop and len(self.server.sessions) > 1:
            self.drop()
        if self.manners.no_sni == 'nonsense' and \
                b'mx.example' not in self.connection.recv(4096,
                                                          socket.MSG_PEEK):
            self.say(b'500 5.5.1 What?\r\n')
            raise OSError('no SNI')
        self.connection = self.manners.context.wrap_socket(
            self.connection, server_side=True)
        self.secure = True
        self.commands.append('<TLS>')

    def run(self):
        if not self.greet():
            return
        while (line := self.line()) is not None:
            verb = line.split(' ')[0].upper()
            if verb == 'EHLO':
                self.stop('ehlo')
                self.say(self.manners.ehlo_tls if self.secure
                         else self.manners.ehlo)
            elif verb == 'STARTTLS' and not self.secure:
                self.starttls()
            elif verb == 'NOOP':
                self.say(b'250 2.0.0 Ok\r\n')
            elif verb == 'QUIT':
                self.stop('quit')
                self.say(self.manners.quit)
                return
            else:
                self.say(b'502 5.5.1 Not here\r\n')


def established(connection):
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) \
        == b'\x01'


class Server:
    def __init__(self, manners, address='127.0.0.1', port=0):
        self.manners = manners
        self.sessions = []
        self.packets = []
        self.most_at_once = 0
        self.open = set()
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.names = []          # each session's SNI
        if manners.context:
            manners.context.sni_callback = self.choose
        family = socket.AF_INET6 if ':' in address else socket.AF_INET
        self.socket = socket.create_server((address, port), family=family)
        self.address, self.port = self.socket.getsockname()[:2]
        threading.Thread(target=self.serve, daemon=True).start()

    def choose(self, sock, name, _context):
        self.names.append(name)
        if self.manners.by_sni and name in self.manners.by_sni:
            sock.context = self.manners.by_sni[name]
        if name is None and self.manners.no_sni == 'alert':
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        if name is None and self.manners.no_sni:
            sock.context = self.manners.no_sni
        return None

    def wait(self):
        self.stopped.wait(IDLE_LIMIT)

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.handle, daemon=True,
                             args=(connection, self.enter(connection))).start()

    def enter(self, connection):
        """Counts the connections that the client has not closed yet, whether
        our threads have noticed or not."""
        watch = connection.dup()
        with self.lock:
            self.open.add(watch)
            self.most_at_once = max(self.most_at_once,
                                    sum(map(established, self.open)))
        return watch

    def handle(self, connection, watch):
        session = Session(self, connection)
        connection.settimeout(IDLE_LIMIT)
        try:
            session.run()
        except OSError:
            pass
        with self.lock:
            self.open.remove(watch)
        watch.close()
        session.connection.close()

    def close(self):
        self.stopped.set()
        self.socket.close()


# ---- certificates ----

class Authority:
    """A CA of its own; certificates for `mx.example` unless told else."""

    def __init__(self, folder, name='CA'):
        self.folder = folder
        self.name = name
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name, self.key.public_key(), ca=True)
        self.file = folder / 'ca.pem'
        self.file.write_bytes(pem(self.certificate))

    def _sign(self, name, public_key, ca=False, names=(), days=(-1, 30),
              digest=hashes.SHA256()):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder()
                   .subject_name(common_name(name))
                   .issuer_name(common_name(self.name))
                   .public_key(public_key)
                   .serial_number(x509.random_serial_number())
                   .not_valid_before(now + datetime.timedelta(days[0]))
                   .not_valid_after(now + datetime.timedelta(days[1]))
                   .add_extension(x509.BasicConstraints(ca, None), True))
        if names:
            builder = builder.add_extension(
                x509.SubjectAlternativeName(list(map(general_name, names))),
                False)
        return builder.sign(self.key, digest)

    def issue(self, label, names=('mx.example',), bits=None, **options):
        """A PEM file with key and chain; returns (file, certificate)."""
        key = (rsa.generate_private_key(65537, bits) if bits
               else ec.generate_private_key(ec.SECP256R1()))
        certificate = self._sign(label, key.public_key(), names=names,
                                 **options)
        file = self.folder / f'{label}.pem'
        file.write_bytes(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()) + pem(certificate)
            + pem(self.certificate))
        return file, certificate


def common_name(name):
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])


def general_name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def spki_sha256(certificate):
    digest = hashes.Hash(hashes.SHA256())
    digest.update(certificate.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex()


def fingerprint(certificate):
    return certificate.fingerprint(hashes.SHA256()).hex()


def server_context(file, lowest=ssl.TLSVersion.TLSv1_2,
                   highest=ssl.TLSVersion.MAXIMUM_SUPPORTED,
                   ciphers='ECDHE+AESGCM:@SECLEVEL=0'):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_ciphers(ciphers)
    context.minimum_version = lowest
    context.maximum_version = highest
    context.load_cert_chain(file)
    return context
