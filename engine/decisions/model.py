"""A DMN file as read: decisions with their tables or expressions, and what they require. Meaning comes in evaluation.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

HIT_POLICIES = ("UNIQUE", "ANY", "FIRST", "PRIORITY", "RULE ORDER", "OUTPUT ORDER", "COLLECT")
AGGREGATIONS = ("SUM", "MIN", "MAX", "COUNT")
SINGLE = frozenset({"UNIQUE", "ANY", "FIRST", "PRIORITY"})
"""Hit policies that give one result; the others give a list."""


@dataclass(frozen=True)
class Text:
    """A cell or expression: its text, its language (`feel`, `juel`, or what else was written), its line and id in the file."""

    source: str
    language: str = "feel"
    line: int | None = None
    id: str = ""

    @property
    def empty(self) -> bool:
        return not self.source.strip()


@dataclass(frozen=True)
class Input:
    """A column of conditions. `variable`: the name under which cells know its value (camunda:inputVariable)."""

    label: str
    expression: Text
    type: str = ""
    allowed: Text | None = None
    variable: str = ""


@dataclass(frozen=True)
class Output:
    """A column of results. `allowed`: also the order of PRIORITY and OUTPUT ORDER, the first being the highest."""

    label: str
    name: str
    type: str = ""
    allowed: Text | None = None
    default: Text | None = None


@dataclass(frozen=True)
class Rule:
    """A row. `number` counts from 1 as the editor shows it."""

    number: int
    tests: tuple[Text, ...]
    results: tuple[Text, ...]
    annotations: tuple[str, ...] = ()
    id: str = ""


@dataclass(frozen=True)
class Table:
    hit_policy: str
    aggregation: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Decision:
    """One decision. It has a table, or an expression, or `logic` names what it has instead (empty: nothing yet)."""

    id: str
    name: str
    variable: str
    type: str = ""
    table: Table | None = None
    expression: Text | None = None
    requires: tuple[str, ...] = ()
    """Ids of decisions, or references that lead out of the file as written."""
    strange: tuple[str, ...] = ()
    """Parts that cannot be honoured, by their DMN name: `invocation`, `knowledgeRequirement`."""
    line: int | None = None

    @property
    def title(self) -> str:
        return self.name or self.id


@dataclass(frozen=True)
class Outcome:
    """What a decision said.

    `value`: one result for UNIQUE, ANY, FIRST, PRIORITY (the plain value of one output, a dict of several, None when no rule matched and
    there is no default), a list of them for the other hit policies, the number of an aggregation, or the value of an expression.
    `results`: output name -> value for each matched rule, in the order of the policy. `rules`: numbers of the matched rules in that order.
    `inputs`: label -> value. `required`: what the decisions below it said.
    """

    value: Any
    results: list[dict[str, Any]]
    rules: list[int]
    decision: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    required: tuple[Outcome, ...] = ()
