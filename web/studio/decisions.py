"""The decision tables of a draft: tried out under the table, with what is typed there, before anybody relies on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

from engine.decisions import Decisions, Outcome, Question
from engine.errors import DecisionError, EngineError
from engine.expressions import limits, to_json
from engine.sentences import say
from web.language import locale
from web.studio import answers, bp
from web.studio.api import asked

SECONDS = 2.0
"""Processor time of one trial, all cells together."""


@bp.post("/<folder>/api/thu-bang")
def try_table(folder: str) -> ResponseReturnValue:
    """{content, decision, variables: {path: what was typed}} -> {decision, fields, result, rows, rules, required, error, cell, field}.

    What is wrong with the table or with what was typed is part of the answer: it is what the page asked for.
    """
    given = asked("content")
    with limits.together(SECONDS):
        return jsonify(attempt(given["content"].encode(), given.get("decision"), given.get("variables"), folder))


def attempt(content: bytes, decision_id: object, typed: object, file: str = "") -> dict[str, Any]:
    """The answer of a trial. `rows` is None while nothing is typed: then nothing is evaluated."""
    answer: dict[str, Any] = {"fields": [], "result": None, "rows": None, "rules": [], "required": [], "error": None, "cell": None}
    try:
        decisions = Decisions.read(content, file)
        wanted = decision_id if isinstance(decision_id, str) and decision_id else decisions.top or ""
        questions = decisions.questions(wanted)
        entries = _entries(questions, typed)
        answer |= {"decision": wanted, "fields": [_field(question) for question in questions]}
        answer |= _misread(questions, entries)
        if answer["error"] is None and (not questions or any(entries.values())):
            _say(answer, decisions, decisions.evaluate(wanted, _variables(questions, entries)))
    except DecisionError as error:
        answer |= {"error": say(error, locale()), "cell": error.parameters.get("cell") or None, "decision": error.parameters.get("id")}
    except EngineError as error:
        answer["error"] = say(error, locale())
    return answer


def _entries(questions: list[Question], typed: object) -> dict[str, str]:
    """Name of the question -> what was typed for it."""
    given = typed if isinstance(typed, Mapping) else {}
    names = [".".join(question.path) for question in questions]
    return {name: given[name].strip() if isinstance(given.get(name), str) else "" for name in names}


def _field(question: Question) -> dict[str, Any]:
    return {"name": ".".join(question.path), "label": question.label, "type": question.type, "options": list(question.options)}


def _misread(questions: list[Question], entries: Mapping[str, str]) -> dict[str, Any]:
    """What was typed that is not of its column's type, before the table is blamed for it."""
    for question in questions:
        name = ".".join(question.path)
        sentence = answers.problem(entries[name], question.type)
        if sentence:
            return {"field": name, "error": f"{question.label}: {sentence}"}
    return {"field": None}


def _variables(questions: list[Question], entries: Mapping[str, str]) -> dict[str, Any]:
    """What is left empty is null, as a field that nobody filled in is in a case."""
    variables: dict[str, Any] = {}
    for question in questions:
        answers.put(variables, question.path, answers.read(entries[".".join(question.path)], question.type))
    return variables


def _say(answer: dict[str, Any], decisions: Decisions, outcome: Outcome) -> None:
    value, table = to_json(outcome.value), decisions.decision(outcome.decision).table
    answer |= {"result": value, "text": answers.shown(value), "rows": _rows(decisions, outcome), "rules": _rules(decisions, outcome)}
    answer["table"] = table is not None
    # One number made of many, or the value of an expression: the rows do not show it.
    answer["single"] = table is None or bool(table.aggregation)
    answer["required"] = [
        {
            "decision": below.decision,
            "title": decisions.decision(below.decision).title,
            "rules": _rules(decisions, below),
            "numbers": below.rules,
        }
        for below in _below(outcome)
        if decisions.decision(below.decision).table
    ]


def _rows(decisions: Decisions, outcome: Outcome) -> list[dict[str, Any]]:
    """One row per result, with the number of its rule where the hit policy leaves them apart."""
    table = decisions.decision(outcome.decision).table
    labels = {column.name: column.label for column in table.outputs} if table else {}
    apart = len(outcome.results) == len(outcome.rules)
    return [
        {
            "number": outcome.rules[at] if apart else None,
            "outputs": [{"label": labels.get(name, name), "text": answers.shown(to_json(value))} for name, value in result.items()],
        }
        for at, result in enumerate(outcome.results)
    ]


def _rules(decisions: Decisions, outcome: Outcome) -> list[str]:
    """The ids of the rules that matched, in the order of the hit policy."""
    table = decisions.decision(outcome.decision).table
    ids = {rule.number: rule.id for rule in table.rules} if table else {}
    return [ids[number] for number in outcome.rules if ids.get(number)]


def _below(outcome: Outcome) -> list[Outcome]:
    return [one for below in outcome.required for one in (below, *_below(below))]
