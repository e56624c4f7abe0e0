# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Debian's classic ifupdown as the keeper of plain addresses: by hook scripts, so that no file of others changes.

No stanza does what is wanted (seen with ifupdown 0.8.44, and the reason for each is in its inet.defn):

- `iface eth0:1` is an interface of its own to ifupdown: it is gone after ifdown and ifup of eth0, and stays away.
- A further `iface eth0` stanza comes where its file is sourced. Debian sources interfaces.d at the top, so our address
  would be the interface's first one, from which the host then speaks. At the end, resolvconf's hook, which runs after
  each stanza, would forget the name servers of the one before.

The hooks of interfaces(5) run when the interface has its own address, whatever file that is in and whoever calls ifup:
the boot, udev or an administrator. At run time the same script is run, once, for the interfaces that it is about.
"""

from __future__ import annotations

import ipaddress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Iterator

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet import ifupdown
from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.commands import BackendError, must
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run
from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File

from .neighbours import Kernel
from .plain import Plain, parse_hook, render_down_hook, render_up_hook

HOOK = "netstack-vip"  # run-parts takes letters, digits, _ and - only


class Ifupdown:
    """Hook scripts of ours in if-up.d and if-down.d."""

    name = "ifupdown"

    def __init__(self, run: Run, main: str = ifupdown.INTERFACES) -> None:
        self.run, self.main = run, Path(main)
        self.up, self.down = (self.main.parent / folder / HOOK for folder in ("if-up.d", "if-down.d"))

    def owns(self, path: str) -> bool:
        """Tell whether a file is ours."""
        return path in (str(self.up), str(self.down))

    def ours(self) -> list[str]:
        """Return the files of ours that are there."""
        return [str(path) for path in (self.up, self.down) if path.exists()]

    def manages(self, interface: str) -> str:
        """Return where an interface is defined, as file and line, "" where it is not."""
        return next((place for place, _stanza in ifupdown.of_interface(self.main, interface)), "")

    def require_at_work(self, interface: str) -> None:
        """Raise BackendError where ifupdown defines an interface, but another program may have brought it up."""
        ifupdown.require_classic(self.run)
        rc, out, _err = self.run(["ifquery", "--state", interface])
        if rc != 0 or not out.startswith(f"{interface}="):
            raise BackendError(
                f"{self.manages(interface)} defines {interface}, but ifupdown has not brought it up, so something else "
                f"may manage it; run `ifup {interface}`, or say `vip_address_backend: ifupdown`"
            )

    def files(self, plains: list[Plain]) -> list[File]:
        """Return the two hooks, absent when there is nothing to say. Raises BackendError."""
        if not plains:
            return [File(str(self.up), None), File(str(self.down), None)]
        ifupdown.require_classic(self.run)
        faults = [fault for plain in plains for fault in self._faults(plain)]
        if faults:
            raise BackendError("; ".join(dict.fromkeys(faults)))
        up, down = render_up_hook(plains).encode(), render_down_hook(plains).encode()
        return [File(str(self.up), up, 0o755), File(str(self.down), down, 0o755)]

    def _faults(self, plain: Plain) -> Iterator[str]:
        """Yield why ifupdown would not bring an address up with its interface."""
        interface, address = plain.interface, str(plain.address.ip)
        if not self.manages(interface):
            yield f"ifupdown defines no {interface} under that name in {self.main} or what it sources"
        elif plain.address.version == 4 and "inet" not in ifupdown.families(self.main, interface):
            yield (
                f"{self.manages(interface)} defines {interface} without IPv4; add a line "
                f"`iface {interface} inet manual` there, so that ifup brings {address} up"
            )
        for place, stanza in ifupdown.placed(self.main):
            if stanza.word == "no-scripts" and any(fnmatchcase(interface, n.lstrip("/")) for n in stanza.names):
                yield f"{place} keeps ifup from running scripts for {interface}; take it out of that line"
        hand = self._by_hand(address)
        if hand:
            yield f"{hand} declares {address} by hand; take it out there, or out of vip_addresses"

    def _by_hand(self, address: str) -> str:
        """Return where a stanza or a hook of others adds an address, as file and line, "" where none does."""
        hooks = [path for path in sorted(self.up.parent.glob("*")) if path.is_file() and path != self.up]
        texts = {**ifupdown.read(self.main), **{path: path.read_text(errors="replace") for path in hooks}}
        for path, text in texts.items():
            for number, line in enumerate(text.splitlines(), 1):
                if _adds(line.split(), address, path in hooks):
                    return f"{path}:{number}"
        return ""

    def judge(self, files: list[File]) -> None:
        """A hook is a fixed text around addresses that were checked word by word before."""

    def load(self, former: list[File]) -> None:
        """Take away what the former hooks had and these have not, and run the new one as ifup does.

        Raises BackendError with the words of `ip`.
        """
        text = self.up.read_text() if self.up.exists() else ""
        wanted = parse_hook(text)
        old = [item for file in former if file.path == str(self.up) for item in parse_hook(_text(file))]
        for interface, address, _label in [item for item in old if item not in wanted]:
            self._take(interface, address)
        for interface in dict.fromkeys(item[0] for item in wanted):
            self._hook(interface)

    def _take(self, interface: str, address: str) -> None:
        """Take an address off, and bring back what the kernel takes with it.

        That is every later address of its subnet, where it was the first, unless `promote_secondaries` is set.
        """
        before = Kernel(self.run).labelled(interface)
        if address not in before:
            return
        must(self.run, ["ip", "address", "del", address, "dev", interface])
        left = Kernel(self.run).labelled(interface)
        for other, label in before.items():
            if other != address and other not in left:
                must(self.run, ["ip", "address", "replace", other, "dev", interface, *label, "broadcast", "+"])

    def _hook(self, interface: str) -> None:
        rc, _out, err = self.run(["env", f"IFACE={interface}", "ADDRFAM=inet", str(self.up)])
        if rc != 0 or err.strip():
            raise BackendError(f"{self.up} for {interface} (rc {rc}): {err.strip()}")


def _adds(words: list[str], address: str, script: bool) -> bool:
    """Tell whether a line of a stanza, or of a script, gives an address to an interface."""
    if not words or words[0].startswith("#"):
        return False
    named = any(_is(word, address) for word in words[1:])
    if words[0] == "address":
        return named and not script
    return named and any(_is_adding(*pair) for pair in zip(words, [*words[1:], ""]))


def _is_adding(word: str, verb: str) -> bool:
    """Tell whether two words are `address add`, `change` or `replace`, as short as `ip` takes them, or ifconfig."""
    return word.endswith("ifconfig") or ("address".startswith(word) and verb[:1] in ("a", "c", "r"))


def _is(word: str, address: str) -> bool:
    try:
        return str(ipaddress.ip_interface(word).ip) == address
    except ValueError:
        return False


def _text(file: File) -> str:
    return (file.content or b"").decode("utf-8", "replace")
