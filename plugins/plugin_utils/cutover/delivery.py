# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether every frame of the host's management arrives and is answered, at one state of a link.

The rules are those for standard vSwitches (VMware KB 1001938): IP hash over several uplinks needs a static bundle of
exactly these, a bundle needs IP hash, LACP never comes up. One uplink alone works with either policy.
"""

from __future__ import annotations

from ..contract.link_state import Link, LinkState, PortForm


def wrong(link: Link, state: LinkState) -> str:
    """Return why the host's management would lose frames at this state; an empty text where it does not."""
    if not state.used:
        return ""  # it runs over uplinks outside this link
    if not state.enabled:
        return "no cable that the host uses has light"
    if link.hidden and state.used & state.disabled:
        return "the host sends over a disabled port, for nothing tells it that the port is"
    vlans = {link.port_form(state, group).arrives(link.host_form(state).vlan) for group in state.enabled}
    return _vlans(link, state, vlans) or _teaming(link, state)


def reachable(link: Link, state: LinkState) -> bool:
    """Tell whether the host answers at this state of the link, as far as it depends on the link."""
    return not link.management or not wrong(link, state)


def _vlans(link: Link, state: LinkState, vlans: set[int | None]) -> str:
    if None in vlans:
        return "the switch does not take the VLAN that the host sends"
    if not vlans <= networks(link):
        return "the host's management would get into another VLAN"
    return ""


def networks(link: Link) -> set[int | None]:
    """Return the VLANs that the management may be in: where it was, and where it shall be."""
    before = {form.arrives(link.old_host.vlan) for form in link.old_ports}
    return before | {link.new_port.arrives(link.new_host.vlan)}


def _teaming(link: Link, state: LinkState) -> str:
    forms = {group: link.port_form(state, group) for group in sorted(link.groups)}
    used = {forms[group] for group in state.enabled}
    if any(form.bundle and not form.static for form in used):
        return "the switch waits for LACP, which a standard vSwitch does not speak"
    bundles = {form.bundle for form in used}
    several = len(link.nics_of(state.enabled)) > 1
    if bundles == {""}:
        return "IP hash without a bundle: the host's address flaps" if several and link.host_form(state).hashing else ""
    if len(bundles) > 1:
        return "the host uses ports inside and outside of a bundle"
    return _bundled(link, state, forms, several)


def _bundled(link: Link, state: LinkState, forms: dict[int, PortForm], several: bool) -> str:
    if several and not link.host_form(state).hashing:
        return "the bundle answers over cables at which the host does not listen"
    bundle = next(forms[group].bundle for group in state.enabled)
    members = {group for group, form in forms.items() if form.bundle == bundle and group not in state.disabled}
    return "" if members == set(state.enabled) else "the bundle sends to a cable that the host does not use"


def additive(old: PortForm, new: PortForm) -> bool:
    """Tell whether a port's new form takes nothing from whoever is at its other end, declared there or not."""
    same = (old.bundle, old.static, old.untagged) == (new.bundle, new.static, new.untagged)
    return same and old.tagged <= new.tagged


def interchangeable(link: Link, group: int) -> bool:
    """Tell whether the old and the new form of a port are the same to the host's management, as it was and will be."""
    old, new = link.old_ports[group], link.new_port
    same = (old.bundle, old.static) == (new.bundle, new.static)
    return same and all(old.arrives(form.vlan) == new.arrives(form.vlan) for form in (link.old_host, link.new_host))
