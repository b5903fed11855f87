"""A database of many cases of the rotation procedure, in all states, over three years: what is measured by bench.cases."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

import migrations
from bench import provinces
from bench.copies import NUMBERED, Copy, Press, Template, Words, load
from bench.originals import FOLDER, Original, scenarios, versions
from bench.provinces import Province
from engine import db, deployments
from engine.db import Base
from engine.models import Deployment, ProcessDefinition, Supervision

YEARS = timedelta(days=3 * 365)
RUNNING = 0.35
"""Share of cases that still run."""
PROVINCES = 34
CROWDED = 0.25
"""Share of cases in the first of them, besides its own."""


def fill(url: str, number: int, originals: Sequence[Original], seed: int = 2026) -> dict[str, int]:
    """Fill an empty database with at least `number` cases. Rows by table."""
    migrations.upgrade(url)
    dice = random.Random(seed)
    sessions = sessionmaker(db.create_engine(url))
    with sessions.begin() as session:
        deployed = _deploy(session)
        made = provinces.found(session, PROVINCES, scenarios()[0]["organisations"], dice)
        first = {name: (session.scalar(select(func.max(Base.metadata.tables[name].c.id))) or 0) + 1 for name in NUMBERED}
    bodies, people = {**made[0].bodies}, {**made[0].people}
    words = Words(bodies, people)
    chosen = _chosen(originals, made, number, dice)
    press, templates = Press(deployed, first, dice), {id(one): Template(one, words) for one in originals}
    copies = (press.make(templates[id(copy.original)], copy) for copy in chosen)
    counts = load(url, copies)
    with sessions.begin() as session:
        session.execute(
            insert(Supervision), [{"digest": digest, "principal": principal} for digest, principal in sorted(press.supervision)]
        )
    sessions.kw["bind"].dispose()
    return counts


def _deploy(session: Session) -> dict[tuple[str, int], int]:
    """Three versions, one a year."""
    for files in versions():
        deployments.deploy(session, FOLDER.name, files, note="Đo tải")
    now = db.now(session)
    for one in session.scalars(select(Deployment).order_by(Deployment.number)):
        session.execute(
            update(Deployment).where(Deployment.id == one.id).values(deployed_at=now - YEARS + timedelta(days=365 * (one.number - 1) - 1))
        )
    found = session.execute(select(ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.id))
    return {(key, version): id_ for key, version, id_ in found}


def _chosen(originals: Sequence[Original], made: Sequence[Province], number: int, dice: random.Random) -> Iterator[Copy]:
    """Copies in the order in which they began, so that numbers grow with time."""
    now = datetime.now(UTC)
    running = [one for one in originals if one.running]
    ended = [one for one in originals if not one.running]
    copies: list[Copy] = []
    cases = alive = 0
    while cases < number:
        original = dice.choice(running if alive < RUNNING * cases else ended)
        # One province has much more to do than the others, and so have its people.
        province = made[0] if dice.random() < CROWDED else dice.choice(made)
        copies.append(Copy(original, province, _days(original, now, dice), 0))
        states = [case["state"] for case in original.rows["process_instance"]]
        cases, alive = cases + len(states), alive + sum(state in ("active", "suspended") for state in states)
    copies.sort(key=lambda copy: copy.begun)
    yield from (Copy(copy.original, copy.province, copy.days, serial) for serial, copy in enumerate(copies, 1))


def _days(original: Original, now: datetime, dice: random.Random) -> int:
    """How many days later than its original: what runs stands as it would today, what is over was over some time within three years."""
    apart = (now - original.now).days - 1
    if not original.running:
        return apart - dice.randint(0, max(0, (YEARS - (original.now - original.begun)).days))
    # It has stood like that for a while, but no longer than until the next thing happens by itself.
    longest = (original.until - original.now).days - 1 if original.until else 365
    return apart - max(0, min(int(dice.expovariate(1 / 9)) if longest < 60 else dice.randint(0, 300), longest))
