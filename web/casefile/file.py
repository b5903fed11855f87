"""The complete file of a case: one ZIP with data, documents, diagrams and a readable PDF, signed by the installation."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine import archives, deployments, executions, footprints, identity
from engine import db as clock
from engine.errors import FileRejected
from engine.models import CaseAccess, Document, HistoryEvent, ProcessInstance, Seal, User
from web import story
from web.casefile import drawing, signatures
from web.casefile.paper import Paper
from web.language import gettext as _
from web.watching import access_words
from web.words import STATES, actor_words, event_words, size, write_moment

FORMAT = "luanchuyen.casefile/1"
MANIFEST, SIGNATURE = "manifest.json", "signature.json"
UNREADABLE = (OSError, KeyError, ValueError, TypeError, EOFError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What a file that is none, or was damaged, makes who reads it say."""
NOT_HANDED_OUT = ("draft",)
"""Tables whose rows stay here: what people typed and did not hand in is theirs."""


@dataclass(frozen=True)
class Checked:
    """A file that is as it was signed. `key`: the public key that signed it."""

    case: int
    made_at: str
    made_by: str
    key: str

    @property
    def moment(self) -> datetime | None:
        """When it was made."""
        try:
            return datetime.fromisoformat(self.made_at)
        except ValueError:
            return None


def cases_of(session: Session, instance: ProcessInstance, user: User) -> list[ProcessInstance]:
    """The case and all that it called, directly or not, as far as `user` supervises them."""
    found, callers = [instance], [instance.id]
    while callers:
        query = select(ProcessInstance).where(ProcessInstance.parent_id.in_(callers), identity.may_supervise(user))
        called = list(session.scalars(query.order_by(ProcessInstance.id)))
        found, callers = found + called, [case.id for case in called]
    return found


def name_of(instance: ProcessInstance) -> str:
    """The name of a case's file among others: the number makes it the only one."""
    key = re.sub(r"[^\w.-]+", "_", instance.business_key).strip("._")[:80]
    return f"{instance.id}-{key}.zip" if key else f"{instance.id}.zip"


def write(session: Session, instance: ProcessInstance, user: User, secret: str, stream: IO[bytes]) -> None:
    """Write the file of a case that `user` supervises. Raises FileRejected when a document is not the one that was attached."""
    cases = cases_of(session, instance, user)
    ids = [case.id for case in cases]
    content = archives.collect(session, instance.id, ids)
    content["rows"] = {table: rows for table, rows in content["rows"].items() if table not in NOT_HANDED_OUT}
    members: dict[str, str] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:

        def add(name: str, data: bytes) -> None:
            file.writestr(name, data)
            members[name] = hashlib.sha256(data).hexdigest()

        add("case.json", orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        for case in cases:
            add(f"ho-so-{case.id}.pdf", _paper(session, case, user))
            add(f"so-do-{case.id}.svg", drawing.draw(deployments.diagram(session, case.definition).source, footprints.of(session, case)))
        for name, data, sha256 in archives.documents(session, instance.id, ids):
            add(name, data)
            if members[name] != sha256:
                raise FileRejected(file=name, expected="the bytes that were attached", found="others")
        manifest = orjson.dumps(_manifest(session, instance, cases, user, members), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)
        file.writestr(MANIFEST, manifest)
        signed = {"algorithm": "Ed25519", "of": MANIFEST, "public_key": signatures.public(secret)}
        file.writestr(SIGNATURE, orjson.dumps({**signed, "signature": signatures.sign(manifest, secret)}, option=orjson.OPT_INDENT_2))


def _manifest(
    session: Session, instance: ProcessInstance, cases: Iterable[ProcessInstance], user: User, members: dict[str, str]
) -> dict[str, Any]:
    seal = session.scalar(select(Seal).order_by(Seal.number.desc()).limit(1))
    return {
        "format": FORMAT,
        "case": instance.id,
        "business_key": instance.business_key,
        "made_at": clock.now(session).isoformat(),
        "made_by": user.username,
        "chain": {str(case.id): {"count": case.history_count, "head": case.history_head} for case in cases},
        "seal": {"number": seal.number, "digest": seal.digest} if seal else None,
        "members": members,
    }


LARGEST, MOST, WORDS = 3_000_000_000, 50_000, 50_000_000
"""Bytes of all members together, members, and bytes of manifest and signature, of a file that is believed enough to be read."""


def check(path: Path | IO[bytes], keys: Collection[str], name: str = "") -> Checked:
    """Read a whole file and compare it with its manifest and signature. `keys`: public keys to trust. Raises FileRejected."""
    name = name or (path.name if isinstance(path, Path) else "")
    try:
        with zipfile.ZipFile(path) as file:
            _bear(file, name)
            content, signed = file.read(MANIFEST), orjson.loads(file.read(SIGNATURE))
            names = file.namelist()
            found = {member: _digest(file, member) for member in names if member not in (MANIFEST, SIGNATURE)}
        manifest = orjson.loads(content)
        key, signature = str(signed["public_key"]), str(signed["signature"])
        about = Checked(int(manifest["case"]), str(manifest["made_at"]), str(manifest["made_by"]), key)
        wanted = dict(manifest["members"])
    except UNREADABLE as error:
        raise FileRejected(file=name, expected="the file of a case that can be read", found=type(error).__name__) from error
    if not signatures.holds(content, signature, key):
        raise FileRejected(file=name, expected="the signature of its manifest", found="another")
    if key not in keys:
        raise FileRejected(file=name, expected="the signature of this installation", found=f"that of the key {key}")
    wrong = sorted(member for member in {*found, *wanted} if found.get(member) != wanted.get(member))
    if wrong or len(set(names)) != len(names) or manifest.get("format") != FORMAT:
        raise FileRejected(file=name, expected="the members of its manifest, unchanged", found=", ".join(wrong)[:500] or "others")
    return about


def _bear(file: zipfile.ZipFile, name: str) -> None:
    """Raises FileRejected for one that would take too much to read."""
    members = file.infolist()
    words = max((one.file_size for one in members if one.filename in (MANIFEST, SIGNATURE)), default=0)
    if len(members) > MOST or sum(one.file_size for one in members) > LARGEST or words > WORDS:
        raise FileRejected(file=name, expected="a file of bearable size", found="a larger one")


def check_all(stream: IO[bytes], name: str, keys: Collection[str]) -> list[tuple[str, Checked | FileRejected]]:
    """The file of one case, or each of a file that holds several. Raises FileRejected for what is neither."""
    try:
        with zipfile.ZipFile(stream) as whole:
            _bear(whole, name)
            inner = [one for one in whole.namelist() if one.endswith(".zip")]
            if MANIFEST in whole.namelist() or not inner:
                return [(name, _checked(stream, keys, name))]
            found = []
            for one in inner:
                with tempfile.TemporaryFile() as part:
                    with whole.open(one) as member:
                        shutil.copyfileobj(member, part)
                    found.append((one, _checked(part, keys, one)))
            return found
    except UNREADABLE as error:
        raise FileRejected(file=name, expected="the file of a case that can be read", found=type(error).__name__) from error


def _checked(stream: IO[bytes], keys: Collection[str], name: str) -> Checked | FileRejected:
    try:
        return check(stream, keys, name)
    except FileRejected as rejected:
        return rejected


def _digest(file: zipfile.ZipFile, name: str) -> str:
    with file.open(name) as member:
        return hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]  # a member reads as a file does


# --- on paper ----------------------------------------------------------------------------------------------------------------------------


def _paper(session: Session, case: ProcessInstance, user: User) -> bytes:
    now = clock.now(session)
    title = case.title or case.business_key
    made = _("Lập lúc %(time)s bởi %(name)s", time=write_moment(now), name=user.name)
    paper = Paper(title, case.definition.name, f"{case.business_key} · {made}", now)
    paper.facts(
        [
            (_("Số hồ sơ"), case.business_key),
            (_("Quy trình"), f"{case.definition.name} ({_('bản %(version)s', version=case.definition.version)})"),
            (_("Trạng thái"), str(STATES.get(case.state, (case.state,))[0])),
            (_("Bắt đầu"), f"{write_moment(case.started_at)}{f', {case.started_by.name}' if case.started_by else ''}"),
            (_("Kết thúc"), write_moment(case.ended_at) if case.ended_at else ""),
            (_("Lý do"), case.end_reason),
            (_("Chuỗi nhật ký"), _("%(count)s mục, mã mục cuối %(digest)s", count=case.history_count, digest=case.history_head)),
        ]
    )
    files = story.documents(case)
    paper.head(_("Dữ liệu"))
    paper.values(story.reader(case, files).all(executions.load(session, case).variables))
    _files(paper, files)
    _events(session, paper, case)
    _accesses(session, paper, case)
    return paper.content()


def _files(paper: Paper, files: list[Document]) -> None:
    paper.head(_("Văn bản"))
    if not files:
        paper.line(_("Chưa có văn bản nào."))
        return
    rows = [(one.name, size(one.size), write_moment(one.created_at), one.sha256) for one in files]
    paper.table((_("Tên"), _("Cỡ"), _("Lúc"), "SHA-256"), rows, (62, 18, 28, 66))


def _events(session: Session, paper: Paper, case: ProcessInstance) -> None:
    query = select(HistoryEvent).where(HistoryEvent.instance_id == case.id).options(joinedload(HistoryEvent.actor))
    rows = []
    for event in session.scalars(query.order_by(HistoryEvent.id)):
        rows.append((str(event.number), write_moment(event.at), event_words(event), actor_words(event), event.address or ""))
    paper.head(_("Nhật ký"))
    paper.table((_("Số"), _("Lúc"), _("Sự việc"), _("Ai"), _("Từ địa chỉ")), rows, (11, 28, 79, 32, 24))


def _accesses(session: Session, paper: Paper, case: ProcessInstance) -> None:
    query = select(CaseAccess).where(CaseAccess.case_number == case.id, CaseAccess.at >= case.started_at)
    found = session.scalars(query.options(joinedload(CaseAccess.user)).order_by(CaseAccess.id)).all()
    paper.head(_("Ai đã xem"))
    rows = [
        (write_moment(one.at), one.user.name if one.user else _("người quản trị hệ thống"), access_words(one), one.address or "")
        for one in found
    ]
    if rows:
        paper.table((_("Lúc"), _("Ai"), _("Việc"), _("Từ địa chỉ")), rows, (28, 40, 78, 28))
    else:
        paper.line(_("Chưa có lượt xem nào."))
