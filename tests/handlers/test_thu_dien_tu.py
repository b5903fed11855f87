"""E-mail to a real server on this machine."""

from __future__ import annotations

import smtplib
import ssl
import subprocess
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

import handlers.thu_dien_tu
from engine import Job
from engine.topics import discover

HANDLER = discover("handlers")["thu_dien_tu"]


class Mailbox:
    """What the server received, and whom it refuses."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []
        self.receivers: list[str] = []
        self.refused: dict[str, str] = {}

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:
        self.letters.append(message_from_bytes(envelope.content or b"", policy=policy.default))  # type: ignore[arg-type]
        self.receivers += envelope.rcpt_tos
        return "250 OK"


class Server(Controller):
    """On a free port, which `port` tells once it runs."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]  # type: ignore[union-attr]
        super()._trigger_server()


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def settings(mailbox: Mailbox) -> Iterator[dict[str, Any]]:
    """The settings of an installation with a mail server without TLS."""
    server = Server(mailbox, hostname="127.0.0.1", port=0)
    server.start()
    yield {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": server.port, "MAIL_FROM": "luanchuyen@tinh.example"}
    server.stop()


def send(settings: dict[str, Any], **variables: Any) -> list[tuple[str, dict[str, Any]]]:
    """The lines of the history that the handler added."""
    job = Job("12-ab/1", HANDLER.topic, business_key="LC-2026-01", settings=settings)
    assert HANDLER.call(job, variables) == {}
    return [(record.kind, dict(record.detail)) for record in job.records]


def test_it_sends_a_letter_that_says_only_the_number_of_the_case(mailbox: Mailbox, settings: dict[str, Any]) -> None:
    said = send(settings, nguoi_nhan="binh@tinh.example", ho_ten="Nguyễn Văn An")
    assert said == [("notification.sent", {"to": "binh@tinh.example", "subject": "Hồ sơ LC-2026-01 cần được xử lý"})]
    (letter,) = mailbox.letters
    assert (letter["From"], letter["To"], letter["Subject"]) == (
        "luanchuyen@tinh.example",
        "binh@tinh.example",
        "Hồ sơ LC-2026-01 cần được xử lý",
    )
    assert letter.get_content().strip() == "Hồ sơ LC-2026-01 cần được xử lý. Đăng nhập hệ thống để xem."


def test_it_sends_what_the_diagram_says_to_each_address_once(mailbox: Mailbox, settings: dict[str, Any]) -> None:
    said = send(settings, nguoi_nhan="a@x.example; b@x.example, a@x.example", tieu_de="Mời họp", noi_dung="Lúc 8 giờ.")
    assert [kind for kind, _ in said] == ["notification.sent", "notification.sent"]
    assert mailbox.receivers == ["a@x.example", "b@x.example"]
    assert (mailbox.letters[0]["Subject"], mailbox.letters[0].get_content().strip()) == ("Mời họp", "Lúc 8 giờ.")


BOOK = "tham_muu=to_chuc@tinh.example; noi_di=noi_di@tinh.example, noi_di@so_noi_vu=snv@tinh.example, van_thu@tinh.example"


@pytest.mark.parametrize(
    ("group", "address"),
    [
        ("tham_muu", "to_chuc@tinh.example"),
        ("noi_di@so_noi_vu", "snv@tinh.example"),
        ("noi_di@so_tai_chinh", "noi_di@tinh.example"),
        ("de_xuat", "van_thu@tinh.example"),
        ("", "van_thu@tinh.example"),
    ],
)
def test_it_finds_the_address_of_a_group_in_the_settings(mailbox: Mailbox, settings: dict[str, Any], group: str, address: str) -> None:
    send(settings | {"MAIL_TO": BOOK}, nguoi_nhan=group)
    assert mailbox.receivers == [address]


def test_it_gives_a_repeated_letter_the_same_message_id(mailbox: Mailbox, settings: dict[str, Any]) -> None:
    send(settings, nguoi_nhan="a@x.example")
    send(settings, nguoi_nhan="a@x.example")
    first, second = mailbox.letters
    assert first["Message-ID"] == second["Message-ID"] == "<12-ab-1.luanchuyen@tinh.example>"


def test_it_adds_no_header_that_somebody_typed(mailbox: Mailbox, settings: dict[str, Any]) -> None:
    send(settings, nguoi_nhan=["a@x.example", "b@x.example\r\nBcc: c@x.example"], tieu_de="Họp\r\nBcc: d@x.example")
    assert mailbox.receivers == ["a@x.example"]
    assert (mailbox.letters[0]["Subject"], mailbox.letters[0]["Bcc"]) == ("Họp Bcc: d@x.example", None)


def test_it_records_who_has_no_address(mailbox: Mailbox, settings: dict[str, Any]) -> None:
    said = send(settings, nguoi_nhan=["noi_di@so_noi_vu", "a@x.example"], tieu_de="Họp")
    assert said == [
        ("notification.not_sent", {"to": "noi_di@so_noi_vu", "subject": "Họp", "reason": "không có địa chỉ thư điện tử"}),
        ("notification.sent", {"to": "a@x.example", "subject": "Họp"}),
    ]


def test_it_records_that_nothing_was_sent_without_a_mail_server() -> None:
    said = send({}, nguoi_nhan="a@x.example, de_xuat", tieu_de="Họp")
    why = {"subject": "Họp", "reason": "chưa cấu hình máy chủ thư"}
    assert said == [("notification.not_sent", {"to": to, **why}) for to in ("a@x.example", "de_xuat")]


def test_it_records_that_nobody_is_named(settings: dict[str, Any]) -> None:
    assert [detail["reason"] for _, detail in send(settings)] == ["không có địa chỉ thư điện tử"]


@pytest.mark.parametrize("others", [[], ["a@x.example"]])
def test_it_goes_on_when_the_server_refuses_an_address_for_good(mailbox: Mailbox, settings: dict[str, Any], others: list[str]) -> None:
    mailbox.refused["het@x.example"] = "550 no such user"
    said = send(settings, nguoi_nhan=["het@x.example", *others], tieu_de="Họp")
    assert said[0] == (
        "notification.not_sent",
        {"to": "het@x.example", "subject": "Họp", "reason": "máy chủ thư từ chối: 550 no such user"},
    )
    assert [detail["to"] for kind, detail in said if kind == "notification.sent"] == others == mailbox.receivers


def test_it_fails_and_is_tried_again_when_the_server_refuses_for_now(mailbox: Mailbox, settings: dict[str, Any]) -> None:
    mailbox.refused["day@x.example"] = "452 mailbox full"
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(settings, nguoi_nhan="day@x.example")


def test_it_fails_and_is_tried_again_when_no_server_answers(settings: dict[str, Any]) -> None:
    with pytest.raises(OSError, match="refused"):
        send(settings | {"MAIL_PORT": 1}, nguoi_nhan="a@x.example")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 and its key."""
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    request = (
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run(["openssl", *request.split(), "-out", made, "-keyout", key], check=True, capture_output=True)
    return made, key


@pytest.fixture(params=["starttls", "implicit"])
def tls(
    request: pytest.FixtureRequest, mailbox: Mailbox, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, Any]]:
    """The settings of an installation with a mail server with TLS and a password."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)

    def check(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=isinstance(given, LoginPassword) and given.password == b"mat khau", handled=False)

    if request.param == "starttls":
        options: dict[str, Any] = {"tls_context": context, "require_starttls": True, "auth_required": True}
    else:
        options = {"ssl_context": context, "auth_require_tls": False}
    server = Server(mailbox, hostname="127.0.0.1", port=0, authenticator=check, **options)
    server.start()
    if request.param == "implicit":
        monkeypatch.setattr(handlers.thu_dien_tu, "IMPLICIT_TLS", server.port)
    yield {"MAIL_HOST": "127.0.0.1", "MAIL_PORT": server.port, "MAIL_TLS": True, "MAIL_USER": "lc", "MAIL_PASSWORD": "mat khau"}
    server.stop()


def test_it_speaks_tls_and_logs_in(
    mailbox: Mailbox, tls: dict[str, Any], certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    assert [kind for kind, _ in send(tls, nguoi_nhan="a@x.example")] == ["notification.sent"]
    with pytest.raises(smtplib.SMTPAuthenticationError):
        send(tls | {"MAIL_PASSWORD": "sai"}, nguoi_nhan="a@x.example")
    assert len(mailbox.letters) == 1


def test_it_trusts_no_server_that_cannot_prove_who_it_is(mailbox: Mailbox, tls: dict[str, Any]) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        send(tls, nguoi_nhan="a@x.example")
    assert mailbox.letters == []
