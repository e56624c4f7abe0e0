# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests of linux_bond build from: declared bonds, and hosts that answer like a kernel."""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.kernel import Kernel
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.model import Declared
from ansible_collections.netstack.datacenter.plugins.module_utils.linux_bond.parse import parse

BOND = {
    "members": ["eth0", "eth1"],
    "lacp_rate": "fast",
    "mtu": 9000,
    "addresses": ["198.51.100.11/24", "2001:db8::11/64"],
    "vlans": {"bond0.10": {"id": 10, "mtu": 1500, "addresses": ["192.0.2.11/24"], "gateway": "192.0.2.1"}},
}
PROC = (Path(__file__).parent / "proc_net_bonding.txt").read_text()


def bond(**values):
    return {**BOND, **values}


def declared(backend="networkd", **bonds):
    return Declared(backend, parse(bonds or {"bond0": BOND}))


class Host:
    """A kernel as files below a folder, and `ip` that shows what the test says."""

    def __init__(self, root, wanted=None):
        self.root, self.shown, self.routes = Path(root), {}, []
        (self.root / "sys/class/net").mkdir(parents=True, exist_ok=True)
        (self.root / "proc/net/bonding").mkdir(parents=True, exist_ok=True)
        for name in ("eth0", "eth1", "eth2"):
            self.interface(name)
        for one in wanted.bonds if wanted else ():
            self.has(one)

    def interface(self, name, **more):
        (self.root / "sys/class/net" / name).mkdir(exist_ok=True)
        self.shown[name] = {"ifname": name, "mtu": 1500, "addr_info": [], **more}

    def has(self, one):
        """Make the kernel have a bond as it is declared."""
        self._layer(one.name, one.net, {})
        folder = self.root / "sys/class/net" / one.name
        (folder / "bonding").mkdir()
        (folder / "operstate").write_text("up\n")
        (folder / "bonding/slaves").write_text(" ".join(one.members))
        for option, value in one.options.items():
            (folder / "bonding" / option).write_text(f"{value} 1\n")
        for member in one.members:
            (folder / f"lower_{member}").mkdir()
        (self.root / "proc/net/bonding" / one.name).write_text(PROC)
        for vlan in one.vlans:
            info = {"info_kind": "vlan", "info_data": {"id": vlan.id}}
            self._layer(vlan.name, vlan.net, {"link": one.name, "linkinfo": info})
            (self.root / "sys/class/net" / vlan.name / f"lower_{one.name}").mkdir()

    def _layer(self, name, net, more):
        info = [dict(zip(("local", "prefixlen"), a.split("/"), strict=True)) for a in net.addresses]
        self.interface(name, mtu=net.mtu, addr_info=info, **more)
        if net.gateway:
            self.routes.append({"dst": "default", "gateway": net.gateway, "dev": name})

    def run(self, command):
        if "address" in command:
            return 0, json.dumps(list(self.shown.values())), ""
        return 0, json.dumps(self.routes if "-4" in command else []), ""

    def set(self, path, text):
        (self.root / path).write_text(text)

    @property
    def kernel(self):
        return Kernel(self.run, str(self.root))
