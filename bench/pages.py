"""The pages of a supervisor and of somebody with much work, asked for as a browser asks for them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bench.load import Request
from engine.models import HistoryEvent, Organisation, ProcessInstance, User, UserTask

PROCESSES = ("luan_chuyen_can_bo", "luan_chuyen_nhan_su", "danh_gia_luan_chuyen", "bo_tri_sau_luan_chuyen")
FIGURES = (
    "overview of all processes",
    "overview of one process",
    "the same, period and body chosen",
    "numbers on its diagram",
    "ways taken (heat map)",
    "ways on its diagram",
    "charts",
    "charts of a year, one version",
    "list of cases",
    "list, sorted",
    "open tasks",
)
"""Pages of which something is kept for a while once it was counted."""
KEY = "luan_chuyen_nhan_su"


def get(path: str, headers: Mapping[str, str], **parameters: Any) -> Request:
    given = urlencode({name: value for name, value in parameters.items() if value is not None})
    return Request("GET", path + ("?" + given if given else ""), headers=headers, fine=frozenset({200, 304}))


class Asked:
    """What there is to ask for in this database."""

    def __init__(self, session: Session, dice: random.Random) -> None:
        self.dice = dice
        self.cases = list(session.scalars(select(ProcessInstance.id).order_by(func.random()).limit(400)))
        longest = select(HistoryEvent.instance_id).group_by(HistoryEvent.instance_id).order_by(func.count().desc()).limit(40)
        self.longest = list(session.scalars(longest))
        opened = select(UserTask.element_id, UserTask.organisation_id, UserTask.assignee_id).where(UserTask.state == "open")
        self.tasks = list(session.execute(opened.order_by(func.random()).limit(400)))
        self.names = list(session.scalars(select(User.name).order_by(func.random()).limit(200)))
        self.keys = list(session.scalars(select(ProcessInstance.business_key).order_by(func.random()).limit(200)))
        self.bodies = list(session.scalars(select(Organisation.id).order_by(func.random()).limit(100)))

    def filters(self) -> dict[str, dict[str, Any]]:
        """Every filter of the list, each with a value that occurs."""
        dice, task = self.dice, self.dice.choice(self.tasks)
        day = datetime.now(UTC) - timedelta(days=dice.randint(30, 900))
        soon = datetime.now(UTC) + timedelta(days=dice.randint(-20, 20))

        def span(name: str, begin: datetime, days: int) -> dict[str, str]:
            return {f"{name}from": f"{begin:%d/%m/%Y}", f"{name}to": f"{begin + timedelta(days=days):%d/%m/%Y}"}

        word = dice.choice([dice.choice(self.names).split()[-1], dice.choice(self.names), dice.choice(self.keys)])
        process = dice.choice(PROCESSES)
        return {
            "words": {"q": word},
            "state": {"state": dice.choice(("running", "active", "suspended", "ended", "completed", "cancelled", "failed"))},
            "process": {"process": process},
            "version": {"process": process, "version": dice.choice((1, 2, 3))},
            "step": {"process": KEY, "step": task.element_id},
            "organisation": {"organisation": task.organisation_id or dice.choice(self.bodies)},
            "holder": {"holder": task.assignee_id or "-"},
            "body": {"body": dice.choice(self.bodies)},
            "late": {"late": 1},
            "incident": {"incident": 1},
            "started": span("", day, dice.choice((7, 90, 365))),
            "ended": span("ended_", day, dice.choice((7, 90, 365))),
            "due": span("due_", soon, 7),
            "variable": {"process": KEY, "v:can_bo.ho_ten": dice.choice(self.names).split()[-1]},
            "date": {"process": KEY, "tu:can_bo.ngay_sinh": "01/01/1978", "den:can_bo.ngay_sinh": "31/12/1986"},
            "where": {"process": KEY, "v:du_kien.to_chuc_noi_den": "Tân Lập"},
        }

    def triples(self, number: int) -> Iterator[tuple[str, dict[str, Any]]]:
        """Combinations of three filters, so many of them (0: all), each with values by chance and some order."""
        all_ = list(combinations(self.filters(), 3))
        for three in self.dice.sample(all_, number) if number else all_:
            found: dict[str, Any] = {}
            given = self.filters()
            for one in three:
                found |= given[one]
            if self.dice.random() < 0.3:
                found["sort"] = self.dice.choice(("title", "-title", "due", "-due", "ended", "-ended", "key", "state", "started"))
            yield ", ".join(three), found


def of_supervisor(asked: Asked, headers: Mapping[str, str], number: int) -> dict[str, list[Request]]:
    """Page -> requests."""
    dice = asked.dice
    monitor = "/giam-sat/quy-trinh"

    def cases(path: str, among: Sequence[int] = ()) -> list[Request]:
        return [get(path.format(dice.choice(among or asked.cases)), headers) for _ in range(number)]

    def of_process(path: str, **parameters: Any) -> list[Request]:
        made = []
        for place in range(number):
            given = {name: (dice.choice(value) if isinstance(value, tuple) else value) for name, value in parameters.items()}
            made.append(get(f"{monitor}/{PROCESSES[place % len(PROCESSES)]}{path}", headers, **given))
        return made

    return {
        "overview of all processes": [get("/giam-sat", headers)] * number,
        "overview of one process": of_process("", version=(1, 2, 3)),
        "the same, period and body chosen": of_process("", version=(1, 2, 3), days=(30, 365), body=tuple(asked.bodies)),
        "numbers on its diagram": of_process("/so-do.json", version=(1, 2, 3)),
        "ways taken (heat map)": of_process("", view="paths", version=(1, 2, 3)),
        "ways on its diagram": of_process("/so-do.json", view="paths", version=(1, 2, 3)),
        "charts": of_process("/bieu-do"),
        "charts of a year, one version": of_process("/bieu-do", days=365, version=(1, 2, 3)),
        "list of cases": [get("/giam-sat/ho-so", headers, page=dice.choice((None, 2, 40, 900))) for _ in range(number)],
        "list, sorted": [
            get("/giam-sat/ho-so", headers, sort=dice.choice(("title", "-title", "due", "ended", "key", "process"))) for _ in range(number)
        ],
        "search by words": [get("/giam-sat/ho-so", headers, q=_word(asked)) for _ in range(number)],
        "incidents": [get("/giam-sat/su-co", headers)] * number,
        "open tasks": [get("/giam-sat/viec", headers)] * number,
        "a case, to steer": cases("/giam-sat/ho-so/{}"),
        "a case, how it went": cases("/ho-so/{}"),
        "a case, log": cases("/ho-so/{}/nhat-ky"),
        "a case, longest": cases("/ho-so/{}", asked.longest),
        "a case, its diagram": cases("/ho-so/{}/so-do.json"),
        "a case, the slider": cases("/ho-so/{}/dien-lai.json"),
        "the slider, longest": cases("/ho-so/{}/dien-lai.json", asked.longest),
        "cases of a reader": [get("/ho-so", headers)] * number,
    }


def _word(asked: Asked) -> str:
    return asked.dice.choice(
        (asked.dice.choice(asked.names).split()[-1], asked.dice.choice(asked.names), asked.dice.choice(asked.keys), "luan chuyen")
    )


def of_staff(asked: Asked, headers: Mapping[str, str], number: int) -> dict[str, list[Request]]:
    """Page -> requests of somebody with much work."""
    return {
        "inbox of a busy person": [get("/", headers)] * number,
        "inbox, searched": [get("/", headers, q=_word(asked)) for _ in range(number)],
        "work of his body": [get("/viec-don-vi", headers)] * number,
        "work done": [get("/viec-da-lam", headers)] * number,
    }
