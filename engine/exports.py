"""Exports: a file made of a list of cases. A short list is written at once; a long one part by part, by the workers, and kept for a day.

The cases are those that were listed when it was asked for; each part is read in the right of who asked at the moment it is read.
"""

from __future__ import annotations

import csv
import io
import tempfile
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
import zstandard
from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload, sessionmaker, undefer

from engine import db, identity, jobs, standing
from engine.errors import Invalid, NotFound
from engine.forecasts import cases as forecasts
from engine.models import Export, ExportPart, ExportPiece, Job, Keyword, ProcessInstance, User

CSV, XLSX, CASEFILE = "csv", "xlsx", "casefile"
JOBS = {CSV: jobs.EXPORT, XLSX: jobs.EXPORT, CASEFILE: jobs.CASEFILE}
MAKING, READY = "making", "ready"
CHUNK = 500
MOST = {CSV: 200_000, XLSX: 200_000, CASEFILE: 500}
"""Cases of one file."""
AT_ONCE = 3
"""Files of one person under way."""
KEPT = timedelta(days=1)
TOPIC = "luanchuyen.export"
"""Puts its job among the slow ones, so that it never holds up the steps of cases."""
MOMENTS = frozenset({"due", "expected", "started", "ended"})
VARIABLE = "v:"
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


# --- asking for it -----------------------------------------------------------------------------------------------------------------------


def ask(session: Session, user: User, format_: str, name: str, numbers: Sequence[int], arguments: Mapping[str, Any]) -> Export:
    """Have a file made of these cases. `arguments`: `columns` (pairs of key and heading) and `states` (words). Raises Invalid."""
    if format_ not in JOBS:
        raise Invalid(expected=f"one of {', '.join(JOBS)}", found=format_)
    if len(numbers) > MOST[format_]:
        raise Invalid(expected=f"at most {MOST[format_]} cases in one file", found=str(len(numbers)))
    making = select(func.count(Export.id)).where(Export.user_id == user.id, Export.state == MAKING)
    if (session.scalar(making) or 0) >= AT_ONCE:
        raise Invalid(expected=f"at most {AT_ONCE} files under way for one person", found="one more")
    export = Export(
        user_id=user.id,
        format=format_,
        name=name,
        state=MAKING,
        arguments=dict(arguments),
        numbers=zstandard.compress(array("q", numbers).tobytes()),
        total=len(numbers),
        created_at=db.now(session),
    )
    session.add(export)
    session.flush()
    jobs.post(session, JOBS[format_], key=str(export.id), topic=TOPIC, payload={"export": export.id})
    return export


def mine(user: User) -> Select[Export]:
    """The files of `user`, newest first."""
    return select(Export).where(Export.user_id == user.id).order_by(Export.id.desc())


def get(session: Session, export_id: int, user: User) -> Export:
    """A file of `user`; that of somebody else is not there. Raises NotFound."""
    found = session.scalar(mine(user).where(Export.id == export_id))
    if found is None:
        raise NotFound(what="export", id=export_id)
    return found


def remove(session: Session, export_id: int, user: User) -> None:
    """Take it away, and stop making it. Raises NotFound."""
    _forget(session, [get(session, export_id, user).id])


def tidy(sessions: sessionmaker[Session]) -> None:
    """Forget the files of yesterday: they hold data of cases."""
    with sessions.begin() as session:
        _forget(session, session.scalars(select(Export.id).where(Export.created_at < db.now(session) - KEPT)).all())


def _forget(session: Session, ids: Sequence[int]) -> None:
    if ids:
        session.execute(delete(Job).where(Job.kind.in_(JOBS.values()), Job.key.in_([str(id_) for id_ in ids])))
        for table in (ExportPiece, ExportPart):
            session.execute(delete(table).where(table.export_id.in_(ids)))
        session.execute(delete(Export).where(Export.id.in_(ids)))


def stuck(session: Session, export: Export) -> bool:
    """Whether nobody will go on making it: it was tried as often as jobs are tried."""
    going = select(Job.id).where(Job.kind == JOBS[export.format], Job.key == str(export.id), Job.next_at.is_not(None))
    return export.state == MAKING and session.scalar(going) is None


# --- making it ---------------------------------------------------------------------------------------------------------------------------


def advance(session: Session, work: Mapping[str, Any]) -> bool:
    """Read the next part. `work`: what the job holds. False: there is none, it only has to be put together."""
    query = select(Export).where(Export.id == work["export"]).options(undefer(Export.numbers), joinedload(Export.user, innerjoin=True))
    export = session.scalar(query)
    if export is None or export.state != MAKING or export.done >= export.total:
        return False
    part = numbers(export)[export.done : export.done + CHUNK].tolist()
    found = lines(session, part, export.arguments, export.user) if export.user.active else []
    session.add(ExportPart(export_id=export.id, number=export.done // CHUNK, lines=found))
    export.done += len(part)
    export.has_gaps = export.has_gaps or len(found) < len(part)
    return True


def numbers(export: Export) -> array[int]:
    """The cases it is made of."""
    found = array("q")
    found.frombytes(zstandard.decompress(export.numbers))
    return found


def assemble(session: Session, work: Mapping[str, Any]) -> bytes | None:
    """The file, of all its parts; None when there is nothing to put together (any more). Reads only: it takes a while."""
    export = session.get(Export, work.get("export", 0))
    if export is None or export.state != MAKING:
        return None

    def read() -> Iterator[Sequence[Any]]:
        for number in range((export.total + CHUNK - 1) // CHUNK):
            yield from session.scalars(select(ExportPart.lines).where(ExportPart.export_id == export.id, ExportPart.number == number)).one()

    return write(export.format, export.arguments, read())


def store(session: Session, work: Mapping[str, Any], content: bytes | None) -> None:
    """Keep the file that was put together."""
    export = session.get(Export, work.get("export", 0))
    if export is not None and export.state == MAKING and content is not None:
        export.content, export.state = content, READY
        session.execute(delete(ExportPart).where(ExportPart.export_id == export.id))


# --- what stands in it -------------------------------------------------------------------------------------------------------------------


def lines(session: Session, numbers: Sequence[int], arguments: Mapping[str, Any], user: User) -> list[list[Any]]:
    """One line per case that `user` supervises, in the order of `numbers`: texts, whole numbers, and moments as ISO text."""
    query = select(ProcessInstance).join(ProcessInstance.definition).where(ProcessInstance.id.in_(numbers), identity.may_supervise(user))
    query = query.options(contains_eager(ProcessInstance.definition), joinedload(ProcessInstance.started_by))
    cases = {case.id: case for case in session.scalars(query)}
    places = standing.of_cases(session, cases.values())
    keys = [key for key, _label in arguments["columns"]]
    expected = forecasts.known(session, [case.id for case in cases.values() if case.state == "active"]) if "expected" in keys else {}
    variables = read_keywords(session, cases, [key.removeprefix(VARIABLE) for key in keys if key.startswith(VARIABLE)])
    found = []
    for number in numbers:
        if case := cases.get(number):
            facts = _facts(case, places.get(number, []), arguments["states"])
            facts["expected"] = expected[number].expected_at.isoformat() if number in expected else None
            facts |= {VARIABLE + name: value for name, value in variables.get(number, {}).items()}
            found.append([facts.get(key) for key in keys])
    return found


def read_keywords(session: Session, numbers: Iterable[int], names: Sequence[str]) -> dict[int, dict[str, str]]:
    """Case -> name -> what stands in the case."""
    found: dict[int, dict[str, str]] = {}
    if names:
        query = select(Keyword.instance_id, Keyword.name, Keyword.shown).where(Keyword.instance_id.in_(list(numbers)))
        for number, name, shown in session.execute(query.where(Keyword.name.in_(names))):
            found.setdefault(number, {})[name] = shown
    return found


def _facts(case: ProcessInstance, places: Sequence[standing.Place], states: Mapping[str, str]) -> dict[str, Any]:
    tasks = [task for place in places for task in place.tasks]
    due = min((task.due_at for task in tasks if task.due_at), default=None)
    return {
        "title": case.title,
        "key": case.business_key,
        "process": case.definition.name,
        "version": case.definition.version,
        "state": states.get(case.state, case.state),
        "step": "; ".join(place.name for place in places),
        "organisation": "; ".join(sorted({task.organisation.name for task in tasks if task.organisation})),
        "holder": "; ".join(sorted({task.assignee.name for task in tasks if task.assignee})),
        "due": due.isoformat() if due else None,
        "started": case.started_at.isoformat(),
        "ended": case.ended_at.isoformat() if case.ended_at else None,
        "started_by": case.started_by.name if case.started_by else None,
    }


def write(format_: str, arguments: Mapping[str, Any], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as a file of this format."""
    return (_csv if format_ == CSV else _xlsx)(arguments["columns"], rows)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(ZONE)


def cell(value: object) -> object:
    """`value` so that no spreadsheet takes it for a formula: such a text is given an apostrophe in front, numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value).replace("\0", "")
    # Also behind blanks, which some programs strip before they look.
    return "'" + text if text.lstrip(" \u00a0").startswith(_STARTS) else text


def _csv(columns: Sequence[Sequence[str]], rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.BytesIO()
    # With the mark by which Excel knows UTF-8.
    text = io.TextIOWrapper(out, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow([cell(label) for _key, label in columns])
    for row in rows:
        told = (f"{_moment(v):%d/%m/%Y %H:%M}" if v and key in MOMENTS else v for (key, _label), v in zip(columns, row, strict=True))
        writer.writerow([cell(value) for value in told])
    return out.getvalue()


def _xlsx(columns: Sequence[Sequence[str]], rows: Iterable[Sequence[Any]]) -> bytes:
    out = io.BytesIO()
    # Its temporary files hold data of cases: in a folder that only this process may read, and that goes with it.
    with tempfile.TemporaryDirectory(prefix="luanchuyen-") as folder:
        book = xlsxwriter.Workbook(out, {"constant_memory": True, "tmpdir": folder})
        sheet = book.add_worksheet()
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        sheet.freeze_panes(1, 1)
        for number, (key, label) in enumerate(columns):
            sheet.set_column(number, number, 17 if key in MOMENTS else 40 if key in ("title", "step") else 22)
            sheet.write_string(0, number, label, bold)
        last = 0
        for last, row in enumerate(rows, start=1):
            for number, (value, (key, _label)) in enumerate(zip(row, columns, strict=True)):
                if value is None or value == "":
                    continue
                if key in MOMENTS:
                    sheet.write_datetime(last, number, _moment(value).replace(tzinfo=None), moment)
                elif isinstance(value, int | float):
                    sheet.write_number(last, number, value)
                else:
                    # As text, whatever it looks like: nothing becomes a formula or a link.
                    sheet.write_string(last, number, str(value).replace("\0", "")[:32_000])
        sheet.autofilter(0, 0, last, max(0, len(columns) - 1))
        book.close()
    return out.getvalue()
