# SPDX-License-Identifier: GPL-3.0-or-later
"""The path from where a link stands to where it shall stand, on which the host stays reachable at every state.

The shortest path is searched, not written down: so it begins wherever an earlier run was killed, and the way out of a
bundle is found as the way into one. The ports of a group change their form only once they have been disabled and the
NICs declared at their other end have lost their link: until then they may be somebody else's. From plain ports to a
static bundle it is:

| | host | switch |
|---|---|---|
| 1 | | group 1 is disabled: down at both ends, the host's other group carries all |
| 2 | uses group 2 alone, nothing else changed | |
| 3 | | the bundle with group 1 alone, which is enabled again |
| 4 | moves to group 1 with its final form | |
| 5 | | group 2 joins the bundle, disabled |
| 6 | uses both groups; group 2 has no link, so it carries nothing | |
| 7 | | group 2 is no longer disabled |
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, pairwise

from ..contract.link_state import Groups, Link, LinkState, Step
from . import delivery

GROUPWISE, HOST_FIRST = "legs", "host_first"


class NoRouteError(Exception):
    """There is no way on which the host stays reachable."""


def route(link: Link, start: LinkState, strategy: str = GROUPWISE) -> list[Step]:
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
        found = _path_of_a_broken_link(link, start)
    if found is None:
        raise NoRouteError(_reason(link))
    return found


def direct(link: Link, start: LinkState) -> list[Step]:
    """Return one step for each end, the host first (KB 1001938: the virtual switch before the physical one).

    Before them each group is disabled once, for its cables to be proven.
    """
    host = replace(start, used=link.groups, host_new=True)
    return _steps([start, *_proofs(link, start), host, link.goal])


def _steps(states: list[LinkState]) -> list[Step]:
    return [Step(before, after) for before, after in pairwise(states) if before != after]


def _proofs(link: Link, start: LinkState) -> list[LinkState]:
    """Return the states on the path to which each group that is to be proven is disabled, and enabled again.

    The only group that the management has is not: the host could not tell what it sees.
    """
    found: list[LinkState] = []
    for group in sorted(link.groups - start.ports_new - start.disabled):
        spared = not link.management or start.enabled - {group} or not start.used
        if spared and not link.hidden and not delivery.additive(link.old_ports[group], link.new_port):
            found += [replace(start, disabled=start.disabled | {group}), start]
    return found


def _path_of_a_broken_link(link: Link, start: LinkState) -> list[Step] | None:
    """Return the path of a link that loses frames already, where no single step mends it.

    Each group is disabled once, for its cables to be proven; then the ends are changed, first the one that makes it
    work.
    """
    if len(link.groups) < 2:
        return None
    for state in (replace(start, used=link.groups, host_new=True), replace(link.goal, used=start.used)):
        path = None if delivery.wrong(link, state) or state == start else _search(link, state, link.groups)
        if path is not None and _touches_one_end(start, state):
            return [*_steps([start, *_proofs(link, start), state]), *path]
    return direct(link, start)


def _touches_one_end(before: LinkState, after: LinkState) -> bool:
    host = (before.used, before.host_new) != (after.used, after.host_new)
    return host != ((before.ports_new, before.disabled) != (after.ports_new, after.disabled))


def _reason(link: Link) -> str:
    if len(link.groups) < 2:
        return (
            f"{link.name}: the host's management runs over this one cable, and it would be cut off between the change "
            "of its one end and of the other."
        )
    hides = f", for its enclosure hides from it that a port is disabled ({link.hidden})" if link.hidden else ""
    return f"{link.name}: there is no order of changes in which the host's management always has a path{hides}."


def unproven(link: Link, steps: list[Step]) -> Groups:
    """Return the groups of which a path disables no port, so that nothing shows where their cables are."""
    proven = steps[0].before.disabled.union(*(step.disables for step in steps)) if steps else link.groups
    return link.groups if link.hidden else link.groups - proven


Node = tuple[LinkState, Groups]
"""A state, and the groups whose cables are proven there."""


def _shortest(link: Link, start: LinkState) -> list[Step] | None:
    return _search(link, start, link.groups if link.hidden else start.disabled)


def _search(link: Link, start: LinkState, proven: Groups) -> list[Step] | None:
    """Search breadth first; among paths of one length the order of `_next` decides, so it is always the same."""
    first = (start, proven)
    came: dict[Node, Node | None] = {first: None}
    waiting = deque([first])
    while waiting:
        node = waiting.popleft()
        if node[0] == link.goal:
            return _back(came, node)
        for state in _next(link, node[0]):
            after = (state, node[1] | Step(node[0], state).disables)
            if after not in came and not delivery.wrong(link, state) and _proves(link, node, after, start.used):
                came[after] = node
                waiting.append(after)
    return None


def _proves(link: Link, before: Node, after: Node, used: Groups) -> bool:
    """Tell whether nothing depends on a cable, or takes anything from whoever is at it, before it is proven.

    The host begins to use a group when it is proven; what it had at the start (`used`) it may have again. One cable
    alone cannot be proven: with it the host would be lost. Two groups that lose their link at once would not be told
    apart.
    """
    (state, known), (then, proven) = before, after
    changed = then.ports_new - state.ports_new
    takes = {group for group in changed if not delivery.additive(link.old_ports[group], link.new_port)}
    if len(link.groups) > 1 and not takes <= proven:
        return False
    return then.used - state.used <= proven | used and len(proven - known) < 2


def _back(came: dict[Node, Node | None], node: Node) -> list[Step]:
    steps: list[Step] = []
    before = came[node]
    while before is not None:
        steps.insert(0, Step(before[0], node[0]))
        node, before = before, came[before]
    return steps


def _next(link: Link, state: LinkState) -> Iterator[LinkState]:
    """Yield every state that one change leads to, the ones that are nearer to the goal first.

    The host takes its final form only where the switch has it too, on all cables that the host uses then.
    """
    yield from _next_of_switch(link, state)
    for groups in _largest_first(link.groups):
        fits = state.host_new or groups <= state.ports_new
        after = replace(state, used=groups, host_new=fits)
        if groups and after != state:
            yield after
        if groups and fits and not state.host_new and groups != state.used:
            yield replace(state, used=groups)


def _next_of_switch(link: Link, state: LinkState) -> Iterator[LinkState]:
    """Yield what one commit can make of the ports.

    Those that carry the management keep their form, and one of them keeps its light: a cable that gets light in the
    same commit needs seconds until it carries anything. Members that stay in their bundle get its VLANs all at once.
    """
    into = link.new_port.bundle
    stay = {group for group in link.groups if into and link.old_ports[group].bundle == into}
    free = {group for group in link.groups if group not in state.enabled or delivery.interchangeable(link, group)}
    for new in _largest_first(frozenset(free) - state.ports_new):
        if 0 < len(stay & (state.ports_new | new)) < len(stay):
            continue
        for disabled in _subsets(link.groups):
            after = replace(state, ports_new=state.ports_new | new, disabled=disabled)
            if after != state and (after.enabled & state.enabled or not state.enabled):
                yield after


def _subsets(groups: Groups) -> list[Groups]:
    ordered = sorted(groups)
    sizes = chain.from_iterable(combinations(ordered, size) for size in range(len(ordered) + 1))
    return [frozenset(chosen) for chosen in sizes]


def _largest_first(groups: Groups) -> list[Groups]:
    return sorted(_subsets(groups), key=lambda chosen: -len(chosen))
