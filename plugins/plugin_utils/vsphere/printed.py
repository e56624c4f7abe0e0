# SPDX-License-Identifier: GPL-3.0-or-later
"""What esxcli prints, read: JSON where the host's esxcli has that formatter, else its three forms of text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from . import errors
from .esxcli import DETECTION, SET_WORDS
from .model import GroupState, HostState, Nic, Security, SwitchState, Teaming, Vmk

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
Record = dict[str, Any]


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


def details(outputs: Mapping[str, str]) -> list[str]:
    """Return the further commands that what there is asks for."""
    switches, groups = ([_text(each, "name") for each in _records(outputs, command)] for command in LISTS[:2])
    return [
        *(show(switch=name) for name in switches for show in (failover_of, security_of)),
        *(show(group=name) for name in groups for show in (failover_of, security_of)),
    ]


def host_state(name: str, outputs: Mapping[str, str]) -> HostState:
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


def nics(outputs: Mapping[str, str]) -> dict[str, Nic]:
    """Return the NICs by name."""
    return {_text(each, "name"): _nic(each) for each in _records(outputs, NICS)}


def _vmks(outputs: Mapping[str, str]) -> Iterable[Vmk]:
    """Yield the VMkernel interfaces; on a distributed switch one has a port in place of a port group."""
    addressed = {_text(each, "name"): each for each in _records(outputs, LISTS[4])}
    for each in _records(outputs, LISTS[3]):
        ip = addressed.get(_text(each, "name"), {})
        yield Vmk(
            _text(each, "name"),
            _known(each, "portgroup"),
            _text(ip, "ipv4address") if ip else "",
            _known(ip, "ipv4netmask"),
            _number(each, "mtu", 0) or None,
            _known(each, "macaddress"),
            _known(each, "netstackinstance"),
            f"port {_known(each, 'vdsport')} of {_known(each, 'vdsname')}" if _known(each, "vdsname") else "",
        )


def _known(found: Record, key: str) -> str:
    """Return a text; nothing for what is missing or not applicable."""
    text = str(found.get(key) or "")
    return "" if text == "N/A" else text


def _switch(found: Record, outputs: Mapping[str, str]) -> SwitchState:
    name = _text(found, "name")
    teaming = _teaming(_one(outputs, failover_of(switch=name)))
    security = _security(_one(outputs, security_of(switch=name)))
    return SwitchState(name, _list(found.get("uplinks")), _number(found, "mtu"), teaming, security)


def _nic(found: Record) -> Nic:
    up = str(found.get("linkstatus", found.get("link", ""))).lower() == "up"
    return Nic(_text(found, "name"), _number(found, "speed", 0) if up else 0, str(found.get("macaddress") or ""))


def _teaming(found: Record) -> Teaming:
    balancing = _text(found, "loadbalancing")
    return Teaming(
        load_balancing=_BALANCING.get(balancing, balancing),
        failure_detection=_DETECTION.get(_text(found, "networkfailuredetection")),
        notify_switches=_flag(_said(found, "notifyswitches")),
        failback=_flag(_said(found, "failback")),
        active_uplinks=_list(found.get("activeadapters")),
        standby_uplinks=_list(found.get("standbyadapters")),
    )


def _security(found: Record) -> Security:
    keys = ("allowpromiscuous", "allowmacaddresschange", "allowforgedtransmits")
    return Security(*(_flag(_said(found, key)) for key in keys))


def _own_teaming(found: Record, effective: Teaming) -> Teaming:
    names = [name for key, fields in _TEAMING_OWN.items() if _flag(_marker(found, key)) for name in fields]
    return Teaming(**{name: getattr(effective, name) for name in names})


def _own_security(found: Record, effective: Security) -> Security:
    names = [name for key, name in _SECURITY_OWN.items() if _flag(_marker(found, key))]
    return Security(**{name: getattr(effective, name) for name in names})


def _marker(found: Record, key: str) -> Any:
    if key not in found:
        what = "esxcli does not tell which values of a port group are its own."
        raise errors.RefusedError(what, "Use transport: api.", ", ".join(found))
    return found[key]


def _said(found: Record, key: str) -> Any:
    if key not in found:
        raise errors.RefusedError(f"An output of esxcli has no {key}.", "", ", ".join(found)[:200])
    return found[key]


def _text(found: Record, key: str) -> str:
    return str(_said(found, key))


def _number(found: Record, key: str, default: int | None = None) -> int:
    """Return a whole number; the default, where there is one, for what is missing or empty."""
    text = str(_said(found, key) if default is None else found.get(key) or default).strip()
    if not re.fullmatch("[0-9]{1,10}", text):
        raise errors.RefusedError(f"An output of esxcli has {key}, which is no number.", "", text[:200])
    return int(text)


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() == "true"


def _list(value: Any) -> tuple[str, ...]:
    words = value if isinstance(value, list) else re.split(r"[,\s]+", str(value or ""))
    return tuple(str(word) for word in words if word)


def _records(outputs: Mapping[str, str], command: str) -> list[Record]:
    if command not in outputs:
        raise errors.RefusedError(f"The output of esxcli {command} is missing.", "Give it as well.")
    return records(outputs[command])


def _one(outputs: Mapping[str, str], command: str) -> Record:
    found = _records(outputs, command)
    if len(found) != 1:
        raise errors.RefusedError(f"The output of esxcli {command} is not understood.", "", outputs[command][:200])
    return found[0]


def records(text: str) -> list[Record]:
    """Return the records of an output; names lose their blanks and capitals, as no two forms agree on them."""
    stripped = text.strip()
    if stripped[:1] in ("[", "{"):
        try:
            data = json.loads(stripped)
        except (ValueError, RecursionError) as error:
            raise errors.RefusedError("esxcli printed JSON that is none.", "", f"{error}: {stripped[:200]}") from None
        return [_named(each) for each in (data if isinstance(data, list) else [data])]
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) > 1 and set(lines[1]) <= set("- "):
        return _table(lines)
    return _blocks(lines)


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


def _named(record: Any) -> Record:
    if not isinstance(record, Mapping):
        raise errors.RefusedError("esxcli printed a list of what are no records.", "", str(record)[:200])
    return {re.sub(r"\s", "", str(name)).lower(): value for name, value in record.items()}


def _table(lines: list[str]) -> list[Record]:
    spans = [match.span() for match in re.finditer(r"-+", lines[1])]
    names = [lines[0][start:end].strip() for start, end in spans]
    return [
        _named({name: line[start:end].strip() for name, (start, end) in zip(names, spans, strict=True)})
        for line in lines[2:]
    ]


def _blocks(lines: list[str]) -> list[Record]:
    """Return records of indented `Name: value` lines; a line that is not indented begins another one."""
    found: list[Record] = []
    for line in lines:
        if not line.startswith(" "):
            found.append({"Name": line.strip()})
            continue
        if not found:
            found.append({})
        name, _colon, value = line.strip().partition(":")
        found[-1].setdefault(name, value.strip())
    return [_named(record) for record in found]


def transcript(text: str) -> dict[str, str]:
    """Return the outputs in the copy of a console, by command: a line with esxcli begins one.

    Raises:
        errors.RefusedError: there is no such line.

    """
    outputs: dict[str, str] = {}
    command = ""
    for line in text.splitlines():
        _prompt, found, rest = line.partition("esxcli ")
        if found:
            command = _plain(rest)
            outputs[command] = ""
        elif command:
            outputs[command] += f"{line}\n"
    if not outputs:
        raise errors.RefusedError("running_config has no line with esxcli.", "Give commands and what they print.")
    return outputs


def _plain(command: str) -> str:
    """Return a command as `failover_of` and its like write it: no formatter, long options, no quotes."""
    command = re.sub(r"--formatter[= ]\S+\s+", "", command.strip())
    for letters, name in ((r"(?:-p|--portgroup-name)", "portgroup-name"), (r"(?:-v|--vswitch-name)", "vswitch-name")):
        command = re.sub(rf"\s{letters}[= ](?:\"([^\"]*)\"|'([^']*)'|(.*\S))\s*\Z", rf" --{name}=\1\2\3", command)
    return command
