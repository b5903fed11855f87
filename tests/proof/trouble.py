"""What befalls an installation: its processes are killed, its database and its broker restarted, its queue emptied."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from functools import partial

from tests.postgresql import Cluster
from tests.proof.broker import Broker
from tests.proof.house import House

Blow = Callable[[], None]
"""Something that goes wrong now."""


def kills(house: House, number: int, chance: random.Random) -> list[tuple[str, Blow]]:
    """`number` times kill -9: every kind of program in turn, which of that kind and whether it or one that it forked by chance."""
    kinds: dict[str, list[str]] = {}
    programs = {program.name: program for program in house.programs}
    for name in programs:
        kinds.setdefault(name.partition("-")[0], []).append(name)
    blows: list[tuple[str, Blow]] = []
    for turn in range(number):
        names = kinds[sorted(kinds)[turn % len(kinds)]]
        program = programs[chance.choice(names)]
        if program.name.startswith(("web-", "celery-")) and chance.random() < 0.4:
            blows.append((f"kill -9 of a child of {program.name}", partial(program.kill_child, chance.randrange(8))))
        else:
            blows.append((f"kill -9 of {program.name}", program.kill))
    chance.shuffle(blows)
    return blows


def outages(cluster: Cluster | None, broker: Broker | None, counts: Mapping[str, int]) -> list[tuple[str, Blow]]:
    """Outages of what the installation stands on. `counts`: how often each."""
    kinds: dict[str, Blow] = {}
    if cluster is not None:
        kinds |= {"PostgreSQL restarted": partial(cluster.restart, "fast"), "PostgreSQL crashed": partial(cluster.restart, "immediate")}
    if broker is not None:
        kinds |= {"Redis emptied": broker.empty, "Redis restarted": broker.restart}
    return [(name, kinds[name]) for name, count in counts.items() for _ in range(count)]
