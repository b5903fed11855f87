"""Decisions: DMN 1.1 to 1.5, every hit policy, FEEL cells, graphs of required decisions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.decisions import checking
from engine.decisions.evaluation import Evaluation
from engine.decisions.model import Decision, Outcome
from engine.decisions.questions import Question
from engine.decisions.questions import questions as asked
from engine.decisions.reading import read
from engine.errors import DecisionError, Finding, Invalid, NotFound
from engine.expressions import to_json

__all__ = ["Decisions", "Outcome", "Question", "decide"]


class Decisions:
    """The decisions of one DMN file."""

    def __init__(self, file: str, decisions: list[Decision], input_names: list[str]) -> None:
        self.file = file
        self.all = decisions
        self._by_id = {decision.id: decision for decision in reversed(decisions)}
        written = {name for decision in decisions for name in (decision.name, decision.variable)} | set(input_names)
        self.known = frozenset(name for name in written if not name.isidentifier() and name)
        """Names of several words that cells may use."""

    @classmethod
    def read(cls, content: bytes, file: str = "") -> Decisions:
        """Parse a DMN file. Raises FileRejected when it is not DMN; what it says wrongly is found by check()."""
        decisions, input_names = read(content, file)
        return cls(file, decisions, input_names)

    @property
    def ids(self) -> list[str]:
        """Ids of its decisions in document order."""
        return [decision.id for decision in self.all]

    def decision(self, decision_id: str) -> Decision:
        """Raises NotFound."""
        if decision_id not in self._by_id:
            raise NotFound(what="decision", id=decision_id)
        return self._by_id[decision_id]

    def evaluate(self, decision_id: str, variables: Mapping[str, Any]) -> Outcome:
        """What the decision says, its required decisions having been evaluated first. Raises NotFound, DecisionError."""
        return self._evaluate(self.decision(decision_id), variables, {}, ())

    def _evaluate(self, decision: Decision, variables: Mapping[str, Any], done: dict[str, Outcome], above: tuple[str, ...]) -> Outcome:
        if decision.strange:
            message = f"{', '.join(decision.strange)} cannot be evaluated"
            raise DecisionError(decision=decision.title, rule="-", column="-", message=message)
        if decision.id in above or len(above) > 50:
            message = "it requires itself: " + " - ".join((*above, decision.id))
            raise DecisionError(decision=decision.title, rule="-", column="-", message=message)
        seen = dict(variables)
        for required in decision.requires:
            if required not in self._by_id:
                raise DecisionError(decision=decision.title, rule="-", column="-", message=f"there is no required decision {required}")
            below = self._by_id[required]
            if required not in done:
                done[required] = self._evaluate(below, variables, done, (*above, decision.id))
            seen |= _handed_up(below, done[required])
        return Evaluation(decision, seen, self.known, tuple(done[required] for required in decision.requires)).outcome()

    def check(self) -> list[Finding]:
        """Everything in the file that cannot be honoured, with table, rule number and column, in Vietnamese and English."""
        return checking.check(self.file, self.all, self.known)

    def questions(self, decision_id: str) -> list[Question]:
        """What has to be said to try a decision out. Raises NotFound."""
        return asked(self.decision(decision_id), self._by_id, self.known)

    @property
    def top(self) -> str | None:
        """The id of its only decision, or of the only one that no other requires; else none."""
        required = {id_ for decision in self.all for id_ in decision.requires}
        tops = [id_ for id_ in self.ids if id_ not in required]
        return tops[0] if len(tops) == 1 else None

    def names(self, decision_id: str) -> frozenset[str]:
        """The variables of the case that a decision reads, through the decisions it requires. Cells that cannot be read are left out."""
        return checking.names(self.decision(decision_id), self._by_id, self.known)


def _handed_up(decision: Decision, outcome: Outcome) -> dict[str, Any]:
    """The names under which a decision's result is known above it: its outputs', its id, its name and its variable."""
    outputs = decision.table.outputs if decision.table else ()
    rows = outcome.results
    named = {o.name: rows[0].get(o.name) if len(rows) == 1 else [row.get(o.name) for row in rows] or None for o in outputs}
    return named | {name: outcome.value for name in (decision.id, decision.name, decision.variable) if name}


def decide(content: bytes, file: str, inputs: Mapping[str, Any], decision_id: str | None = None) -> dict[str, Any]:
    """Evaluate one decision of a file, for a shell. Without `decision_id` the file's only decision, or the one no other requires.

    JSON values only. Raises FileRejected, NotFound, DecisionError, Invalid.
    """
    decisions = Decisions.read(content, file)
    wanted = decision_id or decisions.top
    if not wanted:
        raise Invalid(expected="the id of a decision", found=f"none, and the file has {', '.join(decisions.ids) or 'no decisions'}")
    return _shown(decisions.evaluate(wanted, inputs))


def _shown(outcome: Outcome) -> dict[str, Any]:
    shown = {name: getattr(outcome, name) for name in ("decision", "value", "results", "rules", "inputs")}
    found: dict[str, Any] = to_json(shown)
    if outcome.required:
        found["required"] = [_shown(below) for below in outcome.required]
    return found
