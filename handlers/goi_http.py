"""Topic `goi_http`: calls another system over HTTP and brings its answer into the case.

The installation decides where to: HTTP_HOSTS names the hosts (`api.tinh.example, *.bo.example, may-chu.example:8443`; without a port the
scheme's own). A host whose name leads to an address that is not public is refused unless HTTP_PRIVATE names its network (`10.1.0.0/16`).
The name is looked up once and exactly that address is connected to, so that a name cannot lead elsewhere the second time; redirects are
not followed. Secrets stand in the settings under a name (SECRETS, from LUANCHUYEN_SECRET_<name>); a diagram says the name only.

Every call carries the job's id as Idempotency-Key: the same for each repetition, never the same for other work.
"""

from __future__ import annotations

import base64
import ipaddress
import json
import re
import socket
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, urlsplit

import urllib3

from engine import Job, handler

TIMEOUT = 30.0
LONGEST_TIMEOUT = 300.0
LARGEST = 2_000_000
"""Bytes of an answer; more is refused."""
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"})
PORTS = {"http": 80, "https": 443}
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")
_OWN = frozenset({"host", "content-length", "transfer-encoding", "connection", "idempotency-key", "accept-encoding"})
_HIDDEN = tuple(ipaddress.ip_network(network) for network in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""IPv6 networks that lead to IPv4 addresses, private ones as well."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotAllowed(Exception):
    """The settings of this installation do not allow the call."""


class CallFailed(Exception):
    """The other system did not answer as expected: tried again, then an incident."""


@handler("goi_http")
def goi_http(
    job: Job,
    dia_chi: str,
    phuong_thuc: str = "GET",
    noi_dung: Any = None,
    dau_thu: Mapping[str, str] | None = None,
    bi_mat: str = "",
    kieu_xac_thuc: str = "Bearer",
    thoi_han: float = TIMEOUT,
    chap_nhan: Sequence[int] = (),
) -> dict[str, Any]:
    """Send `noi_dung` to `dia_chi` with `phuong_thuc`; the answer as `ket_qua_http`: `ma` (status), `noi_dung` (JSON, else text).

    `noi_dung`: text as it is, anything else as JSON. `dau_thu`: headers. `bi_mat`: name of a secret, sent as `kieu_xac_thuc` says: Bearer,
    Basic (the secret is name:password), or the name of a header. `thoi_han`: seconds for all of it. `chap_nhan`: statuses beside 2xx that
    are an answer; all others raise CallFailed. Raises NotAllowed.
    """
    url = _split(dia_chi)
    port = url.port or PORTS[url.scheme]
    method = phuong_thuc.upper()
    if method not in METHODS:
        raise NotAllowed(f"Expected one of the methods {', '.join(sorted(METHODS))}, but found {method[:20]}")
    _check_host(url, port, str(job.settings.get("HTTP_HOSTS") or ""))
    address = _resolve(url.hostname or "", port, str(job.settings.get("HTTP_PRIVATE") or ""))
    body, headers = _body(noi_dung)
    headers |= _headers(dau_thu or {}) | _authorization(job.settings, bi_mat, kieu_xac_thuc)
    headers |= {"Host": url.netloc, "Idempotency-Key": job.id, "User-Agent": "luanchuyen", "Accept-Encoding": "identity"}
    status, content = _send(url, port, address, method, body, headers, min(float(thoi_han), LONGEST_TIMEOUT))
    if not 200 <= status < 300 and status not in chap_nhan:
        # Not what it said: that may repeat what we sent, and this sentence is shown and logged.
        raise CallFailed(f"Expected {url.hostname} to answer with success, but found status {status}")
    job.record("http.called", host=url.hostname, method=method, status=status)
    return {"ket_qua_http": {"ma": status, "noi_dung": _read(content)}}


def _split(text: str) -> SplitResult:
    url = urlsplit(str(text).strip())
    try:
        port = url.port
    except ValueError:
        port = -1
    if url.scheme not in PORTS or not url.hostname or url.username is not None or port == -1 or re.search(r"[\s\x00-\x1f\\]", url.geturl()):
        raise NotAllowed("Expected an address as https://host/path, without a name and password in it")
    return url


def _check_host(url: SplitResult, port: int, allowed: str) -> None:
    host = url.hostname or ""
    for entry in (part.strip().lower() for part in allowed.split(",")):
        name, _, number = entry.partition(":")
        fits = host.endswith(name[1:]) and host != name[2:] if name.startswith("*.") else host == name
        if name and fits and (port == int(number) if number.isdecimal() else port == PORTS[url.scheme]):
            return
    raise NotAllowed(f"Host {host}, port {port} is not among those that this installation may call (LUANCHUYEN_HTTP_HOSTS)")


def _resolve(host: str, port: int, private: str) -> Address:
    """The address to connect to. Every address of the name must be allowed: one that is not is a sign of a name that misleads."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CallFailed(f"Expected to find the address of {host}, but found: {error.strerror}") from None
    networks = [ipaddress.ip_network(part.strip()) for part in private.split(",") if part.strip()]
    addresses = [_plain(ipaddress.ip_address(str(entry[4][0]).partition("%")[0])) for entry in found]
    for address in addresses:
        public = address.is_global and not address.is_multicast and not any(address in hidden for hidden in _HIDDEN)
        if not public and not any(address in network for network in networks):
            raise NotAllowed(f"Host {host} leads to {address}, which is not public (LUANCHUYEN_HTTP_PRIVATE)")
    return addresses[0]


def _plain(address: Address) -> Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _body(content: Any) -> tuple[bytes | None, dict[str, str]]:
    if content is None:
        return None, {}
    if isinstance(content, str):
        return content.encode(), {"Content-Type": "text/plain; charset=utf-8"}
    return json.dumps(content, ensure_ascii=False, default=str).encode(), {"Content-Type": "application/json"}


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    for name, value in given.items():
        if not _HEADER.fullmatch(name) or name.lower() in _OWN or re.search(r"[\r\n\x00]", str(value)):
            raise NotAllowed(f"Header {name[:60]!r} cannot be set by a diagram")
    return {name: str(value) for name, value in given.items()}


def _authorization(settings: Mapping[str, Any], name: str, how: str) -> dict[str, str]:
    if not name:
        return {}
    secret = (settings.get("SECRETS") or {}).get(name)
    if not secret:
        raise NotAllowed(f"Expected the secret LUANCHUYEN_SECRET_{name} in the settings of this installation, but found none")
    if how == "Bearer":
        return {"Authorization": f"Bearer {secret}"}
    if how == "Basic":
        return {"Authorization": f"Basic {base64.b64encode(str(secret).encode()).decode()}"}
    return _headers({how: str(secret)})


def _send(
    url: SplitResult, port: int, address: Address, method: str, body: bytes | None, headers: Mapping[str, str], seconds: float
) -> tuple[int, bytes]:
    """Status and content. The connection goes to `address`; certificate and Host are those of the name."""
    end = time.monotonic() + seconds
    timeout = urllib3.Timeout(total=seconds)
    if url.scheme == "https":
        pool: urllib3.HTTPConnectionPool = urllib3.HTTPSConnectionPool(
            str(address), port, timeout=timeout, server_hostname=url.hostname, assert_hostname=url.hostname, retries=False
        )
    else:
        pool = urllib3.HTTPConnectionPool(str(address), port, timeout=timeout, retries=False)
    target = (url.path or "/") + (f"?{url.query}" if url.query else "")
    with pool:
        try:
            answer = pool.urlopen(method, target, body, headers, redirect=False, preload_content=False, decode_content=False)
            content = b""
            while part := answer.read1(65536, decode_content=False):
                content += part
                if len(content) > LARGEST:
                    raise CallFailed(f"Expected at most {LARGEST} bytes from {url.hostname}, but found more")
                if time.monotonic() > end:
                    raise CallFailed(f"Expected {url.hostname} to answer within {seconds:g} seconds, but it did not")
        except urllib3.exceptions.HTTPError as error:
            raise CallFailed(f"Expected {url.hostname} to answer within {seconds:g} seconds, but found {type(error).__name__}") from None
    return answer.status, content


def _read(content: bytes) -> Any:
    text = content.decode("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text
