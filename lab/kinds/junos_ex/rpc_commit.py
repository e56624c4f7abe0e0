# SPDX-License-Identifier: GPL-3.0-or-later
"""RPCs that commit, and that tell of commits: history, rescue, differences of rollback files."""

from __future__ import annotations

import re

from lxml import etree

from . import textform
from .clock import stamp
from .device import PENDING, Commit, Device, Options
from .dispatch import Call, Reply, engine, number, output, rpc
from .errors import error, not_simulated, syntax_error
from .rpc_get import configuration
from .xmlform import Element

MINUTE = 60
MOST_MINUTES = 65535


@rpc("commit-configuration")
def commit(call: Call) -> Reply:
    """Check, commit or commit for a time (confirm-timeout in minutes, 10 without it)."""
    for name in ("at-time", "at"):
        if call.flag(name):
            raise not_simulated("commit at")
    call.only("check", "confirmed", "confirm-timeout", "log", "comment", "synchronize", "full", "force-synchronize")
    check, confirmed = call.flag("check"), call.flag("confirmed")
    if call.flag("confirm-timeout") and not confirmed:
        raise syntax_error("confirm-timeout")
    if check and confirmed:
        raise syntax_error("confirmed")
    minutes = number(call, call.argument("confirm-timeout", "10"), 1, MOST_MINUTES) if confirmed else 0
    log = call.argument("log") or call.argument("comment")
    call.device.commit(call.session, Options(check, minutes * MINUTE, log, call.flag("synchronize")))
    return results(call.device, check, minutes, synchronize=call.flag("synchronize"))


def results(device: Device, check: bool, minutes: int, synchronize: bool = False) -> Reply:
    """Make `<commit-results>` of a success, one routing engine for each member that took part."""
    made = etree.Element("commit-results")
    for fpc in range(device.fpcs if synchronize else 1):
        below = etree.SubElement(made, "routing-engine")
        etree.SubElement(below, "name").text = engine(device) if fpc == 0 else f"fpc{fpc}"
        etree.SubElement(below, "commit-check-success")
        if not check:
            etree.SubElement(below, "commit-success")
    if minutes:
        words = f"commit confirmed will be automatically rolled back in {minutes} minutes unless confirmed"
        made.append(output(words))
    return Reply([made], ok=True)


@rpc("commit")
def standard_commit(call: Call) -> Reply:
    """Commit (standard NETCONF): the confirm-timeout counts seconds (facts, section 8: ncclient#238)."""
    call.only("confirmed", "confirm-timeout")
    seconds = number(call, call.argument("confirm-timeout", "600"), 1, 4294967295) if call.flag("confirmed") else 0
    call.device.commit(call.session, Options(confirm=seconds))
    return Reply(ok=True)


@rpc("validate")
def validate(call: Call) -> Reply:
    """Check the candidate (standard NETCONF); it is a commit check, so it confirms what is pending."""
    call.only("source")
    call.device.commit(call.session, Options(check=True))
    return results(call.device, check=True, minutes=0)


def _element(parent: Element, name: str, text: str) -> Element:
    """Append an element with text, unless the text is empty."""
    if not text:
        return parent
    made = etree.SubElement(parent, name)
    made.text = text
    return made


def _history(parent: Element, device: Device, index: int, commit: Commit) -> None:
    """Append one entry, as a 24.4R2 vSRX shows it: `<commit-confirmed>` stands there only while the timer runs.

    The `<comment>` "commit confirmed, rollback in Nmins" stays for good with N the minutes asked for.
    """
    entry = etree.SubElement(parent, "commit-history")
    _element(entry, "sequence-number", str(index))
    _element(entry, "user", commit.user)
    _element(entry, "client", commit.client)
    _element(entry, "date-time", stamp(commit.time)).set(_junos(device, "seconds"), str(int(commit.time)))
    _element(entry, "comment", commit.comment)
    _element(entry, "log", commit.log)
    if index == 0 and device.pending is not None:
        _element(entry, "commit-confirmed", PENDING)


def _junos(device: Device, name: str) -> str:
    """Give the name of an attribute in the release's own namespace."""
    return f"{{http://xml.juniper.net/junos/{device.model.short_release}/junos}}{name}"


@rpc("get-commit-information")
def history(call: Call) -> Reply:
    """Show the commit history."""
    call.only()
    made = etree.Element("commit-information")
    for index, commit in enumerate(call.device.commits):
        _history(made, call.device, index, commit)
    return Reply([made])


@rpc("get-commit-revision-information")
def revision(call: Call) -> Reply:
    """Show the newest commit's revision (Junos 14.1 and later)."""
    call.only("detail")
    major, minor = re.findall(r"\d+", call.device.model.release)[:2]
    if (int(major), int(minor)) < (14, 1):
        raise syntax_error(call.name)
    newest = call.device.commits[0]
    made = etree.Element("commit-revision-information")
    _element(made, "revision", f"re0-{int(newest.time)}-{len(call.device.commits)}")
    _element(made, "user", newest.user)
    _element(made, "client", newest.client)
    _element(made, "date-time", stamp(newest.time)).set(_junos(call.device, "seconds"), str(int(newest.time)))
    _element(made, "comment", newest.comment or newest.log)
    return Reply([made])


@rpc("get-rollback-information")
def rollback_information(call: Call) -> Reply:
    """Show a rollback file, or its difference to another."""
    call.only("rollback", "compare", "format")
    commits = call.device.commits
    wanted = number(call, call.argument("rollback", "0"), 0, 49)
    other = number(call, call.argument("compare", "0"), 0, 49)
    if max(wanted, other) >= len(commits):
        raise error(f"rollback {max(wanted, other)} does not exist")
    made = etree.Element("rollback-information")
    if call.flag("compare"):
        holder = etree.SubElement(etree.SubElement(made, "configuration-information"), "configuration-output")
        holder.text = "\n" + textform.diff(commits[wanted].tree, commits[other].tree)
    else:
        made.append(
            configuration(call.device, commits[wanted].tree, call.argument("format", "text"), None, commits[wanted])
        )
    return Reply([made])


@rpc("request-save-rescue-configuration")
def save_rescue(call: Call) -> Reply:
    """Keep what runs as the rescue configuration."""
    call.only()
    newest = call.device.commits[0]
    call.device.rescue = Commit(newest.tree.clone(), call.device.clock.now(), call.session.user)
    return _rescue_reply()


@rpc("request-delete-rescue-configuration")
def delete_rescue(call: Call) -> Reply:
    """Delete the rescue configuration."""
    call.only()
    call.device.rescue = None
    return _rescue_reply()


def _rescue_reply() -> Reply:
    """Make the answer that PyEZ's own tests show: a success in `<rescue-management-results>`."""
    made = etree.Element("rescue-management-results")
    below = etree.SubElement(made, "routing-engine")
    etree.SubElement(below, "success")
    return Reply([made])


@rpc("get-rescue-information")
def rescue(call: Call) -> Reply:
    """Show the rescue configuration."""
    call.only("format")
    if call.device.rescue is None:
        raise error("rescue configuration does not exist")
    made = etree.Element("rescue-information")
    saved = call.device.rescue
    made.append(configuration(call.device, saved.tree, call.argument("format", "text"), None, saved))
    return Reply([made])
