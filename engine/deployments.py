"""Deployments: one version of one process folder, all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, joinedload, undefer
from sqlalchemy.orm.attributes import set_committed_value

from engine import contents as contents_
from engine import db, start_events, validity
from engine.contents import Contents
from engine.diagram import Diagram, Element
from engine.errors import Finding, Invalid, NotFound, Refused, Severity
from engine.identity import account
from engine.models import Deployment, ProcessDefinition, Resource, User
from engine.reader import check
from engine.spiff import Program, StartEvent
from engine.statements import Question


def deploy(
    session: Session,
    folder: str,
    files: Mapping[str, bytes],
    *,
    user: User | None = None,
    note: str = "",
    topics: Collection[str] | None = None,
    valid_from: datetime | None = None,
) -> Deployment:
    """Store `files` as the next version of `folder` and make its processes startable, at once or from `valid_from` on.

    Content identical to that in force gives back the deployment there is. Running cases keep theirs.
    `topics` are those that have a handler; None: not checked.
    Raises Refused with all findings when anything would not run as drawn, and Invalid when a process belongs to another folder.
    """
    there = present(session, folder, files, valid_from)
    if there is not None:
        return there
    findings: list[Finding] = [f for f in check(files, topics) if f.severity is not Severity.WARNING]
    if findings:
        raise Refused(findings)
    return store(session, folder, files, user=user, note=note, valid_from=valid_from)


def newest(session: Session, folder: str) -> Deployment | None:
    """The version of the folder that is in force. Not what is valid only later, or withdrawn."""
    query = select(Deployment).where(Deployment.folder == folder, validity.begun(db.now(session)))
    return session.scalar(query.order_by(validity.since().desc(), Deployment.number.desc()).limit(1))


def present(session: Session, folder: str, files: Mapping[str, bytes], valid_from: datetime | None = None) -> Deployment | None:
    """The deployment that is what would be deployed, if it is there already."""
    found = newest(session, folder) if valid_from is None else None
    return found if found is not None and found.digest == contents_.digest(files) else None


def last(session: Session, folder: str) -> Deployment | None:
    """The deployment with the highest number, whether or not its time has come."""
    return session.scalar(select(Deployment).where(Deployment.folder == folder).order_by(Deployment.number.desc()).limit(1))


def store(
    session: Session,
    folder: str,
    files: Mapping[str, bytes],
    *,
    user: User | None = None,
    note: str = "",
    valid_from: datetime | None = None,
) -> Deployment:
    """As deploy(), without asking the rules of engine.lint: only what cannot be compiled is refused."""
    db.alone(session, "deploy")
    there = present(session, folder, files, valid_from)
    if there is not None:
        # Somebody deployed the same at the same time.
        return there
    digest = contents_.digest(files)
    parsed = contents_.remember(digest, lambda: files)
    processes = [(name, process) for name, diagram in parsed.diagrams.items() for process in diagram.executable]
    for _, process in processes:
        parsed.program(process.id)
    deployment = _add(session, folder, files, user, note, valid_from)
    by_name = {resource.name: resource for resource in deployment.resources}
    for name, process in processes:
        _define(session, deployment, by_name[name], parsed, process)
    return deployment


def _add(
    session: Session, folder: str, files: Mapping[str, bytes], user: User | None, note: str, valid_from: datetime | None = None
) -> Deployment:
    former, now = last(session, folder), db.now(session)
    deployment = Deployment(
        folder=folder,
        number=former.number + 1 if former else 1,
        digest=contents_.digest(files),
        note=note,
        # Never before the one it follows, however the clocks of two machines differ: the later one is in force.
        deployed_at=max(now, former.deployed_at) if former else now,
        deployed_by_id=user.id if user else None,
        valid_from=valid_from if valid_from and valid_from > now else None,
        resources=[Resource(name=name, content=data) for name, data in sorted(files.items())],
    )
    session.add(deployment)
    session.flush()
    return deployment


def _start_form(parsed: Contents, key: str, start: StartEvent) -> str | None:
    form = parsed.form(start.form, key, start.element_id)
    return form.file if form else None


def _define(session: Session, deployment: Deployment, resource: Resource, parsed: Contents, process: Element) -> None:
    program = parsed.program(process.id)
    latest_ = session.scalar(_versions(process.id).order_by(ProcessDefinition.version.desc()))
    if latest_ is not None and latest_.deployment.folder != deployment.folder:
        raise Invalid(expected=f"process {process.id} to be new", found=f"that it belongs to folder {latest_.deployment.folder}")
    plain = next((event for event in program.start_events if event.kind == "none"), None)
    definition = ProcessDefinition(
        deployment_id=deployment.id,
        resource_id=resource.id,
        key=process.id,
        version=latest_.version + 1 if latest_ else 1,
        name=process.name or process.id,
        startable=plain is not None,
        starter_groups=_starters(process),
        start_form=_start_form(parsed, process.id, plain) if plain else None,
    )
    definition.deployment = deployment
    session.add(definition)
    session.flush()
    start_events.subscribe(session, definition, program)


def _starters(process: Element) -> list[str]:
    groups = [group.strip() for group in (process.camunda("candidateStarterGroups") or "").split(",")]
    users = [account(name.strip()) for name in (process.camunda("candidateStarterUsers") or "").split(",") if name.strip()]
    return [group for group in groups if group] + users


def _versions(key: str):  # type: ignore[no-untyped-def]  # the Select's type is longer than the query
    query = select(ProcessDefinition).join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
    return query.where(ProcessDefinition.key == key).options(joinedload(ProcessDefinition.deployment)).limit(1)


# Made once: every case that starts asks it.
_LATEST = Question(
    *(ProcessDefinition, Deployment),
    of=lambda rows: (
        rows.join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
        .where(ProcessDefinition.key == bindparam("process"), validity.begun(bindparam("now", type_=db.Instant)))
        .order_by(validity.since().desc(), ProcessDefinition.version.desc())
        .limit(1)
    ),
)


def latest(session: Session, key: str) -> ProcessDefinition:
    """The version of process `key` that is in force. Raises NotFound."""
    rows = _LATEST.ask(session, {"process": key, "now": db.now(session)})
    if not rows:
        raise NotFound(what="process", id=key)
    found: ProcessDefinition = rows[0][0]
    set_committed_value(found, "deployment", rows[0][1])
    return found


def current(session: Session) -> list[ProcessDefinition]:
    """The version in force of every process, by name."""
    query = select(ProcessDefinition).where(validity.in_force(db.now(session))).options(joinedload(ProcessDefinition.deployment))
    return list(session.scalars(query.order_by(ProcessDefinition.name)))


def coming(session: Session, key: str) -> list[ProcessDefinition]:
    """The versions of process `key` that are valid from a later date, in their order."""
    query = select(ProcessDefinition).join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
    query = query.where(ProcessDefinition.key == key, Deployment.valid_from > db.now(session), Deployment.withdrawn_at.is_(None))
    order = (Deployment.valid_from, ProcessDefinition.version)
    return list(session.scalars(query.options(joinedload(ProcessDefinition.deployment)).order_by(*order)))


def contents(session: Session, deployment: Deployment) -> Contents:
    """What the files of `deployment` say; read from the database only when not in memory."""

    def read() -> dict[str, bytes]:
        query = select(Resource).where(Resource.deployment_id == deployment.id).options(undefer(Resource.content))
        return {resource.name: resource.content for resource in session.scalars(query)}

    return contents_.remember(deployment.digest, read)


def program(session: Session, definition: ProcessDefinition) -> Program:
    """The compiled process of `definition`."""
    return contents(session, definition.deployment).program(definition.key)


def diagram(session: Session, definition: ProcessDefinition) -> Diagram:
    """The diagram that draws `definition`."""
    return contents(session, definition.deployment).diagram_of(definition.key)


def resource(session: Session, deployment: Deployment, name: str) -> bytes:
    """One file of a deployment, byte for byte. Raises NotFound."""
    files = contents(session, deployment).files
    if name not in files:
        raise NotFound(what="file", id=name)
    return files[name]
