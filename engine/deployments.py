"""Deployments: one version of one process folder, all of it or nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, undefer

from engine import contents as contents_
from engine import db, start_events
from engine.contents import Contents
from engine.diagram import Diagram, Element
from engine.errors import Finding, Invalid, NotFound, Refused, Severity
from engine.identity import account
from engine.models import Deployment, ProcessDefinition, Resource, User
from engine.reader import check
from engine.spiff import Program, StartEvent


def deploy(
    session: Session,
    folder: str,
    files: Mapping[str, bytes],
    *,
    user: User | None = None,
    note: str = "",
    topics: Collection[str] | None = None,
) -> Deployment:
    """Store `files` as the next version of `folder` and make its processes startable.

    Identical content gives back the deployment there is. Running cases keep theirs.
    `topics` are those that have a handler; None: not checked.
    Raises Refused with all findings when anything would not run as drawn, and Invalid when a process belongs to another folder.
    """
    last = _last(session, folder)
    if last is not None and last.digest == contents_.digest(files) and not is_draft(session, last, files):
        return last
    findings: list[Finding] = [f for f in check(files, topics) if f.severity is not Severity.WARNING]
    if findings:
        raise Refused(findings)
    return store(session, folder, files, user=user, note=note)


def _last(session: Session, folder: str) -> Deployment | None:
    return session.scalar(select(Deployment).where(Deployment.folder == folder).order_by(Deployment.number.desc()).limit(1))


def store(session: Session, folder: str, files: Mapping[str, bytes], *, user: User | None = None, note: str = "") -> Deployment:
    """As deploy(), without asking the rules of engine.lint: only what cannot be compiled is refused."""
    db.alone(session, "deploy")
    last = _last(session, folder)
    digest = contents_.digest(files)
    if last is not None and last.digest == digest and not is_draft(session, last, files):
        # Somebody deployed the same at the same time.
        return last
    parsed = contents_.remember(digest, lambda: files)
    processes = [(name, process) for name, diagram in parsed.diagrams.items() for process in diagram.executable]
    for _, process in processes:
        parsed.program(process.id)
    deployment = _add(session, folder, files, last, user, note)
    by_name = {resource.name: resource for resource in deployment.resources}
    for name, process in processes:
        _define(session, deployment, by_name[name], parsed, process)
    return deployment


def _add(session: Session, folder: str, files: Mapping[str, bytes], last: Deployment | None, user: User | None, note: str) -> Deployment:
    deployment = Deployment(
        folder=folder,
        number=last.number + 1 if last else 1,
        digest=contents_.digest(files),
        note=note,
        deployed_at=db.now(session),
        deployed_by_id=user.id if user else None,
        resources=[Resource(name=name, content=data) for name, data in sorted(files.items())],
    )
    session.add(deployment)
    session.flush()
    return deployment


def keep_draft(session: Session, folder: str, files: Mapping[str, bytes], *, user: User | None = None, note: str = "") -> Deployment:
    """Keep a drawing that is not yet a program, byte for byte: as a deployment that defines no process, so that nothing half runs.

    The newest version of each process stays what it was. Raises Refused when more is wrong with it than to-dos.
    """
    errors = [finding for finding in check(files, None) if finding.severity is Severity.ERROR]
    if errors:
        raise Refused(errors)
    db.alone(session, "deploy")
    last = _last(session, folder)
    if last is not None and last.digest == contents_.digest(files):
        return last
    return _add(session, folder, files, last, user, note)


def is_draft(session: Session, deployment: Deployment, files: Mapping[str, bytes]) -> bool:
    """Whether `deployment` (of `files`) draws processes and defines none."""
    defined = session.scalar(select(ProcessDefinition.id).where(ProcessDefinition.deployment_id == deployment.id).limit(1))
    return defined is None and any(name.endswith((".bpmn", ".bpmn20.xml")) for name in files)


def _start_form(parsed: Contents, key: str, start: StartEvent) -> str | None:
    form = parsed.form(start.form, key, start.element_id)
    return form.file if form else None


def _define(session: Session, deployment: Deployment, resource: Resource, parsed: Contents, process: Element) -> None:
    program = parsed.program(process.id)
    latest_ = session.scalar(_latest(process.id))
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
    session.add(definition)
    session.flush()
    start_events.subscribe(session, definition, program, former=latest_)


def _starters(process: Element) -> list[str]:
    groups = [group.strip() for group in (process.camunda("candidateStarterGroups") or "").split(",")]
    users = [account(name.strip()) for name in (process.camunda("candidateStarterUsers") or "").split(",") if name.strip()]
    return [group for group in groups if group] + users


def _latest(key: str):  # type: ignore[no-untyped-def]  # the Select's type is longer than the query
    return (
        select(ProcessDefinition)
        .where(ProcessDefinition.key == key)
        .order_by(ProcessDefinition.version.desc())
        .options(joinedload(ProcessDefinition.deployment))
        .limit(1)
    )


def latest(session: Session, key: str) -> ProcessDefinition:
    """The newest version of process `key`. Raises NotFound."""
    found: ProcessDefinition | None = session.scalar(_latest(key))
    if found is None:
        raise NotFound(what="process", id=key)
    return found


def current(session: Session) -> list[ProcessDefinition]:
    """The newest version of every process, by name."""
    newest = select(ProcessDefinition.key, func.max(ProcessDefinition.version).label("version")).group_by(ProcessDefinition.key).subquery()
    query = (
        select(ProcessDefinition)
        .join(newest, (ProcessDefinition.key == newest.c.key) & (ProcessDefinition.version == newest.c.version))
        .options(joinedload(ProcessDefinition.deployment))
        .order_by(ProcessDefinition.name)
    )
    return list(session.scalars(query))


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
