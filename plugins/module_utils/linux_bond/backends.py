# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who makes a host's bonds: netplan, systemd-networkd or ifupdown. Their files, their judgement, their commands.

netplan is never told to apply or to try: `netplan try` refuses a host with bonds, and `netplan apply` leaves an
existing bond its old parameters. A bond whose parameters change is deleted, and networkd or ifupdown makes it anew.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Callable, Union

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet import ifupdown
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.netplan import translated
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.networkd import FOLDER
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File

from . import render
from .model import Declared

NETPLAN_FILE = "/etc/netplan/90-netstack-bond.yaml"
INTERFACES_FILE = "/etc/network/interfaces.d/netstack-bond"
#: Options of others' stanzas that hold a secret (wpa-psk, wpa-password, wireless-key ...), or commands with one.
_SECRET = re.compile(r"(?im)^\s*\S*(psk|pass|secret|key)\S*\s|pass(word|wd|phrase)?[= ]|://[^\s/@]*:[^\s/@]*@")


class Networkd:
    """systemd-networkd's own files."""

    name = "networkd"
    rebuilds_all = False

    def __init__(self, run: Run, folder: str = FOLDER) -> None:
        self.run, self.folder = run, Path(folder)

    def files(self, declared: Declared) -> list[File]:
        """Return the wanted files, and the former ones of ours that have to go."""
        wanted = {str(self.folder / name): text.encode() for name, text in render.networkd(declared.bonds).items()}
        ours = [str(path) for path in sorted(self.folder.glob("05-netstack-*.net*"))]
        return [File(path, text) for path, text in wanted.items()] + [File(p, None) for p in ours if p not in wanted]

    def judge(self, files: list[File], declared: Declared) -> None:
        """networkd has no checker of its own, so what it gets was checked word by word before."""

    def commands(self, _up: list[str], _files: list[File]) -> list[list[str]]:
        """Return what makes the host take the files once they are in place and what goes is gone.

        ``up`` are the interfaces that are to come up anew. networkd looks after that itself.
        """
        return [["systemctl", "restart", "systemd-networkd.service"]]


class Netplan(Networkd):
    """netplan with networkd behind it."""

    name = "netplan"

    def __init__(self, run: Run, path: str = NETPLAN_FILE) -> None:
        super().__init__(run)
        self.path = path

    def files(self, declared: Declared) -> list[File]:
        """Return the one file, absent without bonds."""
        text = render.netplan(declared.bonds).encode() if declared.bonds else None
        return [File(self.path, text, 0o600)]

    def judge(self, files: list[File], declared: Declared) -> None:
        """Have netplan translate a copy of all its files together with ours, and look at what the members keep.

        Raises BackendError with netplan's words, or where a member would keep addresses: netplan joins the lists of
        all its files, and takes none away.
        """
        with translated(self.run, files) as root:
            kept = [member for member in declared.members if self._addresses(root, member)]
        if kept:
            raise BackendError(
                f"another file of netplan gives {', '.join(kept)} addresses, which a member of a bond cannot have; "
                "name that file in `linux_bond_replaces`, and what must stay of it in a file of your own"
            )

    def _addresses(self, root: str, member: str) -> bool:
        """Tell whether netplan would give a member an address, by what it wrote for networkd."""
        path = Path(root, "run/systemd/network", f"10-netplan-{member}.network")
        return path.is_file() and any(line.startswith("Address=") for line in path.read_text().splitlines())

    def commands(self, _up: list[str], _files: list[File]) -> list[list[str]]:
        """Have netplan write networkd's files first."""
        return [["netplan", "generate"], *super().commands(_up, _files)]


class Ifupdown:
    """ifupdown with ifenslave: a file of our own, and the members' former stanzas taken out of the others."""

    name = "ifupdown"
    rebuilds_all = True

    def __init__(self, run: Run, main: str = ifupdown.INTERFACES, own: str = INTERFACES_FILE) -> None:
        self.run, self.main, self.own = run, Path(main), own

    def others(self) -> list[Path]:
        """Return the files of others that ifupdown reads."""
        return [path for path in ifupdown.read(self.main) if str(path) != self.own]

    def files(self, declared: Declared) -> list[File]:
        """Return our file, and those of others without the stanzas of our interfaces. Raises BackendError."""
        names = [*declared.members, *declared.layers]
        found = [_stripped(path, names) for path in self.others()]
        text = render.ifupdown(declared.bonds).encode() if declared.bonds else None
        if text and not ifupdown.reads(self.main, Path(self.own)):
            raise BackendError(f"{self.main} does not source {Path(self.own).parent}/*, so a file there is not read")
        return [file for file in found if file] + [File(self.own, text)]

    def judge(self, files: list[File], declared: Declared) -> None:
        """Raise BackendError without ifenslave, whose hooks make bonds; ifupdown itself has no checker."""
        if declared.bonds and not Path("/etc/network/if-pre-up.d/ifenslave").exists():
            raise BackendError("the package ifenslave is not installed; ifupdown makes no bond without it")

    def commands(self, up: list[str], files: list[File]) -> list[list[str]]:
        """Bring up what has a stanza when the files are in place; ifupdown may believe that it is up already.

        So it is told to forget that, and not forced: `ifup --force bond0.10` brings up bond0 below it too, whose hook
        (ifenslave) takes the members down and leaves them so, because they belong to the bond already.
        """
        contents = {str(path): path.read_bytes() for path in (*self.others(), Path(self.own)) if path.is_file()}
        contents.update({file.path: file.content or b"" for file in files})
        known = {name for content in contents.values() for name in ifupdown.defined(content.decode("utf-8", "replace"))}
        coming = [name for name in up if name in known]
        forgotten = [["ifdown", "--force", "--ignore-errors", name] for name in reversed(coming)]
        return forgotten + [["ifup", name] for name in coming]


Backend = Union[Networkd, Ifupdown]


def _stripped(path: Path, names: list[str]) -> File | None:
    text = path.read_text()
    changed = ifupdown.without(text, names)
    if changed == text:
        return None
    status = path.stat()
    secret = _SECRET.search(text) is not None
    return File(str(path), changed.encode(), status.st_mode & 0o7777, secret=secret)


def backends(run: Run) -> dict[str, Backend]:
    """Return all backends by name."""
    return {"netplan": Netplan(run), "networkd": Networkd(run), "ifupdown": Ifupdown(run)}


def choose(run: Run, has: Callable[[str], str | None], names: list[str]) -> str:
    """Return the backend that this host uses: netplan with a file, ifupdown that knows one of the interfaces, networkd.

    Raises BackendError where none of them is there.
    """
    if has("netplan") and any(Path("/etc/netplan").glob("*.yaml")):
        return "netplan"
    known = [name for path in Ifupdown(run).others() for name in ifupdown.defined(path.read_text())]
    if has("ifup") and set(known) & set(names):
        return "ifupdown"
    if run(["systemctl", "is-active", "--quiet", "systemd-networkd.service"])[0] == 0:
        return "networkd"
    if has("ifup"):
        return "ifupdown"
    raise BackendError("neither netplan nor systemd-networkd nor ifupdown is at work here; say `linux_bond_backend`")
