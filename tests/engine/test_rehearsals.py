"""Trying a draft out: every state is reached by its steps alone, and nothing that a draft does costs more than it may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from engine import rehearsals
from engine.errors import EngineError, FormInvalid, Invalid, NotFound, Refused
from engine.lint import lint
from tests.engine.cast import APPROVAL, HEAD, bpmn, flow

START: dict[str, Any] = {"process": "phe_duyet", "services": "wait", "organisations": {"so_b": "Sở B"}, "steps": []}
DRAFTED = {"complete": "soan", "variables": {"noi_dung": "kính trình"}}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    rehearsals._memo.clear()
    yield
    rehearsals._memo.clear()


def letters(more: str = "", extra: str = "") -> dict[str, bytes]:
    """A service sends a letter, which may fail with code `hong`; then a message is waited for."""
    body = (
        '<startEvent id="dau"/><serviceTask id="gui" name="Gửi công văn" camunda:type="external" camunda:topic="thu"/>'
        '<boundaryEvent id="hong" attachedToRef="gui"><errorEventDefinition errorRef="e"/></boundaryEvent><endEvent id="thoi"/>'
        '<intermediateCatchEvent id="cho" name="Chờ trả lời"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
        '<endEvent id="het"/>' + more + flow("dau", "gui", "cho", "het") + flow("hong", "thoi")
    )
    head = '<message id="m" name="tra_loi"/><error id="e" errorCode="khong_gui_duoc"/>' + extra
    return {"p.bpmn": bpmn(body).replace(b"<process ", head.encode() + b"<process ", 1)}


def test_it_shows_who_is_asked_what_and_how_the_case_would_go_on() -> None:
    scene = rehearsals.look(APPROVAL, START)
    (place,) = scene.of("task")
    assert (place.name, place.asked, place.form, place.step) == ("Soạn tờ trình", ("viet@so_a",), "forms/soan.form", {"complete": "soan"})
    assert scene.footprint and scene.case
    assert (dict(scene.footprint.tokens), scene.case.state, scene.taken) == ({"soan": 1}, "active", 0)
    after = rehearsals.take(APPROVAL, START, DRAFTED)
    scene = rehearsals.look(APPROVAL, after)
    assert [one.asked for one in scene.of("task")] == [("duyet@so_b",)]
    assert scene.footprint and set(scene.footprint.passed) == {"bat_dau", "soan"}
    assert scene.variables["noi_dung"] == "kính trình"


def test_it_is_the_same_from_memory_and_from_the_start() -> None:
    after = rehearsals.take(APPROVAL, START, DRAFTED)
    remembered = rehearsals.look(APPROVAL, after, task=2)
    rehearsals._memo.clear()
    replayed = rehearsals.look(APPROVAL, after, task=2)
    assert (remembered.places, remembered.variables, remembered.seen) == (replayed.places, replayed.variables, replayed.seen)
    assert [event.kind for event in remembered.log] == [event.kind for event in replayed.log]


def test_a_step_back_is_a_step_less() -> None:
    after = rehearsals.take(APPROVAL, START, DRAFTED, {"complete": "duyet", "variables": {"ket_luan": "đồng ý"}})
    assert [case.state for case in rehearsals.look(APPROVAL, after).cases] == ["completed"]
    back = rehearsals.look(APPROVAL, {**after, "steps": after["steps"][:-1]})
    assert [place.element for place in back.of("task")] == ["duyet"]


def test_what_a_form_refuses_is_told_as_staff_are_told_and_changes_nothing() -> None:
    with pytest.raises(FormInvalid) as refused:
        rehearsals.take(APPROVAL, START, {"complete": "soan", "variables": {}})
    assert list(refused.value.fields) == ["noi_dung"]
    assert rehearsals.look(APPROVAL, START).of("task")[0].element == "soan"


def test_a_step_that_a_changed_draft_no_longer_takes_is_told_and_shown_as_far_as_it_goes() -> None:
    after = rehearsals.take(APPROVAL, START, DRAFTED, {"complete": "duyet", "variables": {"ket_luan": "đồng ý"}})
    changed = {**APPROVAL, "phe_duyet.bpmn": APPROVAL["phe_duyet.bpmn"].replace(b'"duyet"', b'"phe_chuan"')}
    changed["phe_duyet.bpmn"] = changed["phe_duyet.bpmn"].replace(b'formRef="phe_chuan"', b'formRef="duyet"')
    scene = rehearsals.look(changed, after)
    assert (scene.taken, type(scene.error)) == (1, NotFound)
    assert [place.element for place in scene.of("task")] == ["phe_chuan"]


def test_a_service_waits_for_its_result_which_is_typed_or_is_an_error_or_a_failure_that_is_tried_again() -> None:
    files = letters()
    begun = {"process": "p", "services": "wait", "steps": []}
    (job,) = rehearsals.look(files, begun).of("service")
    assert (job.what, job.name) == ("thu", "Gửi công văn")
    done = rehearsals.look(files, rehearsals.take(files, begun, {**job.step, "variables": {"so_cong_van": "12"}}))
    assert (done.variables["so_cong_van"], [one.what for one in done.of("message")]) == ("12", ["tra_loi"])
    thrown = rehearsals.look(files, rehearsals.take(files, begun, {**job.step, "error": "khong_gui_duoc"}))
    assert (thrown.case and thrown.case.state, thrown.of("incident")) == ("completed", [])
    failed = rehearsals.take(files, begun, {**job.step, "failure": "máy chủ thư không trả lời"})
    (incident,) = rehearsals.look(files, failed).of("incident")
    assert (incident.element, incident.what) == ("gui", "máy chủ thư không trả lời")
    again = rehearsals.look(files, rehearsals.take(files, failed, incident.step))
    assert ([one.what for one in again.of("service")], again.of("incident")) == (["thu"], [])


def test_a_message_reaches_the_place_that_waits_for_it() -> None:
    files = letters()
    begun = {"process": "p", "steps": []}
    (place,) = rehearsals.look(files, begun).of("message")
    ended = rehearsals.look(files, rehearsals.take(files, begun, {**place.step, "variables": {"y_kien": "được"}}))
    assert (ended.cases[0].state, ended.variables["y_kien"]) == ("completed", "được")


def test_time_passes_when_it_is_told_to_and_what_is_due_happens() -> None:
    body = (
        '<startEvent id="dau"/><userTask id="lam" name="Làm" camunda:candidateGroups="viet"/><endEvent id="het"/>'
        '<boundaryEvent id="han" name="Hết hạn" attachedToRef="lam"><timerEventDefinition><timeDuration>P3D</timeDuration>'
        '</timerEventDefinition></boundaryEvent><endEvent id="tre"/>'
    )
    files = {"p.bpmn": bpmn(body + flow("dau", "lam", "het") + flow("han", "tre"))}
    begun = {"process": "p", "steps": []}
    before = rehearsals.look(files, begun)
    assert before.next_due == before.now + timedelta(days=3)
    later = rehearsals.look(files, rehearsals.take(files, begun, {"advance": "P3D"}))
    assert (later.cases[0].state, later.now) == ("completed", before.next_due)


def test_of_several_tasks_at_one_place_the_step_names_the_one_that_is_meant() -> None:
    body = (
        '<startEvent id="dau"/><userTask id="hoi" name="Hỏi" camunda:candidateGroups="viet@${noi}">'
        '<multiInstanceLoopCharacteristics camunda:collection="cac_noi" camunda:elementVariable="noi"/></userTask><endEvent id="het"/>'
    )
    files = {"p.bpmn": bpmn(body + flow("dau", "hoi", "het"))}
    begun = {"process": "p", "variables": {"cac_noi": ["a", "b", "b"]}, "steps": []}
    first, second, third = rehearsals.look(files, begun).of("task")
    assert (first.step, second.step) == ({"complete": "hoi"}, {"complete": "hoi", "where": {"noi": "b"}})
    left = rehearsals.look(files, rehearsals.take(files, begun, third.step)).of("task")
    assert [one.asked for one in left] == [("viet@a",), ("viet@b",)]
    assert [one.id for one in left] == [first.id, second.id]


def test_a_called_case_is_shown_on_its_own_diagram() -> None:
    caller = bpmn(
        '<startEvent id="dau"/><callActivity id="goi" calledElement="phe_duyet"/><endEvent id="het"/>' + flow("dau", "goi", "het")
    )
    files = {**APPROVAL, "p.bpmn": caller}
    begun = {"process": "p", "steps": []}
    scene = rehearsals.look(files, begun)
    assert scene.case and {element: [case.key for case in cases] for element, cases in scene.calls.items()} == {"goi": ["phe_duyet"]}
    inner = rehearsals.look(files, begun, case=scene.calls["goi"][0].id)
    assert inner.footprint and dict(inner.footprint.tokens) == {"soan": 1}


def test_a_draft_with_errors_is_not_run_and_one_with_to_dos_is() -> None:
    with pytest.raises(Refused):
        rehearsals.look({"p.bpmn": bpmn('<startEvent id="dau"/><userTask id="x"/>')}, {"process": "p", "steps": []})
    nobody = bpmn('<startEvent id="dau"/><userTask id="x" name="X"/><endEvent id="het"/>' + flow("dau", "x", "het"))
    assert {finding.severity.value for finding in lint({"p.bpmn": nobody})} == {"todo"}
    assert rehearsals.look({"p.bpmn": nobody}, {"process": "p", "steps": []}).of("task")


def test_a_timer_that_fires_every_second_of_a_century_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsals, "JOBS", 50)
    body = (
        '<startEvent id="dau"/><userTask id="lam" name="Làm" camunda:candidateGroups="viet"/><endEvent id="het"/><endEvent id="nhac_xong"/>'
        '<boundaryEvent id="nhac" attachedToRef="lam" cancelActivity="false"><timerEventDefinition><timeCycle>R/PT1S</timeCycle>'
        "</timerEventDefinition></boundaryEvent>"
    )
    files = {"p.bpmn": bpmn(body + flow("dau", "lam", "het") + flow("nhac", "nhac_xong"))}
    with pytest.raises(Invalid, match="at most 50 automatic jobs"):
        rehearsals.take(files, {"process": "p", "steps": []}, {"advance": "P100Y"})


def test_two_processes_that_start_each_other_for_ever_are_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsals, "CASES", 10)

    def thrower(key: str, other: str) -> bytes:
        return (
            f'{HEAD}<message id="m_{key}" name="{key}"/><message id="m_{other}" name="{other}"/>'
            f'<process id="{key}" name="{key}" isExecutable="true">'
            f'<startEvent id="dau"><messageEventDefinition messageRef="m_{key}"/></startEvent>'
            f'<endEvent id="het"><messageEventDefinition messageRef="m_{other}"/></endEvent>{flow("dau", "het")}</process></definitions>'
        ).encode()

    files = {"a.bpmn": thrower("a", "b"), "b.bpmn": thrower("b", "a")}
    with pytest.raises(EngineError, match="at most 10 cases"):
        rehearsals.look(files, {"process": "a", "steps": []})


def test_a_rehearsal_that_grows_beyond_its_memory_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsals, "BYTES", 3 * 2**20)
    begun = {"process": "phe_duyet", "steps": []}
    with pytest.raises(Invalid, match="64 MB"):
        for number in range(60):
            begun = rehearsals.take(APPROVAL, begun, {"start": "phe_duyet", "variables": {"x": str(number) + "a" * 50_000}})


def test_the_steps_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsals, "MOST_STEPS", 1)
    with pytest.raises(Invalid, match="at most 1 steps"):
        rehearsals.take(APPROVAL, START, {"advance": "P1D"}, {"advance": "P1D"})


def test_a_kept_scenario_tells_when_a_change_makes_it_end_otherwise() -> None:
    kept = rehearsals.take(APPROVAL, START, DRAFTED)
    kept["expect"] = rehearsals.outcome(APPROVAL, kept)
    assert kept["expect"] == {"state": "active", "waiting": ["phe_duyet.duyet"], "incidents": []}
    report = rehearsals.judge(APPROVAL, kept)
    assert (report.exit_code, report.unexpected, report.passed["phe_duyet"]["soan"]) == (0, [], 1)
    shortened = APPROVAL["phe_duyet.bpmn"].replace(b'id="duyet"', b'id="ky"')
    shortened = shortened.replace(b'targetRef="duyet"', b'targetRef="ky"').replace(b'sourceRef="duyet"', b'sourceRef="ky"')
    report = rehearsals.judge({**APPROVAL, "phe_duyet.bpmn": shortened}, kept)
    assert report.unexpected == [{"what": "waiting", "expected": ["phe_duyet.duyet"], "found": ["phe_duyet.ky"]}]
    assert (report.exit_code, report.refused) == (1, [])


def test_a_scenario_that_foresees_an_incident_is_not_broken_by_it() -> None:
    files = letters()
    kept = rehearsals.take(files, {"process": "p", "services": "wait", "steps": []}, {"job": "thu", "failure": "hỏng"})
    kept["expect"] = rehearsals.outcome(files, kept)
    assert kept["expect"]["incidents"] == ["gui"]
    assert rehearsals.judge(files, kept).exit_code == 0


def test_no_file_of_the_draft_but_those_that_would_be_deployed_counts() -> None:
    after = rehearsals.take(APPROVAL, START, DRAFTED)
    kept = len(rehearsals._memo)
    rehearsals.look({**APPROVAL, "scenarios/mot.json": b"{}", "README.md": b"#"}, after)
    assert len(rehearsals._memo) == kept


@pytest.mark.parametrize(
    "wrong",
    [
        {"now": 5}, {"organisations": {"a": 1}}, {"steps": [{"complete": ["x"]}]}, {"steps": [{"complete": "x", "nth": "2"}]},
        {"start_first": [1]}, {"steps": [{"message": "m", "keys": []}]}, {"expect": []}, {"now": "hôm nay"}, {"steps": [{}] * 500},
    ],
)  # fmt: skip
def test_what_is_no_scenario_is_said_to_be_none(wrong: dict[str, Any]) -> None:
    scenario = {**START, **wrong}
    assert rehearsals.judge(APPROVAL, scenario).exit_code != 0
    with pytest.raises(EngineError):
        rehearsals.look(APPROVAL, scenario)
