"""Joins that wait for ever, and those that only seem to."""

from __future__ import annotations

import pytest

from engine.errors import Severity
from engine.lint import tokens
from tests.engine.lint.folders import flow, found, process, script, severities

TIMER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"
ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def gateways(**kinds: str) -> str:
    return "".join(f'<{kind}Gateway id="{id_}"/>' for id_, kind in kinds.items())


def steps(*ids: str) -> str:
    return "".join(script(id_, f"{id_} = 1") for id_ in ids)


def weights(body: str) -> list[Severity]:
    return severities(found(process(ENDS + body), "deadlock"))


def test_it_refuses_a_choice_that_ends_one_branch_before_the_join() -> None:
    body = gateways(tach="parallel", chon="exclusive", gop="parallel") + steps("a", "b") + '<endEvent id="bo"/>'
    body += flow("s", "tach") + flow("tach", "chon") + flow("tach", "b") + flow("chon", "a", "${x}") + flow("chon", "bo", "${not x}")
    body += flow("a", "gop") + flow("b", "gop") + flow("gop", "e")
    assert weights(body) == [Severity.ERROR]
    ends_all = body.replace('<endEvent id="bo"/>', '<endEvent id="bo"><terminateEventDefinition/></endEvent>')
    assert weights(ends_all) == []


def test_it_warns_only_when_two_choices_may_agree() -> None:
    body = gateways(tach="parallel", c1="exclusive", c2="exclusive", gop="parallel", gop2="parallel")
    body += flow("s", "tach") + flow("tach", "c1") + flow("tach", "c2") + steps("x", "y")
    body += flow("c1", "gop", "${k}") + flow("c1", "gop2", "${not k}") + flow("c2", "gop", "${k}") + flow("c2", "gop2", "${not k}")
    body += flow("gop", "x") + flow("gop2", "y") + flow("x", "e") + flow("y", "e")
    assert set(weights(body)) == {Severity.WARNING}


def test_it_refuses_a_boundary_event_that_leads_past_the_join() -> None:
    body = gateways(tach="parallel", gop="parallel") + steps("b") + '<manualTask id="a"/><endEvent id="het_han"/>'
    body += f'<boundaryEvent id="han" attachedToRef="a">{TIMER}</boundaryEvent>'
    body += flow("s", "tach") + flow("tach", "a") + flow("tach", "b") + flow("a", "gop") + flow("b", "gop") + flow("gop", "e")
    assert weights(body + flow("han", "het_han")) == [Severity.ERROR]
    assert weights(body.replace('<boundaryEvent id="han"', '<boundaryEvent id="han" cancelActivity="false"') + flow("han", "het_han")) == []


def test_it_refuses_a_join_that_waits_for_what_comes_after_it() -> None:
    body = gateways(gop="parallel", chon="exclusive") + steps("a") + flow("s", "gop") + flow("gop", "a") + flow("a", "chon")
    body += flow("chon", "gop", "${x}") + flow("chon", "e", "${not x}")
    assert weights(body) == [Severity.ERROR]


def test_it_lets_a_rework_loop_with_split_and_join_pass() -> None:
    body = gateways(vao="exclusive", tach="parallel", gop="parallel", chon="exclusive") + steps("a", "b")
    body += flow("s", "vao") + flow("vao", "tach") + flow("tach", "a") + flow("tach", "b") + flow("a", "gop") + flow("b", "gop")
    body += flow("gop", "chon") + flow("chon", "vao", "${x}") + flow("chon", "e", "${not x}")
    assert weights(body) == []
    assert found(process(ENDS + body), "multiple-tokens") == []


def test_it_lets_an_inclusive_join_take_what_comes() -> None:
    body = gateways(tach="inclusive", gop="inclusive") + steps("a", "b") + flow("s", "tach") + flow("tach", "a", "${x}")
    body += flow("tach", "b", "${not x}") + flow("a", "gop") + flow("b", "gop") + flow("gop", "e")
    assert weights(body) == []


def test_it_warns_about_an_inclusive_split_before_a_parallel_join() -> None:
    body = gateways(tach="inclusive", gop="parallel") + steps("a", "b") + flow("s", "tach") + flow("tach", "a", "${x}")
    body += flow("tach", "b", "${y}") + flow("a", "gop") + flow("b", "gop") + flow("gop", "e")
    assert weights(body) == [Severity.WARNING]


def test_it_warns_only_where_something_can_end_the_scope() -> None:
    inner = ENDS.replace('"s"', '"s2"').replace('"e"', '"e2"') + gateways(tach="exclusive", gop="parallel") + steps("a", "b")
    inner += (
        flow("s2", "tach")
        + flow("tach", "a", "${x}")
        + flow("tach", "b", "${not x}")
        + flow("a", "gop")
        + flow("b", "gop")
        + flow("gop", "e2")
    )
    body = f'<subProcess id="n">{inner}</subProcess>' + flow("s", "n") + flow("n", "e")
    assert weights(body) == [Severity.ERROR]
    timer = f'<boundaryEvent id="han" attachedToRef="n">{TIMER}</boundaryEvent>'
    assert weights(body + timer + flow("han", "e")) == [Severity.WARNING]


def test_it_counts_tokens_that_an_activity_wants() -> None:
    """A task that wants two tokens and gets one is no join: BPMN lets it wait, and so do we."""
    body = steps("a") + '<manualTask id="b" startQuantity="2"/>' + flow("s", "a") + flow("a", "b") + flow("b", "e")
    assert weights(body) == []


def test_it_says_when_the_bound_was_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    body = gateways(tach="parallel", gop="parallel") + flow("s", "tach") + flow("gop", "e")
    for i in range(8):
        body += gateways(**{f"c{i}": "exclusive", f"m{i}": "exclusive"}) + f'<userTask id="u{i}"/>'
        body += f'<boundaryEvent id="x{i}" attachedToRef="u{i}"><signalEventDefinition/></boundaryEvent>'
        body += flow("tach", f"c{i}") + flow(f"c{i}", f"u{i}", "${x}") + flow(f"c{i}", f"m{i}", "${not x}")
        body += flow(f"u{i}", f"m{i}") + flow(f"x{i}", f"m{i}") + flow(f"m{i}", "gop")
    assert weights(body) == []
    monkeypatch.setattr(tokens.explore, "__defaults__", (10,))
    findings = found(process(ENDS + body), "deadlock")
    assert severities(findings) == [Severity.WARNING]
    assert "5000" in findings[0].vi


def test_it_explores_wide_and_long_diagrams_in_few_states() -> None:
    body = gateways(tach="parallel", gop="parallel") + flow("s", "tach") + flow("gop", "e")
    for k in range(8):
        body += flow("tach", f"g{k}_0")
        for i in range(10):
            body += gateways(**{f"g{k}_{i}": "exclusive"}) + steps(f"a{k}_{i}", f"b{k}_{i}")
            after = f"g{k}_{i + 1}" if i < 9 else f"m{k}"
            body += flow(f"g{k}_{i}", f"a{k}_{i}", "${x}") + flow(f"g{k}_{i}", f"b{k}_{i}", "${not x}")
            body += flow(f"a{k}_{i}", after) + flow(f"b{k}_{i}", after)
        body += gateways(**{f"m{k}": "exclusive"}) + flow(f"m{k}", "gop")
    assert weights(body) == []


def test_it_lets_plain_starts_begin_together_and_others_alone() -> None:
    body = '<startEvent id="s"/><startEvent id="s2"/><endEvent id="e"/>' + gateways(gop="parallel")
    body += flow("s", "gop") + flow("s2", "gop") + flow("gop", "e")
    assert found(process(body), "deadlock") == []
    by_timer = body.replace('<startEvent id="s2"/>', f'<startEvent id="s2">{TIMER}</startEvent>')
    assert severities(found(process(by_timer), "deadlock")) == [Severity.ERROR]


def test_it_takes_an_instantiating_receive_task_for_a_start() -> None:
    body = '<startEvent id="s"/><endEvent id="e"/><receiveTask id="nhan" instantiate="true" messageRef="tin"/>'
    findings = found(process(body + flow("s", "e") + flow("nhan", "e"), before='<message id="tin" name="tin"/>'))
    assert "unreachable" not in {finding.rule for finding in findings}
