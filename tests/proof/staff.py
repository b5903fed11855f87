"""The people of the load: signed in, each with a browser of his own, starting cases and handing in tasks over HTTP."""

from __future__ import annotations

import random
import re
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

import urllib3
from urllib3.exceptions import HTTPError

from tests.proof.board import Board, Work
from tests.proof.load import PASSWORD

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
SIGNED_OUT = (400, 401)


class Unanswered(Exception):
    """Whether it was done is not known."""


@dataclass
class Done:
    """What was answered with success: this must be in the database."""

    started: list[tuple[int, int]] = field(default_factory=list)
    """Number and id of cases."""
    handed_in: list[tuple[int, str]] = field(default_factory=list)
    """Id of the task, and who was told that it is done."""


class Person:
    """Signed in. Goes to another address when one does not answer, as a load balancer would lead him."""

    def __init__(self, username: str, addresses: list[str]) -> None:
        self.username = username
        self._addresses = addresses
        self._browser = urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(connect=5, read=60))
        self._cookies: dict[str, str] = {}
        self._token = ""

    def post(self, path: str, fields: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Send a form. Raises Unanswered."""
        if not self._token:
            self._sign_in()
        answer = self._ask("POST", path, {**fields, "csrf_token": self._token})
        if answer.status in SIGNED_OUT:
            self._token = ""
        return answer

    def _sign_in(self) -> None:
        self._cookies.clear()
        page = self._ask("GET", "/dang-nhap")
        token = TOKEN.search(page.data.decode())
        if token is None:
            raise Unanswered(page.status)
        entered = {"csrf_token": token[1], "username": self.username, "password": PASSWORD}
        status = self._ask("POST", "/dang-nhap", entered).status
        if status != 302:
            raise Unanswered(status)
        token = TOKEN.search(self._ask("GET", "/quy-trinh/chinh/khoi-tao").data.decode())
        if token is None:
            raise Unanswered("form")
        self._token = token[1]

    def _ask(self, method: str, path: str, fields: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        address = random.choice(self._addresses)
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        try:
            body = urlencode(fields) if fields else None
            headers |= {"Content-Type": "application/x-www-form-urlencoded"} if fields else {}
            answer = self._browser.request(method, address + path, body=body, headers=headers, redirect=False)
        except HTTPError as error:
            raise Unanswered(type(error).__name__) from None
        for cookie in answer.headers.getlist("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        return answer


class Staff:
    """People at work, each in a thread."""

    def __init__(self, board: Board, usernames: tuple[str, ...], addresses: list[str]) -> None:
        self.done = Done()
        self.answers: Counter[str] = Counter()
        """How often each status was answered, by kind of request; `-` for none."""
        self.pages: list[str] = []
        """Answers that no person should ever see."""
        self._board = board
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work, args=(Person(name, addresses),), daemon=True) for name in usernames]

    def begin(self) -> None:
        for thread in self._threads:
            thread.start()

    def go_home(self) -> None:
        for thread in self._threads:
            thread.join(90)

    def _work(self, person: Person) -> None:
        while (work := self._board.take()) is not None:
            known = False
            try:
                known = self._do(person, work)
            except Unanswered as reason:
                signing_in = str(reason).isdecimal()
                strange = signing_in and str(reason) != "503"
                self._note(f"sign in {reason}" if signing_in else f"{work.kind} -", f"log-in answered {reason}" if strange else "")
            except Exception as error:
                # A fault of the proof itself must not look like a fault of the installation.
                self._note("fault", repr(error))
            finally:
                self._board.give_back(work, known)

    def _note(self, what: str, page: str = "") -> None:
        with self._lock:
            self.answers[what] += 1
            if page:
                self.pages.append(page)

    def _do(self, person: Person, work: Work) -> bool:
        """Whether it is known that this work is done."""
        answer = person.post(work.path, work.fields)
        strange = answer.status not in (302, 409, 503, *SIGNED_OUT)
        self._note(f"{work.kind} {answer.status}", answer.data.decode()[:2000] if strange else "")
        if answer.status != 302:
            return answer.status == 409
        with self._lock:
            if work.task_id is None:
                self.done.started.append((work.number, int(answer.headers["Location"].rpartition("/")[2])))
            else:
                self.done.handed_in.append((work.task_id, person.username))
        return True
