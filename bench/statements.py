"""How many SQL statements a page sends, and which take how long: the pages, asked for in this process."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest import mock

from sqlalchemy import Engine, event

from bench.load import Request
from bench.peers.ours import SECRET
from bench.provinces import PASSWORD
from web import create_app


class Statements:
    """The application on a database, with everything that it asks of it. `found`: statement and seconds, of the last page."""

    def __init__(self, url: str, folder: str) -> None:
        given = {"LUANCHUYEN_DATABASE_URL": url, "LUANCHUYEN_FOLDER": folder, "LUANCHUYEN_SECRET_KEY": SECRET}
        with mock.patch.dict("os.environ", given):
            self.app = create_app()
        self.app.config["WTF_CSRF_ENABLED"] = False
        self.found: list[tuple[str, Any, float]] = []

    @contextmanager
    def signed_in(self, username: str) -> Iterator[Any]:
        with self.app.test_client() as client:
            client.post("/dang-nhap", data={"username": username, "password": PASSWORD})
            yield client

    def ask(self, client: Any, request: Request) -> int:
        """The status of its answer; `found` has what was asked of the database."""
        self.found.clear()
        headers: Mapping[str, str] = {name: value for name, value in request.headers.items() if name != "Cookie"}
        with self._listening():
            response = client.open(request.path, method=request.method, data=request.body, headers=headers)
        return int(response.status_code)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        began: list[float] = []

        def before(*_: Any) -> None:
            began.append(time.perf_counter())

        def after(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
            self.found.append((statement, parameters, time.perf_counter() - began.pop()))

        event.listen(Engine, "before_cursor_execute", before)
        event.listen(Engine, "after_cursor_execute", after)
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", before)
            event.remove(Engine, "after_cursor_execute", after)
