"""Topic `goi_http` against a real server on this machine, which the settings of these tests allow."""

from __future__ import annotations

import http.server
import json
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import Job
from engine.topics import discover
from handlers import goi_http

Answers = dict[str, Any]


class Server(http.server.ThreadingHTTPServer):
    """Answers as told and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answering)
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: tuple[int, dict[str, str], bytes] = (200, {"Content-Type": "application/json"}, b"{}")
        self.pause = 0.0
        self.port = self.server_address[1]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what these tests are about."""


class Answering(http.server.BaseHTTPRequestHandler):
    def answer(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.asked.append((self.command, self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        status, headers, content = server.answer
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for n in range(len(content)):
            time.sleep(server.pause)
            self.wfile.write(content[n : n + 1])

    do_GET = do_POST = do_PUT = answer

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def call(server: Server, settings: dict[str, Any] | None = None, path: str = "/can-bo?ma=7", **variables: Any) -> Any:
    allowed = {"HTTP_HOSTS": f"*.example, localhost:{server.port}", "HTTP_PRIVATE": "127.0.0.0/8, ::1/128"}
    job = Job("12-w3", "goi_http", settings={**allowed, **(settings or {})})
    given = {"dia_chi": f"http://localhost:{server.port}{path}", **variables}
    return discover()["goi_http"].call(job, given)["ket_qua_http"]


def test_it_sends_what_the_variables_say_and_brings_the_answer_back(server: Server) -> None:
    server.answer = (200, {}, '{"ho_ten": "Lê Thị An"}'.encode())
    found = call(server, phuong_thuc="post", noi_dung={"mã": 7}, dau_thu={"X-Ho-So": "p-1"})
    assert found == {"ma": 200, "noi_dung": {"ho_ten": "Lê Thị An"}}
    method, path, headers, body = server.asked[0]
    assert (method, path, json.loads(body)) == ("POST", "/can-bo?ma=7", {"mã": 7})
    assert (headers["host"], headers["x-ho-so"], headers["content-type"]) == (f"localhost:{server.port}", "p-1", "application/json")


def test_it_sends_the_job_s_id_so_that_a_repetition_is_recognised(server: Server) -> None:
    call(server)
    call(server)
    assert [headers["idempotency-key"] for _, _, headers, _ in server.asked] == ["12-w3", "12-w3"]


def test_it_takes_text_for_text(server: Server) -> None:
    server.answer = (200, {}, "không phải JSON".encode())
    assert call(server, phuong_thuc="PUT", noi_dung="chào")["noi_dung"] == "không phải JSON"
    assert server.asked[0][3].decode() == "chào"


@pytest.mark.parametrize(
    ("how", "header", "value"),
    [("Bearer", "authorization", "Bearer a:b"), ("Basic", "authorization", "Basic YTpi"), ("X-Key", "x-key", "a:b")],
)
def test_it_takes_a_secret_from_the_settings_by_its_name(server: Server, how: str, header: str, value: str) -> None:
    call(server, {"SECRETS": {"NOI_VU": "a:b"}}, bi_mat="NOI_VU", kieu_xac_thuc=how)
    assert server.asked[0][2][header] == value


def test_it_says_which_secret_is_missing(server: Server) -> None:
    with pytest.raises(goi_http.NotAllowed, match="LUANCHUYEN_SECRET_NOI_VU"):
        call(server, {"SECRET_KEY": "x"}, bi_mat="NOI_VU")
    assert server.asked == []


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
def test_it_fails_and_is_tried_again_when_the_answer_is_no_success(server: Server, status: int) -> None:
    server.answer = (status, {"Location": "/khac"}, "số căn cước 001".encode())
    with pytest.raises(goi_http.CallFailed, match=f"status {status}") as failed:
        call(server)
    assert "001" not in str(failed.value)
    assert len(server.asked) == 1


def test_it_takes_a_status_for_an_answer_that_the_diagram_names(server: Server) -> None:
    server.answer = (404, {}, b'"khong co"')
    assert call(server, chap_nhan=[404]) == {"ma": 404, "noi_dung": "khong co"}


@pytest.mark.parametrize(
    "hosts", ["", "khac.example", "localhost", "*.localhost:{port}", "ocalhost:{port}", "localhost:1", "127.0.0.1:{port}"]
)
def test_it_calls_no_host_that_the_settings_do_not_name(server: Server, hosts: str) -> None:
    with pytest.raises(goi_http.NotAllowed, match="LUANCHUYEN_HTTP_HOSTS"):
        call(server, {"HTTP_HOSTS": hosts.format(port=server.port)})
    assert server.asked == []


ADDRESSES = [
    "127.0.0.1", "10.0.0.8", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "::1", "fe80::1%eth0", "fd00::1",
    "::ffff:10.0.0.8", "64:ff9b::a00:8", "2002:a00:8::",
]  # fmt: skip


@pytest.mark.parametrize("address", ADDRESSES)
def test_it_refuses_a_name_that_leads_to_an_address_that_is_not_public(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", ("8.8.8.8", 80)), (0, 0, 0, "", (address, 80))])
    with pytest.raises(goi_http.NotAllowed, match="not public"):
        goi_http._resolve("x.example", 80, "")


def test_it_connects_to_the_address_that_it_has_checked(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads elsewhere the second time it is asked for leads nowhere else."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *given: Any, **named: Any) -> Any:
        asked.append(host)
        return real("127.0.0.1" if host == "doi.example" and asked.count(host) == 1 else host, *given, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    call(server, {"HTTP_HOSTS": f"doi.example:{server.port}"}, dia_chi=f"http://doi.example:{server.port}/x")
    assert asked.count("doi.example") == 1
    assert server.asked[0][2]["host"] == f"doi.example:{server.port}"


@pytest.mark.parametrize(
    "address", ["ftp://x.example/", "file:///etc/passwd", "http://a:b@x.example/", "//x", "http://x.example:99999/", "a b"]
)
def test_it_takes_only_addresses_of_the_web(server: Server, address: str) -> None:
    with pytest.raises(goi_http.NotAllowed, match="Expected an address"):
        call(server, dia_chi=address)


@pytest.mark.parametrize("headers", [{"Host": "x"}, {"Content-Length": "1"}, {"X": "a\r\nB: c"}, {"X Y": "a"}])
def test_it_does_not_let_a_diagram_set_headers_that_are_ours(server: Server, headers: dict[str, str]) -> None:
    with pytest.raises(goi_http.NotAllowed, match="Header"):
        call(server, dau_thu=headers)


def test_it_gives_up_on_a_server_that_drips(server: Server) -> None:
    server.answer, server.pause = (200, {}, b"x" * 200), 0.05
    with pytest.raises(goi_http.CallFailed, match=r"within 0\.3 seconds"):
        call(server, thoi_han=0.3)


def test_it_takes_no_more_than_it_can_store(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goi_http, "LARGEST", 100)
    server.answer = (200, {}, b"x" * 101)
    with pytest.raises(goi_http.CallFailed, match="at most 100 bytes"):
        call(server)


def test_it_fails_and_is_tried_again_when_nobody_listens(server: Server) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(goi_http.CallFailed):
        call(server, {"HTTP_HOSTS": f"localhost:{port}"}, dia_chi=f"http://localhost:{port}/")


def test_it_checks_the_certificate_against_the_name(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    request = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=x -addext subjectAltName=DNS:localhost"
    subprocess.run(["openssl", *request.split(), "-out", made, "-keyout", key], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = f"https://localhost:{server.port}/"
    with pytest.raises(goi_http.CallFailed, match="SSLError"):
        call(server, dia_chi=url)
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    assert call(server, dia_chi=url)["ma"] == 200
    with pytest.raises(goi_http.CallFailed, match="SSLError"):
        call(server, {"HTTP_HOSTS": f"127.0.0.1:{server.port}"}, dia_chi=f"https://127.0.0.1:{server.port}/")
