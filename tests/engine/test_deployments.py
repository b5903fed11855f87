"""What is stored of a folder: byte for byte what came in, all of it or nothing; a drawing as a draft that runs nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments
from engine.errors import NotFound, Refused, Severity
from engine.models import Deployment, ProcessDefinition, Resource
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


def test_it_keeps_a_drawing_as_a_draft_that_starts_nothing(session: Session) -> None:
    with pytest.raises(Refused) as refused:
        deployments.deploy(session, "p", {"p.bpmn": DRAWING})
    assert {finding.severity for finding in refused.value.findings} == {Severity.TODO}
    assert list(session.scalars(select(Deployment))) == []
    deployments.keep_draft(session, "p", {"p.bpmn": DRAWING})
    assert stored(session) == {"p.bpmn": DRAWING}
    with pytest.raises(NotFound):
        deployments.latest(session, "p")


def test_it_leaves_the_running_version_alone_while_a_draft_is_kept(session: Session) -> None:
    deployments.deploy(session, "p", {"p.bpmn": RUNS})
    assert deployments.keep_draft(session, "p", {"p.bpmn": DRAWING}).number == 2
    assert deployments.latest(session, "p").version == 1
    finished = deployments.deploy(session, "p", {"p.bpmn": RUNS.replace(b'name="p"', b'name="q"')})
    assert (finished.number, deployments.latest(session, "p").version) == (3, 2)


def test_it_is_no_deployment_because_the_same_draft_was_kept(session: Session) -> None:
    deployments.keep_draft(session, "p", {"p.bpmn": DRAWING})
    with pytest.raises(Refused):
        deployments.deploy(session, "p", {"p.bpmn": DRAWING})
    assert list(session.scalars(select(ProcessDefinition))) == []


def test_it_does_not_keep_as_a_draft_what_is_wrong(session: Session) -> None:
    wrong = RUNS.replace(b'targetRef="het"', b'targetRef="khong_co"')
    with pytest.raises(Refused):
        deployments.keep_draft(session, "p", {"p.bpmn": wrong})
    assert stored(session) == {}
