# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who keeps a host's addresses over a boot: netplan, or systemd-networkd without it.

Neither is told to apply everything anew. `netplan generate` writes networkd's files, and `networkctl reload` makes
networkd take what changed; it adds and removes the differing addresses and leaves the others in place. `netplan
apply` is not used: it restarts services, wants udev, which containers lack, and takes down what it finds changed.
"""

from __future__ import annotations

from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError, must
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.netplan import section, translated
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.networkd import FOLDER, network_file
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File

from .plain import Plain, render_netplan, render_networkd

NETPLAN_FILE = "/etc/netplan/90-netstack-vip.yaml"
DROP_IN = "90-netstack-vip.conf"


class Networkd:
    """systemd-networkd's own files, by a drop-in beside the interface's .network file."""

    name = "networkd"

    def __init__(self, run: Run, folder: str = FOLDER) -> None:
        self.run, self.folder = run, Path(folder)

    def manages(self, interface: str) -> str:
        """Return the .network file by which networkd configures an interface, "" where it does not."""
        return network_file(self.run, interface)

    def files(self, plains: list[Plain]) -> list[File]:
        """Return the wanted drop-ins, and the former ones that have to go. Raises BackendError."""
        wanted: dict[str, bytes] = {}
        for interface in sorted({plain.interface for plain in plains}):
            base = self.manages(interface)
            if not base:
                raise BackendError(f"systemd-networkd does not manage {interface}")
            own = [plain for plain in plains if plain.interface == interface]
            wanted[str(self.folder / (Path(base).name + ".d") / DROP_IN)] = render_networkd(own).encode()
        stale = [path for path in self.ours() if path not in wanted]
        return [File(path, content) for path, content in wanted.items()] + [File(path, None) for path in stale]

    def owns(self, path: str) -> bool:
        """Tell whether a file is ours."""
        return Path(path).name == DROP_IN

    def ours(self) -> list[str]:
        """Return the files of ours that are there."""
        return sorted(map(str, self.folder.glob("*.network.d/" + DROP_IN)))

    def judge(self, files: list[File]) -> None:
        """networkd has no checker of its own, so what it gets was checked word by word before."""

    def load(self, _former: list[File]) -> None:
        """Have networkd take its files instead of the former ones. Raises BackendError."""
        must(self.run, ["networkctl", "reload"])


class Netplan(Networkd):
    """netplan with networkd behind it."""

    name = "netplan"

    def __init__(self, run: Run, path: str = NETPLAN_FILE) -> None:
        super().__init__(run)
        self.path = path

    def owns(self, path: str) -> bool:
        """Tell whether a file is ours."""
        return path == self.path

    def ours(self) -> list[str]:
        """Return the file of ours, where it is there."""
        return [self.path] if Path(self.path).exists() else []

    def files(self, plains: list[Plain]) -> list[File]:
        """Return the one file, absent when there is nothing to say. Raises BackendError."""
        if not plains:
            return [File(self.path, None)]
        sections = {}
        for interface in sorted({plain.interface for plain in plains}):
            sections[interface] = section(self.run, interface)
            if not sections[interface]:
                raise BackendError(f"netplan defines no {interface} under that name")
            if not self.manages(interface):
                raise BackendError(f"netplan defines {interface}, but systemd-networkd does not run it")
        return [File(self.path, render_netplan(plains, sections).encode(), 0o600)]

    def judge(self, files: list[File]) -> None:
        """Have netplan translate a copy of all its files together with ours. Raises BackendError with its words."""
        with translated(self.run, files):
            pass

    def load(self, former: list[File]) -> None:
        """Have netplan write networkd's files and networkd take them. Raises BackendError."""
        must(self.run, ["netplan", "generate"])
        super().load(former)
