"""Fictional provinces: their bodies, their people, and what they are called. No such province exists."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from bench.originals import BEGIN, ROLES, UNITS
from engine.models import Membership, Organisation, User
from web import accounts

PASSWORD = "mat-khau-rat-dai-2026"
CADRES = 60
"""People of each province who may be rotated, apart from those who handle cases."""
FAMILIES = (
    "Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý", "Mai", "Đinh",
)  # fmt: skip
MIDDLES = ("Văn", "Thị", "Minh", "Quốc", "Thanh", "Ngọc", "Đức", "Hữu", "Xuân", "Thu", "Hồng", "Quang", "Mạnh", "Kim", "Bảo", "Gia")
GIVEN = (
    "An", "Bình", "Cường", "Dũng", "Đạt", "Hà", "Hạnh", "Hòa", "Hùng", "Huệ", "Khánh", "Lan", "Liên", "Long", "Mai", "Nam", "Nga", "Nghĩa",
    "Oanh", "Phúc", "Quỳnh", "Sơn", "Tâm", "Thảo", "Thủy", "Toàn", "Trang", "Tuấn", "Uyên", "Vinh", "Yến",
)  # fmt: skip
HEADS = ("Lam", "Khê", "Tùng", "Mạc", "Vân", "Cẩm", "Thạch", "Đông")
TAILS = ("Giang", "Khê", "Sơn", "Hải", "Lĩnh", "Thủy", "Châu")
TOLD = ("Trần Văn An", "Phạm Văn Cường", "Lê Thị Hoa", "Đỗ Văn Kiên")
"""Names that the scenarios write into forms."""
CANDIDATES = {"binh": "Nguyễn Văn Bình", "dung": "Hoàng Văn Dũng", "hanh": "Vũ Thị Hạnh"}
"""Accounts of the scenarios, of people who are rotated."""


@dataclass
class Province:
    """One of them. `bodies` and `people`: what the originals call them -> what they are called here, and their numbers."""

    name: str
    bodies: dict[str, str]
    people: dict[str, str]
    numbers: dict[str, int] = field(default_factory=dict)
    """Code of a body, or account -> its row."""
    cadres: list[tuple[str, str]] = field(default_factory=list)
    """Account and name."""


def names(dice: random.Random) -> str:
    return f"{dice.choice(FAMILIES)} {dice.choice(MIDDLES)} {dice.choice(GIVEN)}"


def found(session: Session, number: int, codes: Mapping[str, str], dice: random.Random) -> list[Province]:
    """`number` provinces with all their people. `codes`: bodies of the originals and what they are called there."""
    called = [f"{head} {tail}" for head, tail in product(HEADS, TAILS) if head != tail][:number]
    made = [_province(session, place, name, codes, dice) for place, name in enumerate(called, 1)]
    users = {name: id_ for name, id_ in session.execute(select(User.username, User.id))}  # noqa: C416
    bodies = {code: id_ for code, id_ in session.execute(select(Organisation.code, Organisation.id))}  # noqa: C416
    members = []
    for province in made:
        province.numbers = {code: bodies[code] for code in province.bodies.values()}
        province.numbers |= {name: users[name] for name in [*province.people.values(), *(name for name, _ in province.cadres)]}
        for role, body in ((one.partition("@")[0], one.partition("@")[2]) for one in ROLES):
            for place in range(1, ROLES[f"{role}@{body}"] + 1):
                name = account(role, body, place)
                members.append({"user_id": users[province.people[name]], "organisation_id": bodies[province.bodies[body]], "role": role})
        for place, (name, _) in enumerate(province.cadres):
            body = province.bodies[UNITS[place % len(UNITS)]]
            members.append({"user_id": users[name], "organisation_id": bodies[body], "role": "can_bo"})
    session.execute(insert(Membership), members)
    return made


def account(role: str, body: str, place: int) -> str:
    """What the originals call somebody who handles cases."""
    return f"{role}_{place}" if role == "giam_sat" else f"{role}_{body}_{place}"


def _province(session: Session, place: int, name: str, codes: Mapping[str, str], dice: random.Random) -> Province:
    bodies = {code: f"{code}_{place:02d}" for code in codes}
    session.execute(insert(Organisation), [{"code": new, "name": f"{codes[code]} {name}"} for code, new in bodies.items()])
    people = {}
    for asked, count in ROLES.items():
        role, _, body = asked.partition("@")
        people |= {(old := account(role, body, n)): f"{old}_{place:02d}" for n in range(1, count + 1)}
    cadres = [(f"can_bo_{place:02d}_{n:02d}", names(dice)) for n in range(1, CADRES + 1)]
    # One password for all: to make it takes a tenth of a second, and there are thousands.
    hashed = _hashed()
    rows = [(new, names(dice)) for new in people.values()] + cadres
    session.execute(
        insert(User),
        [{"username": new, "name": called, "password_hash": hashed, "created_at": BEGIN} for new, called in rows],
    )
    return Province(name, bodies, people, cadres=cadres)


def _hashed() -> str:
    if not _made:
        _made.append(accounts._hash(PASSWORD))
    return _made[0]


_made: list[str] = []
