# SPDX-License-Identifier: GPL-3.0-or-later
"""The way over the vSphere API: one login, one paged read of all hosts, one call for each object that changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..declared.model import GroupState, HostState, Nic, SwitchState
from ..run.plan import Step, left_to_do
from . import errors, specs, unread
from .connect import Login
from .faults import told
from .target import Target
from .third_party import vim, vmodl

_PARTS = ("vswitch", "portgroup", "pnic", "vnic")
_SYSTEM = "configManager.networkSystem"
_PRODUCT = "config.product"
_NEEDED = ("name", _SYSTEM, unread.CONNECTION, *(f"config.network.{part}" for part in _PARTS))
_NICS = "config.network.pnic"
_PAGE = 100
_UNREAD = "The networking could not be read."


class Api:
    """A session with an ESXi host, or with a vCenter and some of its hosts."""

    moves = True
    """A port group can be moved to another virtual switch."""
    SERVICES = "config.virtualNicManagerInfo.netConfig"
    """Which VMkernel interfaces are for what; a host that cannot tell it is read all the same."""
    away: Mapping[str, errors.HostError] = {}
    """Of the hosts of a vCenter that were read last, those without a state, and why."""
    _taken = False
    """Whether the host has taken something of the steps that are under way."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.login = Login(target)
        self._systems: dict[str, Any] = {}
        self._hosts: dict[str, Any] = {}
        self._all: Any = None

    def read(self, names: Sequence[str] | None) -> dict[str, HostState]:
        """Return the states of the named hosts of a vCenter, or of the host itself; `away` has those without one.

        Raises:
            RefusalError: a host is unknown.
            errors.HostError: reading failed.

        """
        if self.login.is_center and names is None:
            why = "A vCenter has no uplinks of its own."
            mend = "Declare its hosts in `hosts`, or connect to the host."
            raise _refusal(Finding("hosts", "HOSTS_MISSING", "this is a vCenter", why, mend))
        with told(self.target.api, _UNREAD):
            if names is None or not self.login.is_center:
                return self._read_one(names)
            if not self._hosts:
                listed = self._properties([self._view()], ["name"], through_view=True)
                self._hosts = {each["name"]: ref for ref, each in listed}
            return self._read_all(_chosen(names, self._hosts))

    def _read_all(self, chosen: dict[str, str]) -> dict[str, HostState]:
        """Return the states of hosts by the names of the request; one that cannot be read keeps no other from it."""
        asked = {self._hosts[known]._GetMoId(): (known, name) for known, name in chosen.items()}
        states: dict[str, HostState] = {}
        away: dict[str, errors.HostError] = {}
        for ref, found in self._told([self._hosts[known] for known in chosen]):
            known, name = asked[ref._GetMoId()]
            try:
                with told(known, _UNREAD):
                    states[name] = self._keep(name, known, found)
            except errors.HostError as error:
                away[name] = error
        for known, name in asked.values():
            if name not in states and name not in away:
                away[name] = errors.RefusedError(*_gone(known))
        self.away = away
        return {name: states[name] for name in chosen.values() if name in states}

    def _told(self, objects: list[Any], *, through_view: bool = False) -> list[tuple[Any, dict[str, Any]]]:
        """Return what hosts tell of themselves; those before API 4.0 know nothing of services."""
        try:
            return list(self._properties(objects, [*_NEEDED, _PRODUCT, self.SERVICES], through_view=through_view))
        except vmodl.query.InvalidProperty:
            return list(self._properties(objects, [*_NEEDED, _PRODUCT], through_view=through_view))

    def _read_one(self, names: Sequence[str] | None) -> dict[str, HostState]:
        if names is not None:
            why = "Only a vCenter has other hosts."
            what, mend = f"{self.target.api} is an ESXi host", "Declare vswitches and port_groups."
            raise _refusal(Finding("hosts", "NOT_A_VCENTER", what, why, mend))
        ((_ref, found),) = self._told([self._view()], through_view=True)
        return {"": self._keep("", self.target.api, found)}

    def nics(self) -> list[Nic]:
        """Return the NICs of the host itself.

        Raises:
            errors.HostError: reading failed.

        """
        with told(self.target.api, "The NICs could not be read."):
            found = [each for _ref, each in self._properties([self._view()], [_NICS], through_view=True)]
            return list(specs.nics(found[0][_NICS]).values())

    def _view(self) -> Any:
        """Return a view of all hosts; it lives as long as the session."""
        if self._all is None:
            content = self.login.content
            self._all = content.viewManager.CreateContainerView(content.rootFolder, [vim.HostSystem], True)
        return self._all

    def _properties(
        self, objects: Iterable[Any], names: list[str], *, through_view: bool = False
    ) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Yield each host with its properties, page by page; a fault stands for one that is kept back."""
        query = vmodl.query.PropertyCollector
        select = []
        if through_view:
            select = [query.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)]
        wanted = query.FilterSpec(
            objectSet=[query.ObjectSpec(obj=each, skip=through_view, selectSet=select) for each in objects],
            propSet=[query.PropertySpec(type=vim.HostSystem, pathSet=names, all=False)],
            reportMissingObjectsInResults=True if self.login.is_center else None,
        )
        collector = self.login.content.propertyCollector
        page = collector.RetrievePropertiesEx([wanted], query.RetrieveOptions(maxObjects=_PAGE))
        while page is not None:
            for each in page.objects:
                told = {found.name: found.val for found in each.propSet}
                yield each.obj, {**{path.path: path.fault for path in each.missingSet}, **told}
            page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None

    def _keep(self, name: str, known: str, found: dict[str, Any]) -> HostState:
        """Return the state of a host and keep its network system for the changes."""
        unread.check(known, found, _NEEDED)
        info = {part: found.get(f"config.network.{part}") for part in _PARTS}
        self._systems[name] = found[_SYSTEM]
        managed, version = unread.managed(found.get(self.SERVICES)), getattr(found.get(_PRODUCT), "version", "")
        return replace(specs.host_state(found["name"], info), managed=managed, version=version)

    def lines(self, steps: Sequence[Step]) -> list[str]:
        """Return what would be called, for people."""
        return [str(step) for step in steps]

    def carry_out(self, host: str, steps: Sequence[Step], together: bool) -> None:
        """Carry out steps at a host; `together` in one call, where the host knows UpdateNetworkConfig.

        Raises:
            errors.AwayError: vCenter does not reach the host, and nothing was done.
            errors.HostError: with the host's own words.

        """
        self._taken = False
        try:
            self._all_steps(self._system(host), steps, together)
        except errors.AwayError as error:
            if not self._taken:
                raise
            # What was taken may be what cut the host off.
            raise errors.LostError(error.what, error.mend, error.words) from None

    def _all_steps(self, system: Any, steps: Sequence[Step], together: bool) -> None:
        if together and len(steps) > 1:
            # New ones first and without uplinks, for others may still have them.
            steps = [self._made(system, step, ()) for step in steps]
            with told(self.target.api, f"{_names(steps)} could not be changed."):
                try:
                    system.UpdateNetworkConfig(self._config(steps), "modify")
                    return
                except (vmodl.fault.MethodNotFound, vmodl.fault.NotSupported):
                    pass
        for step in steps:
            with told(self.target.api, f"{step.call} {step.name} failed."):
                self._call(system, step)
            self._taken = True

    def _system(self, host: str) -> Any:
        """Return a host's network system; a new session has those alone that it has read.

        Raises:
            errors.HostError: it cannot be read now.

        """
        if host not in self._systems:
            try:
                self.read([host])
            except RefusalError:
                raise errors.AwayError(*_gone(host)) from None
        if host not in self._systems:
            raise self.away[host]
        return self._systems[host]

    def _call(self, system: Any, step: Step) -> None:
        if step.after is None:
            (system.RemoveVirtualSwitch if step.kind == "switch" else system.RemovePortGroup)(step.name)
        elif isinstance(step.after, SwitchState):
            left = self._made(system, step, step.after.uplinks)
            if left.before != left.after or step.after.raw is not None:
                system.UpdateVirtualSwitch(step.name, _spec(left))
        elif step.before is None:
            system.AddPortGroup(_spec(step))
        else:
            system.UpdatePortGroup(step.name, _spec(step))

    def _made(self, system: Any, step: Step, uplinks: tuple[str, ...]) -> Step:
        """Make a new virtual switch bare and read it back; return what is left to do.

        A run that ends here leaves a switch that no port group uses, and the next one goes on with it.
        """
        if step.before is not None or not isinstance(step.after, SwitchState):
            return step
        with told(self.target.api, f"{step.call} {step.name} failed."):
            system.AddVirtualSwitch(step.name, specs.bare_spec(step.after, uplinks))
            self._taken = True
            found = [each for each in system.networkInfo.vswitch if each.name == step.name]
        if not found:
            raise errors.RefusedError(f"{step.call} {step.name} was answered, and the host has no such switch.", "")
        return left_to_do(step, specs.switch_state(found[0]))

    def _config(self, steps: Sequence[Step]) -> Any:
        """Return the steps as one network configuration."""
        config = vim.host.NetworkConfig()
        for step in steps:
            operation = "add" if step.before is None else "remove" if step.after is None else "edit"
            spec = _spec(step)
            if step.kind == "switch":
                made = vim.host.VirtualSwitch.Config(changeOperation=operation, name=step.name, spec=spec)
                config.vswitch.append(made)
            else:
                config.portgroup.append(vim.host.PortGroup.Config(changeOperation=operation, spec=spec))
        return config

    def close(self) -> None:
        """Log out."""
        self.login.close()

    def drop(self) -> None:
        """Give the connection up without a word."""
        self.login.drop()


def _spec(step: Step) -> Any:
    """Return what is sent; for what goes, the specification that it had (it holds the name)."""
    before, after = step.before, step.after
    if isinstance(before, SwitchState) and isinstance(after, SwitchState):
        return specs.switch_spec(before, after)
    if isinstance(after, GroupState):
        return specs.group_spec(before if isinstance(before, GroupState) else None, after)
    return before.raw if before is not None else None


def _names(steps: Sequence[Step]) -> str:
    return ", ".join(step.name for step in steps)


def _chosen(names: Sequence[str], known: dict[str, Any]) -> dict[str, str]:
    """Return the names by the vCenter's names.

    Raises:
        RefusalError: with every host that the vCenter does not have, or that two of the names mean.

    """
    found = {name: _matching(name, known) for name in names}
    last = {each[0]: name for name, each in found.items() if each}
    findings = [_unknown(name, known, len(each)) for name, each in found.items() if len(each) != 1]
    findings += [_twice(name, last[each[0]], each[0]) for name, each in found.items() if each and last[each[0]] != name]
    if findings:
        raise RefusalError(sorted(findings), "Nothing was changed.")
    return {each[0]: name for name, each in found.items()}


def _gone(name: str) -> tuple[str, str]:
    return f"{name} is no longer in the vCenter.", "Look for it there."


def _matching(name: str, known: dict[str, Any]) -> list[str]:
    """Return the vCenter's name of a host: the same, or those whose first label it is."""
    if name in known:
        return [name]
    return [each for each in known if each.split(".")[0].lower() == name.split(".")[0].lower()]


def _unknown(name: str, known: dict[str, Any], count: int) -> Finding:
    near = difflib.get_close_matches(name, known, 3)
    why = f"Near to it: {', '.join(near)}." if near else f"It has {len(known)} other hosts."
    if count:
        return Finding(f"hosts.{name}", "NO_SUCH_HOST", f"{count} hosts have this first label", why, "Mend the name.")
    # A host on which a user has no right at all looks the same: it is in no view.
    mend = f"Mend the name, or give the user a right on the host; hosts_left_out: [{name}] goes on without it."
    return Finding(f"hosts.{name}", "NO_SUCH_HOST", "the vCenter shows no such host", why, mend)


def _twice(name: str, other: str, host: str) -> Finding:
    why = "Only one of the two declarations could be carried out."
    return Finding(f"hosts.{name}", "SAME_HOST", f"it is {host}, and so is {other}", why, "Declare it once.")


def _refusal(finding: Finding) -> RefusalError:
    return RefusalError([finding], "Nothing was changed.")
