# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pound as a program and a service of this host: packages, validation, control socket, addresses."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Iterable, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.shown_by_ip import shown
from ansible_collections.netstack.datacenter.plugins.module_utils.service import space
from ansible_collections.netstack.datacenter.plugins.module_utils.service.packaged import as_packaged, candidate
from ansible_collections.netstack.datacenter.plugins.module_utils.service.stand_in import PEM
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError, Run, Systemd

from .package import Release, unusable
from .render import CONTROL

__all__ = ["MAIN", "UNIT", "Host"]

MAIN = "/etc/pound.cfg"
UNIT = "pound.service"
NONLOCAL = {4: "/proc/sys/net/ipv4/ip_nonlocal_bind", 6: "/proc/sys/net/ipv6/ip_nonlocal_bind"}
LISTS = "/var/lib/apt/lists"
_PATH = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"


class Host(Systemd):
    """The programs of this host.

    Args:
        run: runs a command and returns its status, output and error output.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run, UNIT)
        self.program = shutil.which("pound", path=_PATH) or ""

    def release(self, package_file: str = "") -> Release:
        """Return the Pound that is installed, else that of the package file, else the one that apt would install.

        An installed one that cannot be used counts as none where there is a package file.
        """
        if self.program:
            found = re.search(r"(?:[Vv]ersion |\(pound\) )([0-9][^ \n]*)", "".join(self.run([self.program, "-V"])[1:]))
            release = Release(found.group(1) if found else "", "installed")
            if not package_file or not unusable(release, lists=True):
                return release
            self.program = ""
        if package_file:
            return Release(self._of_file(package_file), "file")
        return Release(candidate(self.run, "pound"), "candidate")

    def _of_file(self, path: str) -> str:
        """Return the version of a package file. Raises CommandError where it is none of Pound."""
        status, output, errors = self.run(["dpkg-deb", "--show", "--showformat=${Package} ${Version}", "--", path])
        name, _blank, version = output.strip().partition(" ")
        if status != 0 or name != "pound":
            raise CommandError(f"{path} is no package of Pound: {errors.strip() or f'it holds {name}'}")
        return version

    @staticmethod
    def has_lists() -> bool:
        """Tell whether apt has package lists."""
        return any(Path(LISTS).glob("*_Packages*"))

    def complaint(self, text: str, stand_ins: Sequence[str] = ()) -> str:
        """Return what the host's own Pound says against a configuration, "" where it accepts it.

        Args:
            text: the configuration.
            stand_ins: certificate files that do not exist yet and are taken for present.
        """
        with tempfile.TemporaryDirectory(prefix="netstack-pound-") as folder:
            for index, path in enumerate(stand_ins):
                substitute = Path(folder) / f"stand-in-{index}.pem"
                substitute.write_text(PEM)
                text = text.replace(f'"{path}"', f'"{substitute}"')
            staged = Path(folder) / "pound.cfg"
            with space.named(str(staged)):
                staged.write_text(text)
            status, output, errors = self.run([self.program, "-c", "-f", str(staged)])
            said = f"{errors}\n{output}".replace(str(staged), MAIN)
        return "" if status == 0 else first_complaint(said) or f"pound -c ended with status {status}"

    def listed(self) -> str:
        """Return what the running Pound tells about itself on its control socket, "" where nobody answers in time.

        A Pound whose threads are all taken takes the connection and answers never.
        """
        status, output, _errors = self.run(["timeout", "10", "poundctl", "-s", CONTROL, "-j", "list"])
        return output if status == 0 else ""

    def addresses(self) -> set[str]:
        """Return the addresses of this host that others may know, in every scope but the loopback's."""
        found = shown(self.run, CommandError)
        return {entry["local"] for link in found if link["ifname"] != "lo" for entry in link["addr_info"]}

    def is_sample(self, text: str) -> bool:
        """Tell whether a configuration is the one that the package brings, which is nobody's wish."""
        return as_packaged(self.run, "pound", MAIN, text)


def first_complaint(text: str) -> str:
    """Return Pound's first message without the name of the program."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return re.sub(r"^(?:\S*pound(?:\[[0-9]+\])?: )", "", lines[0]) if lines else ""


def fingerprints(paths: Iterable[str], renewed: Iterable[str] = ()) -> dict[str, str]:
    """Return the digest of each file's content, "" for one that is not there; those to be renewed differ from it."""
    new = set(renewed)
    return {path: f"{_digest(path)}{'+' if path in new else ''}" for path in paths}


def _digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest() if os.path.exists(path) else ""


def foreign_allowed(family: int) -> bool:
    """Tell whether programs may bind addresses of this family that the host does not have (yet)."""
    path = Path(NONLOCAL[family])
    return not path.exists() or path.read_text().strip() == "1"


def allow_foreign(family: int) -> None:
    """Allow it now; raises OSError where the kernel's settings cannot be written (a container's are read-only)."""
    Path(NONLOCAL[family]).write_text("1\n")


def may_allow_foreign(family: int) -> bool:
    """Tell whether this process may change that setting."""
    return os.access(NONLOCAL[family], os.W_OK)
