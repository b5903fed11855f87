"""States of a folder that can be compared or released: a version, the draft or an earlier state of it, what was proposed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import undefer

from engine import db as engine_db
from engine import deployments, releases, validity, workspaces
from engine.errors import NotFound
from engine.models import Deployment, Release, Resource, User
from web.database import db
from web.language import gettext as _
from web.studio.drafts import workspace
from web.words import write_date, write_moment

DRAFT = "ban-nhap"
_DRAFT_OF = re.compile(r"ban-nhap-(\d{1,9})")
_PROPOSAL = re.compile(r"de-nghi-(\d{1,9})")


@dataclass(frozen=True)
class Side:
    """One state: `key` is what addresses call it."""

    key: str
    label: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Version:
    """A version in the list. `state`: current, coming, withdrawn, draft (defines nothing), past."""

    deployment: Deployment
    state: str
    release: Release | None
    by: str

    @property
    def since(self) -> datetime:
        return self.deployment.valid_from or self.deployment.deployed_at


def side(folder: str, key: str) -> Side:
    """Raises NotFound for a key that means nothing in `folder`."""
    draft, proposed = _DRAFT_OF.fullmatch(key), _PROPOSAL.fullmatch(key)
    if key == DRAFT or draft:
        return _draft(folder, int(draft[1]) if draft else None)
    if proposed:
        release = releases.get(db.session(), folder, int(proposed[1]))
        return Side(key, _("đề nghị phát hành số %(number)s", number=release.id), releases.files(db.session(), release))
    if key == "0":
        return Side(key, _("không có gì"), {})
    deployment = number(folder, int(key)) if key.isdecimal() and len(key) < 10 else None
    if deployment is None:
        raise NotFound(what="version", id=key[:40])
    return Side(key, _("bản %(number)s, %(date)s", number=deployment.number, date=write_date(deployment.deployed_at)), files(deployment))


def _draft(folder: str, revision: int | None) -> Side:
    draft = workspace(folder)
    found = workspaces.deployable(workspaces.files(db.session(), draft, revision))
    if revision is None or revision == draft.head:
        return Side(DRAFT, _("bản nháp hiện nay"), found)
    at = workspaces.revision(db.session(), draft, revision).at
    return Side(f"{DRAFT}-{revision}", _("bản nháp lúc %(time)s", time=write_moment(at)), found)


def number(folder: str, which: int) -> Deployment | None:
    """That version of the folder."""
    return db.session.scalar(select(Deployment).where(Deployment.folder == folder, Deployment.number == which))


def files(deployment: Deployment) -> dict[str, bytes]:
    """Byte for byte, also of a version that today's reader would refuse."""
    query = select(Resource).where(Resource.deployment_id == deployment.id).options(undefer(Resource.content))
    return {resource.name: resource.content for resource in db.session.scalars(query)}


def current(folder: str) -> Deployment | None:
    """What is in force."""
    return deployments.newest(db.session(), folder)


def all_(folder: str) -> list[Version]:
    """Every version, newest first."""
    now, in_force = engine_db.now(db.session()), current(folder)
    query = (
        select(Deployment, Release, User.name)
        .outerjoin(Release, Release.deployment_id == Deployment.id)
        .outerjoin(User, User.id == Deployment.deployed_by_id)
        .where(Deployment.folder == folder)
        .order_by(Deployment.number.desc())
    )
    begun = set(db.session.scalars(select(Deployment.id).where(Deployment.folder == folder, validity.begun(now))))
    found = []
    for deployment, release, name in db.session.execute(query):
        state = "current" if in_force is not None and deployment.id == in_force.id else "past" if deployment.id in begun else "coming"
        state = "withdrawn" if deployment.withdrawn_at else state
        found.append(Version(deployment, state, release, name or ""))
    return found
