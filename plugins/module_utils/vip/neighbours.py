# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who has an address, asked of the kernel and of the link. Needs the right to open packet sockets (root).

The answer holds for the link that the interface is on, and takes nobody's word but that of who answers there. A
router that does proxy ARP answers for addresses that are not its own and counts as a holder; so does one host with
two interfaces on the same link, unless its `arp_ignore` is set.
"""

from __future__ import annotations

import ipaddress
import select
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable

from ansible_collections.netstack.datacenter.plugins.module_utils.hostnet.shown_by_ip import shown
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import Run

from . import packets

REPEATS = 3  # questions; a single frame may be lost
WINDOW = 0.4  # seconds that each question is given for answers; a LAN answers in one thousandth of that


class LinkError(RuntimeError):
    """The link cannot be asked; the text says why."""


@dataclass(frozen=True)
class Target:
    """An address and the interface on whose link it is looked for."""

    address: str
    interface: str


@dataclass(frozen=True)
class Holders:
    """Who holds an address: this host, and the hardware addresses of others."""

    target: Target
    local: bool
    others: tuple[str, ...]

    @property
    def count(self) -> int:
        """Return how many hold it."""
        return int(self.local) + len(self.others)


class Kernel:
    """The addresses of this host, as the kernel has them at this moment."""

    def __init__(self, run: Run) -> None:
        self.links = shown(run, LinkError)

    def addresses(self, interface: str = "") -> set[str]:
        """Return all addresses in canonical form, of one interface or of all."""
        links = [link for link in self.links if not interface or link.get("ifname") == interface]
        usable = [entry for entry in _entries(links) if not entry.get("dadfailed")]
        return {str(ipaddress.ip_address(entry["local"])) for entry in usable}

    def lasting(self, interface: str) -> set[str]:
        """Return an interface's addresses that no passing of time takes away: neither link-local nor temporary ones."""
        links = [link for link in self.links if link.get("ifname") == interface]
        entries = [e for e in _entries(links) if e.get("scope") == "global" and not e.get("temporary")]
        return {str(ipaddress.ip_address(entry["local"])) for entry in entries}

    def labelled(self, interface: str) -> dict[str, list[str]]:
        """Return an interface's addresses with prefix, and the words by which `ip` gives each its label."""
        links = [link for link in self.links if link.get("ifname") == interface]
        entries = [entry for entry in _entries(links) if entry.get("scope") != "link"]
        return {f"{e['local']}/{e['prefixlen']}": ["label", e["label"]] if "label" in e else [] for e in entries}

    def interface_for(self, address: str) -> str:
        """Return the interface on whose link an address is: its own, or that of the narrowest subnet around it."""
        wanted = ipaddress.ip_address(address)
        best: tuple[int, str] = (-1, "")
        for link in self.links:
            for entry in _entries([link]):
                network = ipaddress.ip_network(f"{entry['local']}/{entry['prefixlen']}", strict=False)
                if network.version == wanted.version and wanted in network and network.num_addresses > 1:
                    best = max(best, (network.prefixlen, str(link["ifname"])))
        return best[1]

    def source_for(self, interface: str, target: str) -> str:
        """Return the address to solicit a neighbour from: link-local by preference, never the one looked for."""
        links = [link for link in self.links if link.get("ifname") == interface]
        six = [entry for entry in _entries(links) if entry["family"] == "inet6" and not entry.get("tentative")]
        usable = [entry for entry in six if str(ipaddress.ip_address(entry["local"])) != target]
        ranked = sorted(usable, key=lambda entry: entry.get("scope") != "link")
        return str(ranked[0]["local"]) if ranked else ""


def _entries(links: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for link in links for entry in link["addr_info"]]


def own_macs() -> set[bytes]:
    """Return the hardware addresses of this host's interfaces."""
    files = Path("/sys/class/net").glob("*/address")
    texts = [path.read_text().strip() for path in files]
    return {packets.mac_bytes(text) for text in texts if len(text) == 17}


def find_holders(run: Run, targets: list[Target]) -> list[Holders]:
    """Return who holds each address at this moment, in the order asked; takes as long for many as for one.

    Raises LinkError when a link cannot be asked.
    """
    kernel = Kernel(run)
    placed = [Target(t.address, t.interface or _placed(kernel, t.address)) for t in targets]
    answers = ask(kernel, placed)
    own = Kernel(run).addresses()
    return [Holders(t, t.address in own, tuple(sorted(map(packets.mac_text, answers[t])))) for t in placed]


def _placed(kernel: Kernel, address: str) -> str:
    interface = kernel.interface_for(address)
    if not interface:
        raise LinkError(f"{address} is on no link of this host; name the interface")
    return interface


def ask(kernel: Kernel, targets: list[Target]) -> dict[Target, set[bytes]]:
    """Return the hardware addresses, other than our own, that answer for each address."""
    questions = {target: _question(kernel, target) for target in targets}
    found: dict[Target, set[bytes]] = {target: set() for target in targets}
    links: dict[tuple[str, int], socket.socket] = {}
    try:
        for target in targets:
            key = (target.interface, _protocol(target))
            links[key] = links.get(key) or open_link(*key)
        for _repeat in range(REPEATS):
            for target, question in questions.items():
                link = links[(target.interface, _protocol(target))]
                try:
                    link.send(question(link.getsockname()[4]))
                except OSError as error:  # an interface that is down
                    raise LinkError(f"{target.interface}: {error.strerror}") from error
            _listen({link: key for key, link in links.items()}, found)
    finally:
        for link in links.values():
            link.close()
    own = own_macs()
    return {target: macs - own for target, macs in found.items()}


def _protocol(target: Target) -> int:
    return packets.ETH_ARP if packets.version(target.address) == 4 else packets.ETH_IPV6


def _question(kernel: Kernel, target: Target) -> Callable[[bytes], bytes]:
    """Return what makes the frame that asks for an address, given the sender's hardware address."""
    if packets.version(target.address) == 4:
        return lambda mac: packets.arp_probe(mac, target.address)
    source = kernel.source_for(target.interface, target.address)
    if not source:
        raise LinkError(f"{target.interface} has no IPv6 address to ask for {target.address} from")
    return lambda mac: packets.neighbour_solicitation(mac, source, target.address)


def _listen(links: dict[socket.socket, tuple[str, int]], found: dict[Target, set[bytes]]) -> None:
    """Note every answer that comes within the window."""
    end = time.monotonic() + WINDOW
    while True:
        ready = select.select(list(links), [], [], max(0.0, end - time.monotonic()))[0]
        if not ready:
            return
        for link in ready:
            _note(link.recv(2048), links[link], found)
        if time.monotonic() >= end:
            return


def _note(frame: bytes, key: tuple[str, int], found: dict[Target, set[bytes]]) -> None:
    owner = packets.arp_owner if key[1] == packets.ETH_ARP else packets.neighbour_owner
    for target, macs in found.items():
        if (target.interface, _protocol(target)) == key:
            mac = owner(frame, target.address)
            if mac is not None:
                macs.add(mac)


def open_link(interface: str, protocol: int) -> socket.socket:
    """Return a packet socket on an interface. Raises LinkError where there is no such interface or no right to it."""
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
    try:
        link.bind((interface, protocol))
    except OSError as error:
        link.close()
        raise LinkError(f"{interface}: {error.strerror}") from error
    return link


def announce(target: Target) -> None:
    """Tell all on the link that this host has the address now; thrice, since nobody confirms it."""
    with open_link(target.interface, packets.ETH_ARP) as link:
        mac = link.getsockname()[4]
        four = packets.version(target.address) == 4
        frame = (packets.arp_announcement if four else packets.neighbour_announcement)(mac, target.address)
        for _repeat in range(REPEATS):
            link.send(frame)
            time.sleep(0.02)
