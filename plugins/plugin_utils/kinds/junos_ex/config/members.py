# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports that become member links, ports that stop being it, and bundles that go."""

from __future__ import annotations

from . import references
from .layout import Draft, interface
from .names import bundle_index, in_order
from .statements import Config, path

BLOCKING = (
    *("unit", "mtu", "flow-control", "vlan-tagging", "stacked-vlan-tagging", "flexible-vlan-tagging"),
    *("vlan-vci-tagging", "vlan-offload", "passive-monitor-mode", "native-vlan-id", "encapsulation"),
)
"""Statements of an interface that keep it from joining: Juniper's must-messages (`Setting mtu on ae child device is not
allowed`, ...), and the unit, whose refusal comes from a daemon."""
OPTIONS = ("ether-options", "gigether-options")
_UNTIDY = (("ether-options", "flow-control"), ("gigether-options", "flow-control"))


def bundle_of(config: Config, port: str) -> str | None:
    """Return the ae that a port belongs to."""
    found = {
        item[2].tag: item[4].value
        for item in config.statements.near(path(*interface(port)))
        if len(item) == 5 and item[4].tag == "bundle" and item[3].tag == "ieee-802.3ad" and item[4].value
    }
    return next((found[kind] for kind in OPTIONS if kind in found), None)


def members_by_bundle(config: Config) -> dict[str, list[str]]:
    """Return the member links of every ae, in the order of their numbers."""
    found: dict[str, list[str]] = {}
    for item in config.statements:
        if len(item) == 5 and item[0].tag == "interfaces" and item[2].tag in OPTIONS and item[4].tag == "bundle":
            found.setdefault(item[4].value or "", []).append(item[1].key or "")
    return {name: sorted(ports, key=in_order) for name, ports in found.items()}


def bundles_of(config: Config) -> list[str]:
    """Return every ae that has a stanza or a member, in the order of their numbers."""
    names = {name for name in config.entries("interfaces", tag="interface") if bundle_index(name) is not None}
    return sorted(names | set(members_by_bundle(config)), key=in_order)


def inactive_bundles(written: Config) -> list[str]:
    """Return every ae whose stanza is inactive, or that is inactive members alone: it is written, and not in effect."""
    if not written.inactive:
        return []
    live = set(bundles_of(written.active()))
    return [name for name in bundles_of(written) if name not in live or written.is_inactive(*interface(name))]


def form_of(config: Config, ports: list[str]) -> str:
    """Return the options by which these member links are in their bundles: some models want gigether-options."""
    forms = [_forms(config, port) for port in ports]
    return OPTIONS[1] if forms and all(form == [OPTIONS[1]] for form in forms) else OPTIONS[0]


def _forms(config: Config, port: str) -> list[str]:
    return [options for options in OPTIONS if config.value(*interface(port), options, "ieee-802.3ad", "bundle")]


def join(draft: Draft, port: str, bundle: str, form: str = OPTIONS[0]) -> list[references.Foreign]:
    """Make a port a member link of a bundle and clean it; return configuration of other kinds that it carries.

    A port that is in the bundle stays so in the form that it has; a new one gets `form`.
    """
    joining = bundle_of(draft.config, port) != bundle
    found = references.foreign(draft.config, port, joining=True) if joining else []
    forms = _forms(draft.config, port)
    form = forms[0] if forms and not joining else form
    _unblock(draft.config, port)
    _tidy_options(draft.config, port, next(options for options in OPTIONS if options != form))
    for statement, kind in list(references.named(draft.config, port)):
        if references.goes(kind, statement) and (joining or not kind.foreign):
            draft.config.remove(*statement)
    draft.set_leaf((*interface(port), form, "ieee-802.3ad"), "bundle", bundle)
    return found


def _unblock(config: Config, port: str) -> None:
    for item in config.statements.at(path(*interface(port))):
        if len(item) > 2 and item[2].tag in BLOCKING:
            del config.statements[item]


def _tidy_options(config: Config, port: str, other: str) -> None:
    for item in config.statements.at(path(*interface(port))):
        tags, last = tuple(step.tag for step in item[2:4]), item[-1]
        automatic = last.tag == "speed" and (last.value or "").startswith("auto") and len(item) <= 4
        if tags in ((other, "ieee-802.3ad"), *_UNTIDY) or (automatic and (len(item) == 3 or tags[0] in OPTIONS)):
            del config.statements[item]


def free(draft: Draft, port: str, description: bool = True) -> None:
    """Make a member link a clean port without a bundle; its own description told of the bundle and goes with it."""
    for options in OPTIONS:
        draft.config.remove(*interface(port), options, "ieee-802.3ad")
    if description and draft.written.value(*interface(port), "description") is not None:
        draft.set_leaf(interface(port), "description", None)


def remove_bundle(draft: Draft, name: str) -> list[references.Foreign]:
    """Take a bundle away with all that names it, and leave its member links as clean ports."""
    found = references.foreign(draft.config, name, joining=True)
    for port in members_by_bundle(draft.config).get(name, []):
        free(draft, port)
    return found + remove_interface(draft, name)


def remove_interface(draft: Draft, name: str) -> list[references.Foreign]:
    """Take an interface's stanza away with what names it; PoE and LLDP of a physical port stay."""
    found = references.foreign(draft.config, name, joining=True)
    is_bundle = bundle_index(name) is not None
    for statement, kind in list(references.named(draft.config, name)):
        if (is_bundle and kind.label != "groups") or references.goes(kind, statement):
            draft.config.remove(*statement)
    draft.config.remove(*interface(name))
    return found if not is_bundle else []
