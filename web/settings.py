"""Settings of an installation: environment variables `LUANCHUYEN_...`, each with a default that works on one machine.

LUANCHUYEN_FOLDER         var                              where the database file and the secret key live
LUANCHUYEN_DATABASE_URL   sqlite:///<folder>/luanchuyen.sqlite
LUANCHUYEN_SECRET_KEY     made once and kept in <folder>/secret-key
LUANCHUYEN_MAX_UPLOAD     25000000                         bytes of one request
LUANCHUYEN_SESSION_HOURS  8                                hours without a click until a session ends
LUANCHUYEN_HTTPS          0                                1: cookies travel over HTTPS only
LUANCHUYEN_PROXIES        0                                how many proxies stand in front and add X-Forwarded-For
LUANCHUYEN_TEST_DATA      0                                1: every page says that this is no real installation
LUANCHUYEN_RELEASE_ROLES  ban_hanh                         roles, comma-separated, whose holders may release a version of a process
LUANCHUYEN_RELEASE_APPROVAL 0                              1: a release takes a second person, who approves it
LUANCHUYEN_EDIT_ROLES     phan_tich,ban_hanh               roles whose holders may change drafts of processes in the studio
LUANCHUYEN_MAIL_HOST, _MAIL_PORT, _MAIL_USER, _MAIL_PASSWORD, _MAIL_FROM, _MAIL_TO, _MAIL_TLS    empty: mail is recorded as not sent
LUANCHUYEN_REMINDERS      1                                where mail is set up, people are reminded of tasks; 0: only by hand
LUANCHUYEN_HEAD_ROLES     lanh_dao                         roles whose holders are heads of their bodies: told of tasks that stay late
LUANCHUYEN_ADDRESS        empty                            address of this site for letters, such as https://luanchuyen.tinh.example
LUANCHUYEN_SECRET_KEY_OLD empty                            the former secret key, while it is being changed
LUANCHUYEN_SECRET_<NAME>  none                             secrets that diagrams name, for handlers only
LUANCHUYEN_HTTP_HOSTS     empty                            hosts that the topic goi_http may call; LUANCHUYEN_HTTP_PRIVATE: networks of ours
LUANCHUYEN_BROKER         empty                            address of the broker that carries jobs to Celery
    LUANCHUYEN_QUEUES         empty                            topic=queue, ...: topics with workers of their own
LUANCHUYEN_RETENTION      empty: never purged              process=months, ...: finished cases are archived and purged so long after
                                                           their end; *=months: every other process
LUANCHUYEN_ARCHIVE_FOLDER <folder>/luu-tru                 where the archives of finished cases are written
LUANCHUYEN_LEASE          300                              seconds after which others take over what a process died with
LUANCHUYEN_METRICS_PORT   0: none                          where Celery's worker offers its figures to this machine
LUANCHUYEN_METRICS_TOKEN  empty                            token for /metrics; empty: only this machine may ask
LUANCHUYEN_FIGURES_KEPT   600                              seconds at most for which figures that took long to count are shown again;
                                                           counts of the present for a minute at most; 0: count every time
LUANCHUYEN_LOG            text                             json: one JSON object a line
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

PREFIX = "LUANCHUYEN_"


class SettingsError(Exception):
    """A setting is not what is expected."""


def read(environ: Mapping[str, str]) -> dict[str, Any]:
    """Flask configuration from environment variables. Raises SettingsError."""
    given = {name.removeprefix(PREFIX): value for name, value in environ.items() if name.startswith(PREFIX)}
    folder = Path(given.get("FOLDER", "var")).resolve()
    return {
        "FOLDER": str(folder),
        "SQLALCHEMY_DATABASE_URI": given.get("DATABASE_URL") or f"sqlite:///{folder / 'luanchuyen.sqlite'}",
        "SECRET_KEY": given.get("SECRET_KEY") or _kept_secret(folder),
        "FIGURES_KEPT": _whole(given, "FIGURES_KEPT", 600),
        "MAX_CONTENT_LENGTH": _whole(given, "MAX_UPLOAD", 25_000_000),
        # What a form may hold besides files; a long report in a text field is well below this.
        "MAX_FORM_MEMORY_SIZE": 4_000_000,
        "MAX_FORM_PARTS": 5_000,
        "PERMANENT_SESSION_LIFETIME": timedelta(hours=_whole(given, "SESSION_HOURS", 8)),
        "SESSION_COOKIE_SECURE": _yes(given, "HTTPS"),
        "PROXIES": _whole(given, "PROXIES", 0),
        "TEST_DATA": _yes(given, "TEST_DATA"),
        "RELEASE_ROLES": _words(given, "RELEASE_ROLES", "ban_hanh"),
        "RELEASE_APPROVAL": _yes(given, "RELEASE_APPROVAL"),
        "EDIT_ROLES": _words(given, "EDIT_ROLES", "phan_tich,ban_hanh"),
        "MAIL_HOST": given.get("MAIL_HOST", ""),
        "MAIL_PORT": _whole(given, "MAIL_PORT", 25),
        "MAIL_USER": given.get("MAIL_USER", ""),
        "MAIL_PASSWORD": given.get("MAIL_PASSWORD", ""),
        "MAIL_FROM": given.get("MAIL_FROM", ""),
        "MAIL_TO": given.get("MAIL_TO", ""),
        "MAIL_TLS": _yes(given, "MAIL_TLS"),
        "REMINDERS": _yes(given, "REMINDERS", "1"),
        "HEAD_ROLES": _words(given, "HEAD_ROLES", "lanh_dao"),
        "TASK_ADDRESS": _task_address(given),
        "SECRET_KEY_FALLBACKS": [given["SECRET_KEY_OLD"]] if given.get("SECRET_KEY_OLD") else [],
        "SECRETS": {name.removeprefix("SECRET_"): value for name, value in given.items() if _is_secret(name)},
        "HTTP_HOSTS": given.get("HTTP_HOSTS", ""),
        "HTTP_PRIVATE": given.get("HTTP_PRIVATE", ""),
        "BROKER": given.get("BROKER", ""),
        "QUEUES": dict(part.strip().split("=", 1) for part in given.get("QUEUES", "").split(",") if "=" in part),
        "RETENTION": _months(given),
        "ARCHIVE_FOLDER": str(Path(given.get("ARCHIVE_FOLDER") or folder / "luu-tru").resolve()),
        "LEASE": timedelta(seconds=max(1, _whole(given, "LEASE", 300))),
        "METRICS_PORT": _whole(given, "METRICS_PORT", 0),
        "METRICS_TOKEN": given.get("METRICS_TOKEN", ""),
        "LOG": _one_of(given, "LOG", "text", "json"),
        # What a failed statement was given is case data: it must not reach the log. And one connection for each thread that answers
        # (`serve` has 32, deploy/'s gunicorn 16): none waits for another's, or makes one anew.
        "SQLALCHEMY_ENGINE_OPTIONS": {"hide_parameters": True, "pool_size": 32, "max_overflow": 8},
    }


def _months(given: Mapping[str, str]) -> dict[str, int]:
    """Months by process. What is not understood must stop the start: the rule says what is deleted for good."""
    found: dict[str, int] = {}
    for part in filter(None, map(str.strip, given.get("RETENTION", "").split(","))):
        key, _, months = (word.strip() for word in part.partition("="))
        if not key or not months.isdecimal() or not 1 <= int(months) <= 1200 or key in found:
            raise SettingsError(f"Expected {PREFIX}RETENTION to be process=months, each process once, 1 to 1200 months, but found {part!r}")
        found[key] = int(months)
    return found


def _is_secret(name: str) -> bool:
    """Those for handlers, not the key that signs sessions."""
    return name.startswith("SECRET_") and name not in ("SECRET_KEY", "SECRET_KEY_OLD")


def _one_of(given: Mapping[str, str], name: str, *choices: str) -> str:
    text = given.get(name, "").strip().lower() or choices[0]
    if text not in choices:
        raise SettingsError(f"Expected {PREFIX}{name} to be {' or '.join(choices)}, but found {text!r}")
    return text


def _words(given: Mapping[str, str], name: str, default: str) -> frozenset[str]:
    return frozenset(word.strip() for word in given.get(name, default).split(",") if word.strip())


def _whole(given: Mapping[str, str], name: str, default: int) -> int:
    text = given.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal():
        raise SettingsError(f"Expected {PREFIX}{name} to be a whole number, but found {text!r}")
    return int(text)


def _task_address(given: Mapping[str, str]) -> str:
    """Where a task is found, with {task} for its number; empty when nobody has said where this site is."""
    address = given.get("ADDRESS", "").strip().rstrip("/")
    if address and (not address.startswith(("https://", "http://")) or any(sign in address for sign in "{} ")):
        raise SettingsError(f"Expected {PREFIX}ADDRESS to be an address such as https://luanchuyen.tinh.example, but found {address!r}")
    return f"{address}/viec/{{task}}" if address else ""


def _yes(given: Mapping[str, str], name: str, default: str = "0") -> bool:
    text = given.get(name, default).strip().lower()
    if text not in {"0", "1", "no", "yes", "false", "true", ""}:
        raise SettingsError(f"Expected {PREFIX}{name} to be 0 or 1, but found {text!r}")
    return text in {"1", "yes", "true"}


def _kept_secret(folder: Path) -> str:
    """The secret of this installation, made at the first start. Sessions survive a restart because it is kept."""
    file = folder / "secret-key"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return file.read_text().strip()
    with os.fdopen(descriptor, "w") as stream:
        secret = secrets.token_urlsafe(48)
        stream.write(secret)
    return secret
