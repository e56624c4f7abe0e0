# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who keeps a host's addresses over a boot: netplan, or systemd-networkd without it.

Neither is told to apply everything anew. `netplan generate` writes networkd's files, and `networkctl reload` makes
networkd take what changed; it adds and removes the differing addresses and leaves the others in place. `netplan
apply` is not used: it restarts services, wants udev, which containers lack, and takes down what it finds changed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Callable, List, Tuple

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File

from .plain import SECTIONS, Plain, render_netplan, render_networkd

Run = Callable[[List[str]], Tuple[int, str, str]]
NETWORK_FILE = re.compile(r"^\s*Network File: (/\S+)", re.M)
NETPLAN_FILE = "/etc/netplan/90-netstack-vip.yaml"
DROP_IN = "90-netstack-vip.conf"


class BackendError(RuntimeError):
    """The host's network configuration cannot take the address; the text has the program's own words."""


def must(run: Run, command: list[str]) -> str:
    """Run a command and return what it says. Raises BackendError when it fails."""
    rc, out, err = run(command)
    if rc != 0:
        raise BackendError(f"{' '.join(command)} (rc {rc}): {(err or out).strip()}")
    return out


class Networkd:
    """systemd-networkd's own files, by a drop-in beside the interface's .network file."""

    name = "networkd"

    def __init__(self, run: Run, folder: str = "/etc/systemd/network") -> None:
        self.run, self.folder = run, Path(folder)

    def manages(self, interface: str) -> str:
        """Return the .network file by which networkd configures an interface, "" where it does not."""
        rc, out, _err = self.run(["networkctl", "status", "--no-pager", interface])
        found = NETWORK_FILE.search(out) if rc == 0 else None
        return found.group(1) if found else ""

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

    def section(self, interface: str) -> str:
        """Return the section in which netplan defines an interface, "" where it does not."""
        for section in SECTIONS:
            rc, out, _err = self.run(["netplan", "get", "network.{}.{}".format(section, interface.replace(".", "\\."))])
            if rc == 0 and out.strip() not in ("", "null"):
                return section
        return ""

    def files(self, plains: list[Plain]) -> list[File]:
        """Return the one file, absent when there is nothing to say. Raises BackendError."""
        if not plains:
            return [File(self.path, None)]
        sections = {}
        for interface in sorted({plain.interface for plain in plains}):
            sections[interface] = self.section(interface)
            if not sections[interface]:
                raise BackendError(f"netplan defines no {interface} under that name")
            if not self.manages(interface):
                raise BackendError(f"netplan defines {interface}, but systemd-networkd does not run it")
        return [File(self.path, render_netplan(plains, sections).encode(), 0o600)]

    def judge(self, files: list[File]) -> None:
        """Have netplan translate a copy of all its files together with ours. Raises BackendError with its words."""
        root = tempfile.mkdtemp(prefix="netstack-vip-", dir="/run")
        try:
            for folder in ("/etc/netplan", "/usr/lib/netplan", "/run/netplan"):
                if Path(folder).is_dir():
                    shutil.copytree(folder, root + folder)
            for file in files:
                copy = Path(root + file.path)
                if file.content is not None:
                    copy.parent.mkdir(parents=True, exist_ok=True)
                    copy.touch(mode=0o600)
                    copy.write_bytes(file.content)
                elif copy.exists():
                    copy.unlink()
            must(self.run, ["netplan", "generate", "--root-dir", root])
        finally:
            shutil.rmtree(root, ignore_errors=True)

    def load(self, former: list[File]) -> None:
        """Have netplan write networkd's files and networkd take them. Raises BackendError."""
        must(self.run, ["netplan", "generate"])
        super().load(former)
