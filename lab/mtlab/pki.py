"""pki - the private certification authority

DESCRIPTION
    A root (client/ca.pem, what clients trust), an intermediate that issues
    every server certificate, and a second pair that nobody trusts.

    issue() makes a certificate and key of a named kind and returns a
    Credential with the paths of a file in the order key, certificate,
    chain, as Postfix's smtpd_tls_chain_files wants it, and of the chain
    alone.  Keys are ECDSA P-256, which are made in microseconds; the kinds
    that need RSA share one key each.

    Kinds, each with one fault:
        good, second      90 days, valid; "second" is another good one
        rsa               valid, RSA 2048
        expired, not-yet-valid
        expiring          5 days left of 90 (W)
        expiring-soon     1 day left of 90 (E)
        untrusted         issued by the pair that nobody trusts
        self-signed
        wrong-name        DNS-ID of another host
        cn-only           the name in the common name only
        incomplete        the intermediate is not sent
        misordered        the root is sent, before the intermediate
        rsa1024           RSA 1024
        sha1              signed with SHA-1
"""

import hashlib
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.utils import CryptographyDeprecationWarning
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# SHA-1 is what the kind "sha1" is for.
warnings.simplefilter("ignore", CryptographyDeprecationWarning)

LIFETIME = 90       # days, as ACME authorities give
WRONG_NAME = "some-other-host.example"

# Days from now at which a kind's validity begins and ends.
VALIDITY = {
    "expired": (-100, -10),
    "not-yet-valid": (30, 120),
    "expiring": (5 - LIFETIME, 5),
    "expiring-soon": (1 - LIFETIME, 1),
}
FRESH = (-10, LIFETIME - 10)
CA_VALIDITY = (-3650, 3650)


@dataclass
class Issuer:
    certificate: x509.Certificate
    key: object


@dataclass
class Credential:
    """What a server presents.  combined: key, leaf, chain in one file."""
    key: Path
    chain: Path
    combined: Path
    certificates: list      # leaf first, as sent

    def tlsa(self, number):
        """TLSA data "U S 1" made of the leaf, or of its issuer for 0, 2."""
        usage, selector = number
        index = 1 if usage in (0, 2) else 0
        certificate = self.certificates[index]
        if selector == 0:
            data = certificate.public_bytes(serialization.Encoding.DER)
        else:
            data = certificate.public_key().public_bytes(
                serialization.Encoding.DER,
                serialization.PublicFormat.SubjectPublicKeyInfo)
        return f"{usage} {selector} 1 {hashlib.sha256(data).hexdigest()}"


def new_ec_key():
    return ec.generate_private_key(ec.SECP256R1())


def _name(common_name):
    # An X.509 common name ends at 64 characters.
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME,
                                         common_name[:64])])


def _pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key):
    return key.private_bytes(serialization.Encoding.PEM,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


class Authority:
    def __init__(self, state):
        self.state = state
        self.now = datetime.utcnow().replace(microsecond=0)
        self.serial = 0x1000
        self.made = {}
        self.root, self.issuer = self._pair("mtasts lab")
        state.write("client/ca.pem", _pem(self.root.certificate))

    def _pair(self, title):
        root_key, key = new_ec_key(), new_ec_key()
        root = self._ca(f"{title} root", root_key, None)
        return root, self._ca(f"{title} intermediate", key, root)

    @cached_property
    def _stranger(self):
        return self._pair("stranger")[1]

    @cached_property
    def _rsa(self):
        return rsa.generate_private_key(65537, 2048)

    @cached_property
    def _rsa1024(self):
        return rsa.generate_private_key(65537, 1024)

    def _builder(self, name, key, issuer_name, days):
        self.serial += 1
        return (x509.CertificateBuilder()
                .subject_name(name).issuer_name(issuer_name)
                .public_key(key.public_key()).serial_number(self.serial)
                .not_valid_before(self.now + timedelta(days=days[0]))
                .not_valid_after(self.now + timedelta(days=days[1]))
                .add_extension(x509.SubjectKeyIdentifier.from_public_key(
                    key.public_key()), False))

    def _ca(self, title, key, parent):
        name = _name(title)
        issuer = parent or Issuer(None, key)
        issuer_name = parent.certificate.subject if parent else name
        certificate = (
            self._builder(name, key, issuer_name, CA_VALIDITY)
            .add_extension(x509.BasicConstraints(True, None), True)
            .add_extension(x509.KeyUsage(False, False, False, False, False,
                                         True, True, False, False), True)
            .add_extension(_authority_id(issuer.key), False)
            .sign(issuer.key, hashes.SHA256()))
        return Issuer(certificate, key)

    def _leaf(self, kind, names):
        key = {"rsa": lambda: self._rsa, "rsa1024": lambda: self._rsa1024,
               }.get(kind, new_ec_key)()
        if kind == "wrong-name":
            names = [WRONG_NAME]
        subject = _name(names[0])
        issuer = {"untrusted": lambda: self._stranger,
                  "self-signed": lambda: Issuer(None, key),
                  }.get(kind, lambda: self.issuer)()
        builder = self._builder(
            subject, key,
            issuer.certificate.subject if issuer.certificate else subject,
            VALIDITY.get(kind, FRESH))
        if kind != "cn-only":
            builder = builder.add_extension(x509.SubjectAlternativeName(
                [x509.DNSName(name) for name in names]), False)
        builder = (
            builder
            .add_extension(x509.BasicConstraints(False, None), True)
            .add_extension(x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH]), False)
            .add_extension(_authority_id(issuer.key), False))
        digest = hashes.SHA1() if kind == "sha1" else hashes.SHA256()
        chain = [builder.sign(issuer.key, digest)]
        if kind == "misordered":
            chain.append(self.root.certificate)
        if issuer.certificate and kind != "incomplete":
            chain.append(issuer.certificate)
        return key, chain

    def issue(self, kind, names):
        """A certificate for DNS names, the first also as common name."""
        wanted = (kind, tuple(names))
        if wanted not in self.made:
            key, chain = self._leaf(kind, list(names))
            base = f"pki/{names[0]}_{kind}"
            key_pem = _key_pem(key)
            chain_pem = b"".join(_pem(c) for c in chain)
            self.made[wanted] = Credential(
                self.state.write(base + ".key", key_pem, 0o600),
                self.state.write(base + ".pem", chain_pem),
                self.state.write(base + ".all", key_pem + chain_pem, 0o600),
                chain)
        return self.made[wanted]


def _authority_id(key):
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(
        key.public_key())
