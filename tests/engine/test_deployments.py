"""What is stored of a folder: byte for byte what came in, all of it or nothing; a drawing as a draft that runs nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments
from engine.errors import Refused, Severity
from engine.models import Deployment, Resource
from tests.engine.cast import bpmn, flow

RUNS = bpmn('<startEvent id="dau"/><endEvent id="het"/>' + flow("dau", "het"))
DRAWING = bpmn(
    '<startEvent id="dau"/><exclusiveGateway id="chon"/><endEvent id="a"/><endEvent id="b"/>' + flow("dau", "chon", "a") + flow("chon", "b")
)


def stored(session: Session) -> dict[str, bytes]:
    return {resource.name: resource.content for resource in session.scalars(select(Resource))}


@pytest.mark.parametrize(
    "content",
    [
        RUNS.replace(b"><", b">\r\n\t<"),
        b"\xef\xbb\xbf" + RUNS,
        b"<!-- ghi ch\xc3\xba -->" + RUNS.replace(b"<startEvent", b"<!-- m\xe1\xbb\x9f --><startEvent"),
        RUNS.replace(b'name="p"', 'name="Kế hoạch"'.encode()),  # decomposed accents
        RUNS.replace(b"<process ", b'<extensionElements><x:y xmlns:x="urn:other" z="1">  </x:y></extensionElements><process ', 1),
    ],
)
def test_it_is_stored_byte_for_byte(session: Session, content: bytes) -> None:
    files = {"p.bpmn": content, "documents/mau.docx": bytes(range(256))}
    deployment = deployments.deploy(session, "p", files)
    session.flush()
    assert stored(session) == files
    assert deployments.resource(session, deployment, "documents/mau.docx") == bytes(range(256))


def test_it_refuses_a_drawing_that_is_no_program_yet_and_stores_nothing(session: Session) -> None:
    with pytest.raises(Refused) as refused:
        deployments.deploy(session, "p", {"p.bpmn": DRAWING})
    assert {finding.severity for finding in refused.value.findings} == {Severity.TODO}
    assert list(session.scalars(select(Deployment))) == []


def test_a_drawing_becomes_a_version_when_it_can_run(session: Session) -> None:
    deployments.deploy(session, "p", {"p.bpmn": RUNS})
    with pytest.raises(Refused):
        deployments.deploy(session, "p", {"p.bpmn": DRAWING})
    finished = deployments.deploy(session, "p", {"p.bpmn": RUNS.replace(b'name="p"', b'name="q"')})
    assert (finished.number, deployments.latest(session, "p").version) == (2, 2)
