# SPDX-License-Identifier: GPL-3.0-or-later
"""Both ways to a simulated host that is in this process: the same specifications and command lines, and no network."""

from __future__ import annotations

from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import specs
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import Target
from kinds.esxi_vss import host, shell, views


class System:
    """HostNetworkSystem of a host in this process."""

    def __init__(self, owner: host.Host) -> None:
        self.owner = owner

    def _do(self, operation: Any, *arguments: Any) -> None:
        draft = self.owner.draft()
        operation(self.owner, draft, *arguments)
        self.owner.replace(draft)

    @property
    def networkInfo(self) -> Any:  # noqa: N802  # WSDL's name
        return views.info(self.owner)

    def AddVirtualSwitch(self, name: str, spec: Any) -> None:  # noqa: N802  # WSDL's name
        self._do(host.add_switch, name, spec)

    def UpdateVirtualSwitch(self, name: str, spec: Any) -> None:  # noqa: N802  # WSDL's name
        self._do(host.update_switch, name, spec)

    def UpdatePortGroup(self, name: str, spec: Any) -> None:  # noqa: N802  # WSDL's name
        self._do(host.update_group, name, spec)

    def UpdateNetworkConfig(self, config: Any, mode: str) -> None:  # noqa: N802  # WSDL's name
        for each in config.vswitch:
            self.UpdateVirtualSwitch(each.name, each.spec)
        for each in config.portgroup:
            self.UpdatePortGroup(each.spec.name, each.spec)


class Direct(Api):
    """The way over the API without the API."""

    def __init__(self, owner: host.Host) -> None:
        self.target, self.owner = Target("here"), owner
        self._systems = {"": System(owner)}

    def read(self, names):
        info = views.info(self.owner)
        return {"": specs.host_state("here", {name: getattr(info, name) for name in ("vswitch", "portgroup", "pnic")})}

    def close(self) -> None:
        pass

    drop = close


class Console(Shell):
    """The way over SSH without SSH."""

    def __init__(self, owner: host.Host) -> None:
        self.target, self.owner, self._json = Target("here"), owner, True

    def run(self, line: str, *, connecting: bool = False) -> str:
        done = shell.run(self.owner, line)
        assert done.status == 0, (line, done.text, done.error)
        return done.text

    def close(self) -> None:
        pass

    drop = close
