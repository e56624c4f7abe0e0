# SPDX-License-Identifier: GPL-3.0-or-later
"""The way over the vSphere API: one login, one paged read of all hosts, one call for each object that changes."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from ..declared.findings import Finding, RefusalError
from . import errors, specs
from .connect import Login
from .faults import told
from .model import GroupState, HostState, Nic, SwitchState
from .plan import Step
from .target import Target
from .third_party import vim, vmodl

_PARTS = ("vswitch", "portgroup", "pnic", "vnic")
_SYSTEM = "configManager.networkSystem"
_CONNECTION = "runtime.connectionState"
_PRODUCT = "config.product"
_PROPERTIES = ["name", _SYSTEM, _CONNECTION, _PRODUCT, *(f"config.network.{part}" for part in _PARTS)]
_NICS = "config.network.pnic"
_PAGE = 100


class Api:
    """A session with an ESXi host, or with a vCenter and some of its hosts."""

    explicit = False
    """An override can be dropped here."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.login = Login(target)
        self._systems: dict[str, Any] = {}
        self._hosts: dict[str, Any] = {}
        self._all: Any = None

    def read(self, names: Sequence[str] | None) -> dict[str, HostState]:
        """Return the states of the named hosts of a vCenter, or of the host itself under its address.

        Raises:
            RefusalError: a host is unknown.
            errors.HostError: reading failed.

        """
        if self.login.is_center and names is None:
            why = "A vCenter has no uplinks of its own."
            mend = "Declare its hosts in `hosts`, or connect to the host."
            raise _refusal(Finding("hosts", "HOSTS_MISSING", "this is a vCenter", why, mend))
        with told(self.target.api, "The networking could not be read."):
            if names is None or not self.login.is_center:
                return self._read_one(names)
            if not self._hosts:
                listed = self._properties([self._view()], ["name"], through_view=True)
                self._hosts = {each["name"]: ref for ref, each in listed}
            chosen = _chosen(names, self._hosts)
            found = self._properties([self._hosts[name] for name in chosen], _PROPERTIES)
            return {chosen[each["name"]]: self._keep(chosen[each["name"]], each) for _ref, each in found}

    def _read_one(self, names: Sequence[str] | None) -> dict[str, HostState]:
        if names is not None:
            why = "Only a vCenter has other hosts."
            what, mend = f"{self.target.api} is an ESXi host", "Declare vswitches and port_groups."
            raise _refusal(Finding("hosts", "NOT_A_VCENTER", what, why, mend))
        found = [each for _ref, each in self._properties([self._view()], _PROPERTIES, through_view=True)]
        return {"": self._keep("", found[0])}

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
        """Yield each host with its properties, page by page."""
        query = vmodl.query.PropertyCollector
        select = []
        if through_view:
            select = [query.TraversalSpec(type=vim.view.ContainerView, path="view", skip=False)]
        wanted = query.FilterSpec(
            objectSet=[query.ObjectSpec(obj=each, skip=through_view, selectSet=select) for each in objects],
            propSet=[query.PropertySpec(type=vim.HostSystem, pathSet=names, all=False)],
        )
        collector = self.login.content.propertyCollector
        page = collector.RetrievePropertiesEx([wanted], query.RetrieveOptions(maxObjects=_PAGE))
        while page is not None:
            for each in page.objects:
                yield each.obj, {found.name: found.val for found in each.propSet}
            page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None

    def _keep(self, name: str, found: dict[str, Any]) -> HostState:
        """Return the state of a host and keep its own specifications for the changes."""
        state = str(found.get(_CONNECTION, "connected"))
        if state != "connected":
            what = f"vCenter says of {found['name']}: {state}."
            raise errors.UnreachableError(what, "Bring the host back, or connect to it directly.")
        info = {part: found.get(f"config.network.{part}") for part in _PARTS}
        self._systems[name] = found[_SYSTEM]
        return replace(specs.host_state(found["name"], info), version=getattr(found.get(_PRODUCT), "version", ""))

    def lines(self, steps: Sequence[Step]) -> list[str]:
        """Return what would be called, for people."""
        return [str(step) for step in steps]

    def carry_out(self, host: str, steps: Sequence[Step], together: bool) -> None:
        """Carry out steps at a host; `together` in one call, where the host knows UpdateNetworkConfig.

        Raises:
            errors.HostError: with the host's own words.

        """
        system = self._systems[host]
        if together and len(steps) > 1:
            with told(self.target.api, f"{_names(steps)} could not be changed."):
                try:
                    system.UpdateNetworkConfig(self._config(steps), "modify")
                    return
                except (vmodl.fault.MethodNotFound, vmodl.fault.NotSupported):
                    pass
        for step in steps:
            with told(self.target.api, f"{step.call} {step.name} failed."):
                self._call(system, step)

    def _call(self, system: Any, step: Step) -> None:
        if step.after is None:
            (system.RemoveVirtualSwitch if step.kind == "switch" else system.RemovePortGroup)(step.name)
        elif step.kind == "switch":
            call = system.AddVirtualSwitch if step.before is None else system.UpdateVirtualSwitch
            call(step.name, _spec(step))
        elif step.before is None:
            system.AddPortGroup(_spec(step))
        else:
            system.UpdatePortGroup(step.name, _spec(step))

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
    if isinstance(after, SwitchState):
        return specs.switch_spec(before if isinstance(before, SwitchState) else None, after)
    if isinstance(after, GroupState):
        return specs.group_spec(before if isinstance(before, GroupState) else None, after)
    return before.raw if before is not None else None


def _names(steps: Sequence[Step]) -> str:
    return ", ".join(step.name for step in steps)


def _chosen(names: Sequence[str], known: dict[str, Any]) -> dict[str, str]:
    """Return the names by the vCenter's names.

    Raises:
        RefusalError: with every host that the vCenter does not have.

    """
    found = {name: _matching(name, known) for name in names}
    findings = [_unknown(name, known, len(each)) for name, each in found.items() if len(each) != 1]
    if findings:
        raise RefusalError(sorted(findings), "Nothing was changed.")
    return {each[0]: name for name, each in found.items()}


def _matching(name: str, known: dict[str, Any]) -> list[str]:
    """Return the vCenter's name of a host: the same, or those whose first label it is."""
    if name in known:
        return [name]
    return [each for each in known if each.split(".")[0].lower() == name.split(".")[0].lower()]


def _unknown(name: str, known: dict[str, Any], count: int) -> Finding:
    near = difflib.get_close_matches(name, known, 3)
    why = f"Near to it: {', '.join(near)}." if near else f"It has {len(known)} other hosts."
    what = f"{count} hosts have this first label" if count else "the vCenter has no such host"
    return Finding(f"hosts.{name}", "NO_SUCH_HOST", what, why, "Mend the name.")


def _refusal(finding: Finding) -> RefusalError:
    return RefusalError([finding], "Nothing was changed.")
