"""XES, IEEE 1849-2016: one trace for each case."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from xml.sax.saxutils import quoteattr

from sqlalchemy import Connection

from engine.eventlogs import chosen as chosen_
from engine.eventlogs.chosen import Chosen

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849-2016" xes.features="" xmlns="http://www.xes-standard.org/">
<extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
<extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
<extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
<extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
<global scope="trace"><string key="concept:name" value=""/></global>
<global scope="event"><string key="concept:name" value=""/><date key="time:timestamp" value="1970-01-01T00:00:00+00:00"/>"""
_HEAD += """<string key="lifecycle:transition" value="complete"/></global>
<classifier name="Activity" keys="concept:name"/>
"""
TRANSITIONS = {"element.completed": "complete", "element.cancelled": "ate_abort", "element.failed": "ate_abort"}


def xes(connection: Connection, chosen: Chosen) -> Iterator[bytes]:
    """The log, in parts. `connection`: of db.snapshot()."""
    yield (_HEAD + _string("concept:name", chosen.name) + _string("process", chosen.key)).encode()
    events = chosen_.events(connection, chosen)
    event = next(events, None)
    for case in chosen_.cases(connection, chosen):
        parts = [_trace(case)]
        while event is not None and event.instance_id == case.id:
            parts.append(_event(event))
            event = next(events, None)
        parts.append("</trace>\n")
        yield "".join(parts).encode()
    yield b"</log>\n"


def _trace(case: Any) -> str:
    about = [_string("concept:name", str(case.id)), _string("business_key", case.business_key), _string("state", case.state)]
    about += [f'<int key="version" value="{case.version}"/>', _date("started", case.started_at)]
    if case.ended_at is not None:
        about.append(_date("ended", case.ended_at))
    if case.parent_id is not None:
        about.append(_string("called_by", str(case.parent_id)))
    return "<trace>" + "".join(about) + "\n"


def _event(event: Any) -> str:
    about = [
        _string("concept:name", chosen_.activity(event)),
        _string("concept:instance", event.wait_id or ""),
        _date("time:timestamp", event.at),
    ]
    about += [_string("lifecycle:transition", TRANSITIONS[event.kind]), _string("element", event.element_id or "")]
    about.append(_string("element_type", event.element_type or ""))
    if entered := event.detail.get("entered_at"):
        about.append(_date("start_timestamp", datetime.fromisoformat(entered)))
    if event.username:
        about.append(_string("org:resource", event.username))
        about.append(_string("org:role", event.position or ""))
    return "<event>" + "".join(about) + "</event>\n"


def _string(key: str, value: str) -> str:
    return f'<string key="{key}" value={quoteattr(_NO_XML.sub("", value))}/>'


def _date(key: str, value: datetime) -> str:
    return f'<date key="{key}" value="{value.isoformat(timespec="milliseconds")}"/>'
