"""Making complete files of cases: an errand of the workers, who stand in for whoever asked, in his right and his language."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, cast

import structlog
from flask import Flask, current_app
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder

from engine import acts, casefiles, identity
from engine.acts.outlook import Problem
from engine.errands import Errand, Turn
from engine.errors import EngineError, NotFound
from engine.models import ProcessInstance, User
from web.casefile import file
from web.database import db
from web.language import COOKIE

log = structlog.get_logger(__name__)
IN_MEMORY = 5_000_000
"""Bytes of a file until it is put together on the disk."""


def errand(app: Callable[[], Flask]) -> Errand:
    """What makes one file at a time. `app` is asked for when there is one to make."""

    def take(turn: Turn) -> None:
        with turn.reading() as session:
            wanted = casefiles.wanted(session, turn.work)
        if wanted is None:
            with turn.writing() as session:
                turn.finish(session)
            return
        stream = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 closed below
        with stream, _asked_by(app(), wanted.export.arguments.get("language", "vi")):
            name, problems = _write(wanted, stream)
            stream.seek(0)
            with turn.writing() as session:
                more = casefiles.keep(session, wanted, name, None if problems else stream, problems)
                (turn.again if more else turn.finish)(session)

    return take


@contextmanager
def _asked_by(app: Flask, language: str) -> Iterator[None]:
    """As within a request that only reads: what writes for people asks for its language there."""
    with app.request_context(EnvironBuilder(headers=[("Cookie", f"{COOKIE}={language}")]).get_environ()):
        yield


def _write(wanted: casefiles.Wanted, stream: IO[bytes]) -> tuple[str, list[Problem]]:
    """Write the file of a case. Its name, and why it could not be written."""
    session = db.session()
    try:
        _at_one_moment(session)
        user = session.get_one(User, wanted.export.user_id)
        query = select(ProcessInstance).where(ProcessInstance.id == wanted.case, identity.may_supervise(user))
        instance = session.scalar(query) if user.active else None
        if instance is None:
            raise NotFound(what="case", id=wanted.case)
        file.write(session, instance, user, current_app.config["SECRET_KEY"], stream)
        return file.name_of(instance), []
    except OperationalError:
        raise
    except EngineError as error:
        return "", acts.problems(error)
    except Exception as error:
        # One case that cannot be written must not keep the others from it.
        log.warning("casefile.failed", case=wanted.case, error=type(error).__name__)
        return "", acts.problems(error)
    finally:
        session.rollback()


def _at_one_moment(session: Session) -> None:
    """What is signed must be of one state of the database."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
