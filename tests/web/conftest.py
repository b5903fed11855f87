"""The cast of the web tests, and their browser-like clients.

an: staff, files the application. binh and chi: heads of her section. duc: doctor, is only asked. em: a stranger. giang: supervises.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from engine import contents, deployments, instances
from engine import db as engine_db
from engine.models import ProcessInstance, User, UserTask
from web import accounts, create_app, language
from web.database import db

PASSWORD = "mat-khau-thu-nghiem"
FOLDER = Path(__file__).parent / "don_nghi"
CAST = {
    "an": ("Lê Thị An", ("nhan_vien@phong_a",)),
    "binh": ("Nguyễn Văn Bình", ("truong_phong@phong_a",)),
    "chi": ("Trần Thị Chi", ("truong_phong@phong_a",)),
    "duc": ("Đỗ Minh Đức", ("bac_si@tram_y_te",)),
    "em": ("Phạm Văn Em", ("truong_phong@phong_b",)),
    "giang": ("Vũ Hoàng Giang", ("giam_sat@van_phong",)),
}


class Compiled(BytecodeCache):
    """Templates that one test compiled are not compiled again by the next, who has an application of his own."""

    def __init__(self) -> None:
        self.kept = dict[str, bytes]()

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key] = bucket.bytecode_to_string()


TEMPLATES = Compiled()


class Browser:
    """A client that sends forms as a page would: with the token that the page holds."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def get(self, address: str, **options: Any) -> TestResponse:
        return self.client.get(address, **options)

    def token(self, page: str = "/dang-nhap") -> str:
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.client.get(page).text)
        assert found, f"{page} holds no token"
        return found[1]

    def post(self, address: str, data: dict[str, Any] | None = None, *, page: str | None = None, **options: Any) -> TestResponse:
        """Post `data` with the token of `page` (the account's page unless said)."""
        return self.client.post(address, data={"csrf_token": self.token(page or "/tai-khoan"), **(data or {})}, **options)


@pytest.fixture(scope="session", autouse=True)
def _catalogues() -> None:
    language.compile_catalogues()


@pytest.fixture(scope="session", autouse=True)
def _addresses() -> Iterator[None]:
    """What werkzeug writes as code for each address it writes once for all applications: it is told the rule that it is for."""
    compile_, written = Rule._compile_builder, dict[Any, Any]()

    def compile_once(rule: Rule, append_unknown: bool = True) -> Any:
        key = (rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown)
        if key not in written:
            written[key] = compile_(rule, append_unknown)
        return written[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Rule, "_compile_builder", compile_once)
        yield


@pytest.fixture(scope="session")
def password_hash() -> str:
    """One hash for the whole cast. As quick as argon2 allows, to make and to verify: it is slow by design."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)


@pytest.fixture
def app(database_url: str) -> Iterator[Flask]:
    """The application on an empty database of each kind."""
    # Figures that a busy machine counts slowly would be kept, and tests would see those of before.
    settings = {"SQLALCHEMY_DATABASE_URI": database_url, "SECRET_KEY": "test", "TESTING": False, "FIGURES_KEPT": 0}
    app = create_app(settings)
    app.jinja_env.bytecode_cache = TEMPLATES
    yield app
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture
def store(sessions: sessionmaker[Session], password_hash: str) -> sessionmaker[Session]:
    """The database with the cast and the process `don_nghi`."""
    with sessions.begin() as session:
        for code in ("phong_a", "phong_b", "tram_y_te", "van_phong"):
            accounts.organisation(session, code, {"phong_a": "Phòng A", "tram_y_te": "Trạm Y tế"}.get(code, code))
        for username, (name, roles) in CAST.items():
            _add(session, username, name, roles, password_hash)
        deployments.deploy(session, "don_nghi", contents.read_folder(FOLDER))
    return sessions


def _add(session: Session, username: str, name: str, roles: tuple[str, ...], password_hash: str) -> None:
    user = User(
        username=username, name=name, position="", email="", password_hash=password_hash, active=True, created_at=engine_db.now(session)
    )
    user.memberships = [accounts._membership(session, role) for role in roles]
    session.add(user)


@pytest.fixture
def case(store: sessionmaker[Session]) -> int:
    """A case of an's that waits for binh or chi. Its id."""
    with store.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        definition = deployments.latest(session, "don_nghi")
        return instances.start(session, definition, {"ly_do": "về quê Bình Định", "so_ngay": 3}, user=an, business_key="ĐN 01/2026").id


@pytest.fixture
def log_in(app: Flask, store: sessionmaker[Session]) -> Callable[[str], Browser]:
    """log_in("an") gives a browser in which an is logged in."""

    def enter(username: str) -> Browser:
        browser = Browser(app.test_client())
        said = browser.post("/dang-nhap", {"username": username, "password": PASSWORD}, page="/dang-nhap")
        assert said.status_code == 302, said.text
        return browser

    return enter


@pytest.fixture
def analysts(store: sessionmaker[Session], password_hash: str) -> None:
    """phuc and oanh change drafts; ngoc may release too."""
    with store.begin() as session:
        for username, name, role in (
            ("phuc", "Hồ Thiên Phúc", "phan_tich"),
            ("oanh", "Vũ Kim Oanh", "phan_tich"),
            ("ngoc", "Bảo Ngọc", "ban_hanh"),
        ):
            _add(session, username, name, (f"{role}@phong_a",), password_hash)


@pytest.fixture
def task_of(store: sessionmaker[Session]) -> Callable[[int, str], int]:
    """task_of(case, "xet") gives the id of the open task at that element."""

    def find(case: int, element: str) -> int:
        with store() as session:
            query = select(UserTask.id).where(UserTask.instance_id == case, UserTask.element_id == element, UserTask.state == "open")
            return session.scalars(query).one()

    return find


@pytest.fixture
def case_state(store: sessionmaker[Session]) -> Callable[[int], str]:
    def read(case: int) -> str:
        with store() as session:
            return session.get_one(ProcessInstance, case).state

    return read
