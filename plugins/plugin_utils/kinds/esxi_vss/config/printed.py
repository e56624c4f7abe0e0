# SPDX-License-Identifier: GPL-3.0-or-later
"""What esxcli prints of a host, understood; console.py reads its forms."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from ..declared.model import GroupState, HostState, Nic, Security, SwitchState, Teaming, Vmk
from ..device import errors
from ..device.esxcli import DETECTION, SET_WORDS
from .console import LineError, Output, Record, records

Value = TypeVar("Value")
_STANDARD = "network vswitch standard"
NICS = "network nic list"
LISTS = (
    f"{_STANDARD} list",
    f"{_STANDARD} portgroup list",
    NICS,
    "network ip interface list",
    "network ip interface ipv4 get",
)
"""The commands that tell what there is; without the word esxcli."""

_SHOWN = {"srcport": "loadbalance_srcid", "srcmac": "loadbalance_srcmac"}
_BALANCING = {word: name for name, word in SET_WORDS.items()} | _SHOWN
"""`get` says srcport and srcmac where `set` takes portid and mac."""
_LINK = {"up": True, "down": False}
_WITHOUT_MARKS = "It does not tell which values of a port group are its own: use transport: api."
_DETECTION = {word: name for name, word in DETECTION.items()}
_TEAMING_OWN = {
    "overridevswitchloadbalancing": ("load_balancing",),
    "overridevswitchnetworkfailuredetection": ("failure_detection",),
    "overridevswitchnotifyswitches": ("notify_switches",),
    "overridevswitchfailback": ("failback",),
    "overridevswitchuplinks": ("active_uplinks", "standby_uplinks"),
}
_SECURITY_OWN = {
    "overridevswitchallowpromiscuous": "promiscuous",
    "overridevswitchallowmacaddresschange": "mac_changes",
    "overridevswitchallowforgedtransmits": "forged_transmits",
}
Outputs = Mapping[str, str] | Mapping[str, Output]


def failover_of(switch: str = "", group: str = "") -> str:
    """Return the command that shows the teaming of a switch or of a port group."""
    return _get("failover", switch, group)


def security_of(switch: str = "", group: str = "") -> str:
    """Return the command that shows the security policy of a switch or of a port group."""
    return _get("security", switch, group)


def _get(policy: str, switch: str, group: str) -> str:
    if group:
        return f"{_STANDARD} portgroup policy {policy} get --portgroup-name={group}"
    return f"{_STANDARD} policy {policy} get --vswitch-name={switch}"


def details(outputs: Outputs) -> list[str]:
    """Return the further commands that what there is asks for."""
    switches, groups = ([_text(each, "name") for each in _records(outputs, command)] for command in LISTS[:2])
    return [
        *(show(switch=name) for name in switches for show in (failover_of, security_of)),
        *(show(group=name) for name in groups for show in (failover_of, security_of)),
    ]


def host_state(name: str, outputs: Outputs) -> HostState:
    """Return the state from what the commands printed, by command.

    Raises:
        errors.RefusedError: an output is missing or not understood.

    """
    switches = {_text(each, "name"): _switch(each, outputs) for each in _records(outputs, LISTS[0])}
    groups: dict[str, GroupState] = {}
    computed: dict[str, tuple[Teaming, Security]] = {}
    for each in _records(outputs, LISTS[1]):
        key = _text(each, "name")
        shown = (_one(outputs, failover_of(group=key)), _one(outputs, security_of(group=key)))
        computed[key] = _teaming(shown[0]), _security(shown[1])
        own = _own_teaming(*shown[:1], computed[key][0]), _own_security(shown[1], computed[key][1])
        switch, vlan, users = _text(each, "virtualswitch"), _number(each, "vlanid"), _number(each, "activeclients", 0)
        groups[key] = GroupState(key, switch, vlan, *own, users=users)
    return HostState(
        name,
        switches=switches,
        groups=groups,
        nics=nics(outputs),
        vmks={each.name: each for each in _vmks(outputs)},
        computed=computed,
    )


def nics(outputs: Outputs) -> dict[str, Nic]:
    """Return the NICs by name."""
    return {_text(each, "name"): _nic(each) for each in _records(outputs, NICS)}


def _vmks(outputs: Outputs) -> Iterable[Vmk]:
    """Yield the VMkernel interfaces; on a distributed switch one has a port in place of a port group."""
    addressed = {_text(each, "name"): each for each in _records(outputs, LISTS[4])}
    for each in _records(outputs, LISTS[3]):
        ip = addressed.get(_text(each, "name"))
        yield Vmk(
            _text(each, "name"),
            _known(each, "portgroup"),
            _text(ip, "ipv4address") if ip else "",
            _known(ip, "ipv4netmask") if ip else "",
            _number(each, "mtu"),
            _known(each, "macaddress"),
            _known(each, "netstackinstance") if "netstackinstance" in each else "",  # of 5.5 and newer
            _place(each),
        )


def _place(found: Record) -> str:
    """Return the port of a distributed switch, where an interface has one."""
    name = str(found.get("vdsname") or "N/A")
    return f"port {_known(found, 'vdsport')} of {name}" if name != "N/A" else ""


def _known(found: Record, key: str) -> str:
    """Return a text; nothing for what is not applicable."""
    text = str(_said(found, key) or "")
    return "" if text == "N/A" else text


def _switch(found: Record, outputs: Outputs) -> SwitchState:
    name = _text(found, "name")
    teaming = _teaming(_one(outputs, failover_of(switch=name)))
    security = _security(_one(outputs, security_of(switch=name)))
    return SwitchState(name, _list(_said(found, "uplinks")), _number(found, "mtu"), teaming, security)


def _nic(found: Record) -> Nic:
    link = _word(found, "linkstatus" if "linkstatus" in found else "link", _LINK)
    return Nic(_text(found, "name"), _number(found, "speed") if link else 0, str(found.get("macaddress") or ""))


def _teaming(found: Record) -> Teaming:
    return Teaming(
        load_balancing=_word(found, "loadbalancing", _BALANCING),
        failure_detection=_word(found, "networkfailuredetection", _DETECTION),
        notify_switches=_flag(found, "notifyswitches"),
        failback=_flag(found, "failback"),
        active_uplinks=_list(_said(found, "activeadapters")),
        standby_uplinks=_list(_said(found, "standbyadapters")),
    )


def _security(found: Record) -> Security:
    keys = ("allowpromiscuous", "allowmacaddresschange", "allowforgedtransmits")
    return Security(*(_flag(found, key) for key in keys))


def _own_teaming(found: Record, effective: Teaming) -> Teaming:
    names = [name for key, fields in _TEAMING_OWN.items() if _flag(found, key, _WITHOUT_MARKS) for name in fields]
    return Teaming(**{name: getattr(effective, name) for name in names})


def _own_security(found: Record, effective: Security) -> Security:
    names = [name for key, name in _SECURITY_OWN.items() if _flag(found, key, _WITHOUT_MARKS)]
    return Security(**{name: getattr(effective, name) for name in names})


def _said(found: Record, key: str, mend: str = "") -> Any:
    if key not in found:
        raise errors.RefusedError(f"An output of esxcli{_begin(found)} has no {key}.", mend, ", ".join(found)[:200])
    return found[key]


def _begin(found: Record) -> str:
    return f", line {found.line.number}," if found.line.number else ""


def _text(found: Record, key: str) -> str:
    return str(_said(found, key))


def _number(found: Record, key: str, default: int | None = None) -> int:
    """Return a whole number; the default, where there is one, for what is missing or empty."""
    text = str(_said(found, key) if default is None else found.get(key) or default).strip()
    if not re.fullmatch("[0-9]{1,10}", text):
        raise LineError(found.line, f"{key} is {text[:200]}, which is no number")
    return int(text)


def _flag(found: Record, key: str, mend: str = "") -> bool:
    value = _said(found, key, mend)
    return value if isinstance(value, bool) else _word(found, key, {"true": True, "false": False})


def _word(found: Record, key: str, known: Mapping[str, Value]) -> Value:
    """Return what a word means."""
    word = str(_said(found, key)).strip()
    for each, value in known.items():
        if each == word.lower():
            return value
    raise LineError(found.line, f"{key} is {word[:200]!r} and none of {', '.join(known)}")


def _list(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list) else re.split(r"[,\s]+", str(value or ""))
    return tuple(str(word) for word in words if word)


def _records(outputs: Outputs, command: str) -> list[Record]:
    if command not in outputs:
        raise errors.RefusedError(f"The output of esxcli {command} is missing.", "Give it as well.")
    return records(outputs[command])


def _one(outputs: Outputs, command: str) -> Record:
    found = _records(outputs, command)
    if len(found) != 1:
        given = outputs[command]
        where = f" (line {given.line.number})" if isinstance(given, Output) else ""
        what = f"esxcli {command}{where} printed {len(found)} records, and not one."
        raise errors.RefusedError(what, "", given[:200] if isinstance(given, str) else "")
    return found[0]


def documents(text: str, count: int) -> list[str]:
    """Return the JSON documents that stand one behind the other in an output.

    Raises:
        errors.RefusedError: it is not so many of them.

    """
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        try:
            _data, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            raise errors.RefusedError("esxcli printed JSON that is none.", "", f"{error}") from None
        found.append(text[at:end])
        at = end + len(text[end:]) - len(text[end:].lstrip())
    if len(found) != count:
        raise errors.RefusedError(f"{count} commands of esxcli printed {len(found)} outputs.", "", text[:200])
    return found
