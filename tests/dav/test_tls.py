"""Certificates are verified, always; a private authority's is trusted only where the user names it."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync.dav.account import Account
from calsync.dav.calendars import calendars
from calsync.dav.server import DavError, Patience, Server
from tests.dav_habits import Door, Reply
from tests.dav_servers import DavServer, Radicale


class Authority:
    """Signs certificates for servers; its own stands in ``file``."""

    def __init__(self, folder: Path, name: str) -> None:
        from cryptography import x509
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.file = folder / f"{name}.pem"
        own = self._signed(self.name, self.key.public_key(), x509.BasicConstraints(ca=True, path_length=0), [])
        self.file.write_bytes(own)

    def _signed(self, name: object, key: object, constraints: object, hosts: list[str], days: int = 30) -> bytes:
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization

        now = datetime.now(UTC)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key)  # type: ignore[arg-type]
        made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=60))
        made = made.not_valid_after(now + timedelta(days=days)).add_extension(constraints, critical=True)  # type: ignore[arg-type]
        identifier = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        authority = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
        made = made.add_extension(authority, critical=False)
        if hosts:
            names = [x509.IPAddress(ipaddress.ip_address(h)) if h[0].isdigit() else x509.DNSName(h) for h in hosts]
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        else:
            made = made.add_extension(identifier, critical=False)
            usage = dict.fromkeys(
                (
                    *("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"),
                    *("encipher_only", "decipher_only"),
                ),
                False,
            )
            signing = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, **usage)
            made = made.add_extension(signing, critical=True)
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def server(self, *hosts: str, days: int = 30) -> str:
        """A certificate for these hosts and its key, in one file."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.x509.oid import NameOID

        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
        signed = self._signed(
            name, key.public_key(), x509.BasicConstraints(ca=False, path_length=None), list(hosts), days
        )
        plain = serialization.NoEncryption()
        secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        file = self.folder / f"{hosts[0]}-{days}.pem"
        file.write_bytes(signed + secret)
        return str(file)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    made = Radicale(tmp_path_factory.mktemp("radicale"))
    yield made
    made.close()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "home")


def asked(door: Door, ca_file: Path | None) -> Server:
    return Server(Account(f"{door.url}/sam/work/", ca_file=ca_file), Patience(seconds=10, attempts=1))


def test_a_private_authority_that_the_user_names_is_trusted(server: DavServer, authority: Authority) -> None:
    door = Door(server, authority.server("127.0.0.1"))
    opened = asked(door, authority.file)
    assert [each.folder for each in calendars(opened)] == ["work"]
    opened.close()
    door.close()


@pytest.mark.parametrize("case", ["not named", "another", "another host", "over"])
def test_a_certificate_that_cannot_be_trusted_gets_no_question(
    server: DavServer, authority: Authority, tmp_path: Path, case: str
) -> None:
    host, days = ("dav.lisboa.example" if case == "another host" else "127.0.0.1"), (-1 if case == "over" else 30)
    named = {"not named": None, "another": Authority(tmp_path, "other").file}.get(case, authority.file)
    door = Door(server, authority.server(host, days=days))
    opened = asked(door, named)
    with pytest.raises(DavError, match="certificate that cannot be trusted") as caught:
        calendars(opened)
    assert "ca_file" in caught.value.remedy
    assert door.asked == []
    opened.close()
    door.close()


@pytest.mark.parametrize(("content", "said"), [(None, "cannot be read"), (b"hello", "no certificate")])
def test_a_ca_file_that_is_none_is_told_by_its_name(
    server: DavServer, authority: Authority, tmp_path: Path, content: bytes | None, said: str
) -> None:
    file = tmp_path / "mine.pem"
    if content is not None:
        file.write_bytes(content)
    door = Door(server, authority.server("127.0.0.1"))
    opened = asked(door, file)
    with pytest.raises(DavError, match=said) as caught:
        calendars(opened)
    assert str(file) in str(caught.value)
    opened.close()
    door.close()


def test_https_never_leads_on_to_plain_http(server: DavServer, authority: Authority) -> None:
    plain, door = Door(server), Door(server, authority.server("127.0.0.1"))
    door.before = lambda asked: Reply(301, b"", {"Location": f"{plain.url}/sam/work/"})
    opened = asked(door, authority.file)
    with pytest.raises(DavError, match="from https to unprotected http"):
        calendars(opened)
    assert plain.asked == []
    opened.close()
    plain.close()
    door.close()


def test_a_server_that_does_not_say_how_to_sign_in_is_tried_in_silence(
    server: DavServer, authority: Authority, capfd: pytest.CaptureFixture[str]
) -> None:
    door = Door(server, authority.server("127.0.0.1"))
    door.before = lambda asked: None if "authorization" in asked.headers else Reply(401)
    account = Account(f"{door.url}/sam/work/", "ana", ca_file=authority.file, typed="p3ar")
    opened = Server(account, Patience(seconds=10, attempts=1))
    assert [each.folder for each in calendars(opened)] == ["work"]
    assert capfd.readouterr().err == ""
    opened.close()
    door.close()
