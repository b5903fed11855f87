"""How a scenario begins, where the diagram itself does not say it plainly."""

from __future__ import annotations

from engine import scenarios
from engine.lint import lint
from tests.engine.cast import bpmn, flow


def starting(event: str) -> dict[str, bytes]:
    body = f'<startEvent id="dau">{event}</startEvent><scriptTask id="viec" scriptFormat="starlark"><script>y = x + 1</script></scriptTask>'
    diagram = bpmn(body + '<endEvent id="het"/>' + flow("dau", "viec", "het"))
    return {"p.bpmn": diagram.replace(b"<process ", b'<message id="m" name="don"/><process ')}


TIMER = "<timerEventDefinition><timeDuration>PT2S</timeDuration></timerEventDefinition>"
CYCLE = "<timerEventDefinition><timeCycle>R2/PT2S</timeCycle></timerEventDefinition>"


def test_it_is_the_clock_that_starts_a_process_with_a_timer_and_once() -> None:
    report = scenarios.run(starting(TIMER), {"process": "p", "variables": {"x": 1}, "steps": [{"advance": "PT5S"}]}, lint)
    assert (report.trace, report.state, report.variables) == (["dau", "viec", "het"], "completed", {"x": 1, "y": 2})


def test_it_has_not_begun_before_its_time() -> None:
    report = scenarios.run(starting(TIMER), {"process": "p", "variables": {"x": 1}}, lint)
    assert (report.trace, report.state, report.exit_code) == ([], "active", 0)


def test_it_begins_as_often_as_its_cycle_says_with_the_same_variables() -> None:
    report = scenarios.run(starting(CYCLE), {"process": "p", "variables": {"x": 1}, "steps": [{"advance": "PT1M"}]}, lint)
    assert report.trace == ["dau", "viec", "het"] * 2
    assert report.incidents == []


def test_it_begins_at_the_only_start_event_there_is() -> None:
    files = starting('<messageEventDefinition messageRef="m"/>')
    assert scenarios.run(files, {"process": "p", "variables": {"x": 1}}, lint).trace == ["dau", "viec", "het"]
