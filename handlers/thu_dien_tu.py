"""Topic `thu_dien_tu`: tells somebody by e-mail that a case needs attention.

The mail server stands in the settings: MAIL_HOST, MAIL_PORT, MAIL_USER, MAIL_PASSWORD, MAIL_FROM, MAIL_TLS (TLS from the first byte on port
465, STARTTLS on others). Without MAIL_HOST the history says that nothing was sent. A diagram names receivers by candidate group; MAIL_TO
says at which address a group is reached: `tham_muu=to_chuc@tinh.example, noi_di@so_noi_vu=snv@tinh.example, van_thu@tinh.example`, the most
exact one first, the one without a group for all others. Only the case's number goes into the letter, unless the diagram says more: mail
leaves the house, case data should not.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from typing import Any

from engine import Job, handler

TIMEOUT = 20.0
IMPLICIT_TLS = 465
_ADDRESS = re.compile(r"[^@\s<>,;:\"()\\]+@[^@\s<>,;:\"()\\]+")


@handler("thu_dien_tu")
def thu_dien_tu(job: Job, nguoi_nhan: str | Sequence[str] = "", tieu_de: str = "", noi_dung: str = "") -> dict[str, Any]:
    """Send `noi_dung` under `tieu_de` to `nguoi_nhan`: candidate groups or addresses, a list or separated by commas.

    Every receiver gets a line in the history.
    A server that cannot be reached or refuses us raises (OSError, smtplib.SMTPException): the job is tried again, then becomes an incident.
    An address that the server refuses for good is recorded as not sent, and the case goes on.
    """
    subject = _one_line(tieu_de) or f"Hồ sơ {job.business_key} cần được xử lý"
    addresses, unknown = _addresses(nguoi_nhan, str(job.settings.get("MAIL_TO") or ""))
    if not job.settings.get("MAIL_HOST"):
        for name in [*addresses, *unknown]:
            job.record("notification.not_sent", to=name, subject=subject, reason="chưa cấu hình máy chủ thư")
        return {}
    for name in unknown:
        job.record("notification.not_sent", to=name, subject=subject, reason="không có địa chỉ thư điện tử")
    if not addresses:
        return {}
    refused = _send(job.settings, _letter(job, addresses, subject, noi_dung), addresses)
    for address in addresses:
        if address in refused:
            job.record("notification.not_sent", to=address, subject=subject, reason=f"máy chủ thư từ chối: {refused[address]}")
        else:
            job.record("notification.sent", to=address, subject=subject)
    return {}


def _letter(job: Job, addresses: Sequence[str], subject: str, text: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = sender = str(job.settings.get("MAIL_FROM") or "luanchuyen@localhost")
    letter["To"] = ", ".join(addresses)
    letter["Subject"] = subject
    letter["Date"] = format_datetime(localtime())
    # The same for each try, so that the receiving side can tell a repetition from a second letter.
    letter["Message-ID"] = f"<{re.sub(r'[^A-Za-z0-9.-]', '-', job.id)}.luanchuyen@{sender.rpartition('@')[2].strip('> ')}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(text or f"Hồ sơ {job.business_key} cần được xử lý. Đăng nhập hệ thống để xem.")
    return letter


def _send(settings: Mapping[str, Any], letter: EmailMessage, addresses: Sequence[str]) -> dict[str, str]:
    """Hand the letter to the server. Addresses that it refused for good, with its words; raises for everything else."""
    with _connect(settings) as server:
        if settings.get("MAIL_USER"):
            server.login(str(settings["MAIL_USER"]), str(settings.get("MAIL_PASSWORD") or ""))
        try:
            refused = server.send_message(letter, to_addrs=list(addresses))
        except smtplib.SMTPRecipientsRefused as error:
            refused = error.recipients
            if any(code < 500 for code, _ in refused.values()):
                raise
    return {address: f"{code} {text.decode(errors='replace')}" for address, (code, text) in refused.items()}


def _connect(settings: Mapping[str, Any]) -> smtplib.SMTP:
    host, port = str(settings["MAIL_HOST"]), int(settings.get("MAIL_PORT") or 25)
    if not settings.get("MAIL_TLS"):
        return smtplib.SMTP(host, port, timeout=TIMEOUT)
    trusted = ssl.create_default_context()
    if port == IMPLICIT_TLS:
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT, context=trusted)
    server = smtplib.SMTP(host, port, timeout=TIMEOUT)
    try:
        server.starttls(context=trusted)
    except BaseException:
        server.close()
        raise
    return server


def _addresses(given: str | Sequence[str], book: str) -> tuple[list[str], list[str]]:
    """Addresses of the receivers `given`, each once, and the receivers that have none. `book` is the setting MAIL_TO."""
    entries = [entry.rpartition("=") for entry in _parts(book)]
    known = {group.strip(): address.strip() for group, _, address in entries if _ADDRESS.fullmatch(address.strip())}
    addresses: dict[str, None] = {}
    unknown: list[str] = []
    for name in _parts(given) or [""]:
        if _ADDRESS.fullmatch(name) and "." in name.rpartition("@")[2]:
            addresses[name] = None  # `noi_di@so_noi_vu` is a group: codes of bodies have no dot
            continue
        found = known.get(name) or known.get(name.partition("@")[0]) or known.get("")
        if found:
            addresses[found] = None
        else:
            unknown.append(name)
    return list(addresses), unknown


def _parts(given: str | Sequence[str]) -> list[str]:
    parts = re.split(r"[,;]", given) if isinstance(given, str) else [str(part) for part in given]
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))


def _one_line(text: str) -> str:
    """A header is one line: a line break in it would begin another header."""
    return " ".join(str(text).split())
