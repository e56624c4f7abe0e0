# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether every frame of the host's management arrives and is answered, at one place of a link.

The rules are those for standard vSwitches (VMware KB 1001938): IP hash over several uplinks needs a static bundle of
exactly these, a bundle needs IP hash, LACP never comes up. One uplink alone works with either policy.
"""

from __future__ import annotations

from ..contract.link_state import Link, Place, PortForm


def wrong(link: Link, place: Place) -> str:
    """Return why the host's management would lose frames at this place; an empty text where it does not."""
    if not place.host_legs:
        return ""  # it runs over uplinks outside this link
    if not place.lit:
        return "no cable that the host uses has light"
    if link.hidden and place.host_legs & place.dark:
        return "the host sends over a disabled port, for nothing tells it that the port is"
    vlans = {link.port_form(place, leg).arrives(link.host_form(place).vlan) for leg in place.lit}
    return _vlans(link, place, vlans) or _teaming(link, place)


def reachable(link: Link, place: Place) -> bool:
    """Tell whether the host answers at this place of the link, as far as it depends on the link."""
    return not link.management or not wrong(link, place)


def _vlans(link: Link, place: Place, vlans: set[int | None]) -> str:
    if None in vlans:
        return "the switch does not take the VLAN that the host sends"
    if not vlans <= networks(link):
        return "the host's management would get into another VLAN"
    return ""


def networks(link: Link) -> set[int | None]:
    """Return the VLANs that the management may be in: where it was, and where it shall be."""
    before = {form.arrives(link.old_host.vlan) for form in link.old_ports}
    return before | {link.new_port.arrives(link.new_host.vlan)}


def _teaming(link: Link, place: Place) -> str:
    forms = {leg: link.port_form(place, leg) for leg in sorted(link.legs)}
    used = {forms[leg] for leg in place.lit}
    if any(form.bundle and not form.static for form in used):
        return "the switch waits for LACP, which a standard vSwitch does not speak"
    bundles = {form.bundle for form in used}
    several = len(link.nics_of(place.lit)) > 1
    if bundles == {""}:
        return "IP hash without a bundle: the host's address flaps" if several and link.host_form(place).hashing else ""
    if len(bundles) > 1:
        return "the host uses ports inside and outside of a bundle"
    return _bundled(link, place, forms, several)


def _bundled(link: Link, place: Place, forms: dict[int, PortForm], several: bool) -> str:
    if several and not link.host_form(place).hashing:
        return "the bundle answers over cables at which the host does not listen"
    bundle = next(forms[leg].bundle for leg in place.lit)
    members = {leg for leg, form in forms.items() if form.bundle == bundle and leg not in place.dark}
    return "" if members == set(place.lit) else "the bundle sends to a cable that the host does not use"


def additive(old: PortForm, new: PortForm) -> bool:
    """Tell whether a port's new form takes nothing from whoever is at its other end, declared there or not."""
    same = (old.bundle, old.static, old.untagged) == (new.bundle, new.static, new.untagged)
    return same and old.tagged <= new.tagged


def interchangeable(link: Link, leg: int) -> bool:
    """Tell whether the old and the new form of a port are the same to the host's management, as it was and will be."""
    old, new = link.old_ports[leg], link.new_port
    same = (old.bundle, old.static) == (new.bundle, new.static)
    return same and all(old.arrives(form.vlan) == new.arrives(form.vlan) for form in (link.old_host, link.new_host))
