# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from where a link stands to where it shall stand, on which the host stays reachable at every place.

The shortest way is searched, not written down: so it begins wherever an earlier run was killed, and the way out of a
bundle is found as the way into one. From plain ports to a static bundle it is:

| | host | switch |
|---|---|---|
| 1 | uses leg 1 alone, nothing else changed | |
| 2 | | the bundle with leg 2 alone |
| 3 | moves to leg 2 with its final form | |
| 4 | | leg 1 joins the bundle, disabled: dark at both ends |
| 5 | uses both legs; leg 1 has no light, so it carries nothing | |
| 6 | | leg 1 is no longer disabled |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, pairwise

from . import delivery
from .model import Legs, Link, Place, Step

LEGS, HOST_FIRST = "legs", "host_first"


class NoRouteError(Exception):
    """There is no way on which the host stays reachable."""


def route(link: Link, start: Place, strategy: str = LEGS) -> list[Step]:
    """Return the steps; none where the link stands where it shall.

    Raises:
        NoRouteError: the host cannot be kept reachable, with the reason.

    """
    if start == link.goal:
        return []
    if strategy == HOST_FIRST:
        return direct(link, start)
    trouble = delivery.wrong(link, start)
    if trouble:
        return _way_of_a_broken_link(link, start)
    found = _shortest(link, start)
    if found is None:
        raise NoRouteError(_reason(link))
    return found


def direct(link: Link, start: Place) -> list[Step]:
    """Return at most one step for each end, the host first (KB 1001938: the virtual switch before the physical one)."""
    host = replace(start, host_legs=link.legs, host_new=True)
    places = [start, host, link.goal]
    return [Step(before, after) for before, after in pairwise(places) if before != after]


def _way_of_a_broken_link(link: Link, start: Place) -> list[Step]:
    """Return the way of a link that loses frames already: to the nearest place that works, and on from there."""
    for place in (replace(start, host_legs=link.legs, host_new=True), replace(link.goal, host_legs=start.host_legs)):
        way = None if delivery.wrong(link, place) or place == start else _shortest(link, place)
        if way is not None and _touches_one_end(start, place):
            return [Step(start, place), *way]
    return direct(link, start)


def _touches_one_end(before: Place, after: Place) -> bool:
    host = (before.host_legs, before.host_new) != (after.host_legs, after.host_new)
    return host != ((before.ports_new, before.dark) != (after.ports_new, after.dark))


def _reason(link: Link) -> str:
    if len(link.legs) < 2:
        return (
            f"{link.name}: the host's management runs over this one cable, and it would be cut off between the change "
            "of its one end and of the other."
        )
    return f"{link.name}: there is no order of changes in which the host's management always has a way."


def _shortest(link: Link, start: Place) -> list[Step] | None:
    """Search breadth first; among ways of one length the order of `_next` decides, so it is always the same."""
    came: dict[Place, Place | None] = {start: None}
    waiting = deque([start])
    while waiting:
        place = waiting.popleft()
        if place == link.goal:
            return _back(came, place)
        for after in _next(link, place):
            if after not in came and not delivery.wrong(link, after):
                came[after] = place
                waiting.append(after)
    return None


def _back(came: dict[Place, Place | None], place: Place) -> list[Step]:
    steps: list[Step] = []
    before = came[place]
    while before is not None:
        steps.insert(0, Step(before, place))
        place, before = before, came[before]
    return steps


def _next(link: Link, place: Place) -> Iterator[Place]:
    """Yield every place that one change leads to, the ones that are nearer to the goal first.

    The host takes its final form only where the switch has it too, on all cables that the host uses then.
    """
    yield from _next_of_switch(link, place)
    for legs in _largest_first(link.legs):
        fits = place.host_new or legs <= place.ports_new
        after = replace(place, host_legs=legs, host_new=fits)
        if legs and after != place:
            yield after
        if legs and fits and not place.host_new and legs != place.host_legs:
            yield replace(place, host_legs=legs)


def _next_of_switch(link: Link, place: Place) -> Iterator[Place]:
    """Yield what one commit can make of the ports.

    Those that carry the management keep their form, and one of them keeps its light: a cable that gets light in the
    same commit needs seconds until it carries anything.
    """
    free = {leg for leg in link.legs if leg not in place.lit or delivery.interchangeable(link, leg)}
    for new in _largest_first(frozenset(free) - place.ports_new):
        for dark in _subsets(link.legs):
            after = replace(place, ports_new=place.ports_new | new, dark=dark)
            if after != place and (after.lit & place.lit or not place.lit):
                yield after


def _subsets(legs: Legs) -> list[Legs]:
    ordered = sorted(legs)
    sizes = chain.from_iterable(combinations(ordered, size) for size in range(len(ordered) + 1))
    return [frozenset(chosen) for chosen in sizes]


def _largest_first(legs: Legs) -> list[Legs]:
    return sorted(_subsets(legs), key=lambda chosen: -len(chosen))
