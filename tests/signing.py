"""A client certificate of the tests' own, in the forms that clients and Entra want."""

import datetime
from base64 import urlsafe_b64encode

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import NameOID


class Certificate:
    """Self-signed, valid from long ago until in `days`."""

    def __init__(self, days: int = 30, *, curve: bool = False) -> None:
        self.key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        if curve:
            self.key = ec.generate_private_key(ec.SECP256R1())
        else:
            self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "automation")])
        now = datetime.datetime.now(datetime.UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=60))
            .not_valid_after(now + datetime.timedelta(days=days))
            .sign(self.key, hashes.SHA256())
        )

    @property
    def der(self) -> bytes:
        """What is uploaded to the application."""
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def sha1(self) -> str:
        """The digest as `x5t` has it."""
        return self._digest(hashes.SHA1())

    @property
    def sha256(self) -> str:
        """The digest as `x5t#S256` has it."""
        return self._digest(hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """Key and certificate, one after the other."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    def archive(self, password: str = "") -> bytes:
        """PKCS#12."""
        how: KeySerializationEncryption = NoEncryption()
        if password:
            how = BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(
            b"automation", self.key, self.certificate, None, how
        )

    def _digest(self, algorithm: hashes.HashAlgorithm) -> str:
        return urlsafe_b64encode(self.certificate.fingerprint(algorithm)).rstrip(b"=").decode()
