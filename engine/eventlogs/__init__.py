"""Event logs for process mining: what happened in which case, as XES (IEEE 1849-2016) and OCEL 2.0 (JSON), made while it is read.

An event is one step of a case that ended: not the gateways, which are no work. What was entered is not in it, nor titles of cases.
"""

from engine.eventlogs.chosen import Chosen, choose
from engine.eventlogs.ocel import ocel
from engine.eventlogs.xes import xes

__all__ = ["Chosen", "choose", "ocel", "xes"]
