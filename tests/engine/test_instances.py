"""Who may start, see, stop and resume a case."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, identity, instances, user_tasks
from engine.errors import Forbidden, InstanceNotActive, Invalid, NotFound, Refused
from engine.models import Deployment, ProcessInstance, User
from tests.engine.cast import APPROVAL, bpmn, flow, only_task, people


@pytest.fixture
def cast(session: Session) -> dict[str, User]:
    deployments.deploy(session, "phe_duyet", APPROVAL)
    return people(session)


def begin(session: Session, user: User, **options: str) -> ProcessInstance:
    return instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=user, **options)  # type: ignore[arg-type]  # a key


def seen(session: Session, user: User) -> list[int]:
    return list(session.scalars(select(ProcessInstance.id).where(identity.may_see_instance(user))))


def test_it_is_started_only_by_who_the_process_names(session: Session, cast: dict[str, User]) -> None:
    assert begin(session, cast["an"]).state == "active"
    with pytest.raises(Forbidden, match="may not start"):
        begin(session, cast["chi"])


def test_it_has_a_business_key_of_its_own_when_none_is_given(session: Session, cast: dict[str, User]) -> None:
    given, made = begin(session, cast["an"], business_key="12-TTr/SA"), begin(session, cast["an"])
    assert given.business_key == "12-TTr/SA"
    assert made.business_key.startswith("phe_duyet-")


def test_it_takes_its_business_key_from_what_it_starts_with_where_the_process_says_so(session: Session) -> None:
    key = """<camunda:property name="ma_ho_so" value="${nam + '/' + so}"/>"""
    drawn = APPROVAL["phe_duyet.bpmn"].decode().replace("<camunda:properties>", f"<camunda:properties>{key}", 1)
    deployments.deploy(session, "phe_duyet", APPROVAL | {"phe_duyet.bpmn": drawn.encode()})
    definition = deployments.latest(session, "phe_duyet")
    assert instances.start(session, definition, {"nam": "2026", "so": "03"}).business_key == "2026/03"
    assert instances.start(session, definition, {"nam": "2026", "so": "03"}, business_key="typed").business_key == "typed"
    # What cannot be made of the data is no reason not to start.
    assert instances.start(session, definition, {}).business_key.startswith("phe_duyet-")


def test_it_is_seen_by_those_who_take_part_and_its_supervisors(session: Session, cast: dict[str, User]) -> None:
    case = begin(session, cast["an"])
    assert {name for name, user in cast.items() if case.id in seen(session, user)} == {"an", "binh", "giang"}
    user_tasks.complete(session, only_task(session, case).id, cast["binh"], {"noi_dung": "x"})
    assert {name for name, user in cast.items() if case.id in seen(session, user)} == {"an", "binh", "chi", "giang"}


def test_it_does_not_tell_a_stranger_whether_it_exists(session: Session, cast: dict[str, User]) -> None:
    case = begin(session, cast["an"])
    sentences = []
    for id_ in (case.id, case.id + 1000):
        with pytest.raises(NotFound) as error:
            instances.get(session, id_, cast["dung"])
        sentences.append(str(error.value).replace(str(id_), "N"))
    assert sentences[0] == sentences[1]


def test_it_shows_a_person_who_is_asked_one_thing_nothing_else(session: Session, cast: dict[str, User]) -> None:
    only = "<camunda:properties><camunda:property name='pham_vi_xem' value='nhiem_vu'/></camunda:properties>"
    drawn = APPROVAL["phe_duyet.bpmn"].decode()
    narrowed = drawn.replace('formRef="duyet"/>', f'formRef="duyet"><extensionElements>{only}</extensionElements></userTask>')
    assert narrowed != drawn
    files = {**APPROVAL, "phe_duyet.bpmn": narrowed.encode()}
    deployments.deploy(session, "phe_duyet", files)
    case = begin(session, cast["an"])
    user_tasks.complete(session, only_task(session, case).id, cast["an"], {"noi_dung": "x"})
    task = only_task(session, case)
    assert user_tasks.get(session, task.id, cast["chi"]).scope == "task"
    with pytest.raises(NotFound):
        instances.get(session, case.id, cast["chi"])


def test_it_is_cancelled_with_a_reason_by_its_starter_or_supervisor(session: Session, cast: dict[str, User]) -> None:
    case = begin(session, cast["an"])
    with pytest.raises(Invalid, match="a reason"):
        instances.cancel(session, case.id, cast["an"], " ")
    with pytest.raises(Forbidden):
        instances.cancel(session, case.id, cast["binh"], "không cần nữa")
    instances.cancel(session, case.id, cast["giang"], "không cần nữa")
    assert (case.state, case.end_reason) == ("cancelled", "không cần nữa")
    with pytest.raises(InstanceNotActive):
        instances.cancel(session, case.id, cast["an"], "lần nữa")


def test_it_rests_while_suspended(session: Session, cast: dict[str, User]) -> None:
    case = begin(session, cast["an"])
    task = only_task(session, case)
    instances.suspend(session, case.id, cast["giang"], "chờ hướng dẫn")
    with pytest.raises(InstanceNotActive, match="suspended"):
        user_tasks.complete(session, task.id, cast["an"], {"noi_dung": "x"})
    with pytest.raises(Forbidden):
        instances.activate(session, case.id, cast["an"], "")
    instances.activate(session, case.id, cast["giang"], "đã có hướng dẫn")
    user_tasks.complete(session, task.id, cast["an"], {"noi_dung": "x"})


def test_it_keeps_its_version_while_new_cases_take_the_new_one(session: Session, cast: dict[str, User]) -> None:
    old = begin(session, cast["an"])
    changed = {**APPROVAL, "phe_duyet.bpmn": APPROVAL["phe_duyet.bpmn"].replace(b"\xe1\xbb\x9d tr", b"\xe1\xbb\x9d  tr")}
    assert deployments.deploy(session, "phe_duyet", changed).number == 2
    new = begin(session, cast["an"])
    assert (old.definition.version, new.definition.version) == (1, 2)
    user_tasks.complete(session, only_task(session, old).id, cast["an"], {"noi_dung": "x"})
    assert only_task(session, old).element_id == "duyet"


def test_it_makes_no_new_version_of_identical_content(session: Session, cast: dict[str, User]) -> None:
    assert deployments.deploy(session, "phe_duyet", APPROVAL).number == 1
    assert len(list(session.scalars(select(Deployment)))) == 1


def test_it_stores_nothing_of_a_folder_with_one_bad_file(session: Session) -> None:
    files = {
        "tot.bpmn": bpmn('<startEvent id="a"/><endEvent id="b"/>' + flow("a", "b"), key="tot"),
        "hong.bpmn": bpmn('<startEvent id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="khong_co"/>', key="hong"),
    }
    with pytest.raises(Refused) as refused:
        deployments.deploy(session, "thu", files)
    assert any(finding.file == "hong.bpmn" for finding in refused.value.findings)
    assert list(session.scalars(select(Deployment))) == []
