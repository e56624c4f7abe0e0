# SPDX-License-Identifier: GPL-3.0-or-later
"""The way from where a link stands to where it shall stand, on which the host stays reachable at every place.

The shortest way is searched, not written down: so it begins wherever an earlier run was killed, and the way out of a
bundle is found as the way into one. The ports of a leg change their form only once they have been disabled and the NICs
declared at their other end have lost their link: until then they may be somebody else's. From plain ports to a static
bundle it is:

| | host | switch |
|---|---|---|
| 1 | | leg 1 is disabled: down at both ends, the host's other leg carries all |
| 2 | uses leg 2 alone, nothing else changed | |
| 3 | | the bundle with leg 1 alone, which is enabled again |
| 4 | moves to leg 1 with its final form | |
| 5 | | leg 2 joins the bundle, disabled |
| 6 | uses both legs; leg 2 has no link, so it carries nothing | |
| 7 | | leg 2 is no longer disabled |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, pairwise

from ..contract.link_state import Legs, Link, Place, Step
from . import delivery

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
    found = _shortest(link, start)
    if found is None and delivery.wrong(link, start):
        found = _way_of_a_broken_link(link, start)
    if found is None:
        raise NoRouteError(_reason(link))
    return found


def direct(link: Link, start: Place) -> list[Step]:
    """Return one step for each end, the host first (KB 1001938: the virtual switch before the physical one).

    Before them each leg is disabled once, for its cables to be proven.
    """
    host = replace(start, host_legs=link.legs, host_new=True)
    return _steps([start, *_proofs(link, start), host, link.goal])


def _steps(places: list[Place]) -> list[Step]:
    return [Step(before, after) for before, after in pairwise(places) if before != after]


def _proofs(link: Link, start: Place) -> list[Place]:
    """Return the places on the way to which each leg that is to be proven is disabled, and enabled again.

    The only leg that the management has is not: the host could not tell what it sees.
    """
    found: list[Place] = []
    for leg in sorted(link.legs - start.ports_new - start.dark):
        spared = not link.management or start.lit - {leg} or not start.host_legs
        if spared and not link.hidden and not delivery.additive(link.old_ports[leg], link.new_port):
            found += [replace(start, dark=start.dark | {leg}), start]
    return found


def _way_of_a_broken_link(link: Link, start: Place) -> list[Step] | None:
    """Return the way of a link that loses frames already, where no single step mends it.

    Each leg is disabled once, for its cables to be proven; then the ends are changed, the one first that makes it work.
    """
    if len(link.legs) < 2:
        return None
    for place in (replace(start, host_legs=link.legs, host_new=True), replace(link.goal, host_legs=start.host_legs)):
        way = None if delivery.wrong(link, place) or place == start else _search(link, place, link.legs)
        if way is not None and _touches_one_end(start, place):
            return [*_steps([start, *_proofs(link, start), place]), *way]
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
    hides = f", for its enclosure hides from it that a port is disabled ({link.hidden})" if link.hidden else ""
    return f"{link.name}: there is no order of changes in which the host's management always has a way{hides}."


def unproven(link: Link, steps: list[Step]) -> Legs:
    """Return the legs of which a way disables no port, so that nothing shows where their cables are."""
    proven = steps[0].before.dark.union(*(step.disables for step in steps)) if steps else link.legs
    return link.legs if link.hidden else link.legs - proven


Node = tuple[Place, Legs]
"""A place, and the legs whose cables are proven there."""


def _shortest(link: Link, start: Place) -> list[Step] | None:
    return _search(link, start, link.legs if link.hidden else start.dark)


def _search(link: Link, start: Place, proven: Legs) -> list[Step] | None:
    """Search breadth first; among ways of one length the order of `_next` decides, so it is always the same."""
    first = (start, proven)
    came: dict[Node, Node | None] = {first: None}
    waiting = deque([first])
    while waiting:
        node = waiting.popleft()
        if node[0] == link.goal:
            return _back(came, node)
        for place in _next(link, node[0]):
            after = (place, node[1] | Step(node[0], place).disables)
            if after not in came and not delivery.wrong(link, place) and _proves(link, node, after, start.host_legs):
                came[after] = node
                waiting.append(after)
    return None


def _proves(link: Link, before: Node, after: Node, used: Legs) -> bool:
    """Tell whether nothing depends on a cable, or takes anything from whoever is at it, before it is proven.

    The host begins to use a leg when it is proven; what it had at the start (`used`) it may have again. One cable alone
    cannot be proven: with it the host would be lost. Two legs that lose their link at once would not be told apart.
    """
    (place, known), (then, proven) = before, after
    changed = then.ports_new - place.ports_new
    takes = {leg for leg in changed if not delivery.additive(link.old_ports[leg], link.new_port)}
    if len(link.legs) > 1 and not takes <= proven:
        return False
    return then.host_legs - place.host_legs <= proven | used and len(proven - known) < 2


def _back(came: dict[Node, Node | None], node: Node) -> list[Step]:
    steps: list[Step] = []
    before = came[node]
    while before is not None:
        steps.insert(0, Step(before[0], node[0]))
        node, before = before, came[before]
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
    same commit needs seconds until it carries anything. Members that stay in their bundle get its VLANs all at once.
    """
    stay = {leg for leg in link.legs if link.new_port.bundle and link.old_ports[leg].bundle == link.new_port.bundle}
    free = {leg for leg in link.legs if leg not in place.lit or delivery.interchangeable(link, leg)}
    for new in _largest_first(frozenset(free) - place.ports_new):
        if 0 < len(stay & (place.ports_new | new)) < len(stay):
            continue
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
