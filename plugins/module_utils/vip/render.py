# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From :class:`Site` to keepalived.conf and the health check's file. Pure.

Every instance begins as BACKUP on every node, since `nopreempt` is void with MASTER. What moves an address is a
FAULT, never a lower priority: a node that does not preempt ignores a master of lower priority, while a FAULT makes
the master send an advert of priority 0, which the others answer within a part of one interval (RFC 9568, 6.4.3).
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from .daemon import DROP_IN
from .lease import CLOCK, LEASES, LONGEST
from .model import MARKER, MAX_TTL, PROFILES, Health, Instance, Site

# A keepalived that is killed leaves its addresses on the host while the peer takes them too: both hold them. Only its
# own start removes them, so it is started again at once, however often it dies. Debian's unit has no Restart=.
SUPERVISION = """# Managed by netstack.datacenter.vip.
[Unit]
StartLimitIntervalSec=0

[Service]
Restart=always
RestartSec=200ms
"""
CHECK = "netstack_health"
INSTANCE = re.compile(r"^vrrp_instance (\S+)", re.M)
LEASE_TIMEOUT = 10  # seconds; the check only reads two files, so one that is not done by then says nothing of a lease
FRACTIONAL_INTERVAL = (2, 2, 9)  # 2.2.8 and older: "invalid number" for `interval 0.5`
PEER_TTL = (2, 1, 0)  # brought check_unicast_src, unicast_ttl, and min_ttl and max_ttl of a peer
GLOBAL_SOURCE = (1, 2, 20)  # brought vrrp_check_unicast_src, which looks at the source alone


@dataclass(frozen=True)
class Paths:
    """Where the files lie; a staging copy has others than the host."""

    config: str = "/etc/keepalived/keepalived.conf"
    check: str = "/usr/local/libexec/netstack-vip-health"
    state: str = "/var/lib/netstack/vip"
    drop_in: str = DROP_IN
    lease_check: str = "/usr/local/libexec/netstack-vip-lease"
    leases: str = LEASES
    clock: str = CLOCK

    def lease(self, name: str) -> str:
        """Return the file with the lease of one instance; without it the instance is at home."""
        return f"{self.leases}/{name}.away"

    def mark(self, name: str) -> str:
        """Return the file that keepalived tracked up to release 0.1: 0 is at home, 1 is away, with no end."""
        return f"{self.state}/{name}.away"


def digest(text: str) -> str:
    """Return what tells one configuration from another."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def render(site: Site, version: tuple[int, ...], paths: Paths, identity: str = "") -> str:
    """Return keepalived.conf for one release.

    The router id ends in the digest of all the rest, so that a running keepalived's own dump tells which file it took.
    Neither mail nor SNMP is set up here, and VRRP itself never sends the router id. ``identity`` overrides it for a
    staging copy, whose other paths would change the digest.
    """
    body = _body(site, version, paths)
    router = identity or f"{site.router_id}-{digest(body)}"
    return body.replace("@ROUTER_ID@", router, 1)


def router_id(text: str) -> str:
    """Return the router id that a rendered file sets, "" where there is none."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 2 and words[0] == "router_id":
            return words[1]
    return ""


def instance_names(text: str) -> list[str]:
    """Return the instances of a configuration."""
    return sorted(INSTANCE.findall(text))


def _body(site: Site, version: tuple[int, ...], paths: Paths) -> str:
    lines = [MARKER, *_global(site, version)]
    if site.health.enabled:
        lines += _check(site.health, version, paths)
    for instance in site.instances:
        lines += _lease(instance, site.profile, version, paths) + _instance(instance, site.health.enabled, version)
    return "\n".join(lines) + "\n"


def _block(head: str, lines: list[str]) -> list[str]:
    return [head + " {", *("    " + line for line in lines), "}"]


def _global(site: Site, version: tuple[int, ...]) -> list[str]:
    lines = [
        "router_id @ROUTER_ID@",
        "vrrp_version 3",
        "enable_script_security",
        "script_user root",
        "dynamic_interfaces",
        "vrrp_garp_master_delay 1",
        "vrrp_garp_master_repeat 5",
        "vrrp_garp_master_refresh 30",
        "vrrp_garp_lower_prio_repeat 1",
    ]
    if GLOBAL_SOURCE <= version < PEER_TTL:
        lines.append("vrrp_check_unicast_src")
    if site.profile == "tuned":
        lines.append("max_auto_priority 50")  # adverts every 0.2 s must not wait for the scheduler
    return _block("global_defs", lines + list(site.raw))


def _check(health: Health, version: tuple[int, ...], paths: Paths) -> list[str]:
    return _block(
        "vrrp_script " + CHECK,
        [
            f'script "{paths.check}"',
            _interval(health.interval, version),
            f"timeout {health.timeout}",
            f"fall {health.fall}",
            f"rise {health.rise}",
        ],
    )


def _interval(seconds: float, version: tuple[int, ...]) -> str:
    return f"interval {seconds if version >= FRACTIONAL_INTERVAL else float(max(1, round(seconds))):g}"


def _lease(instance: Instance, profile: str, version: tuple[int, ...], paths: Paths) -> list[str]:
    """Return the check that holds an instance in FAULT while its lease is ahead.

    Two failures in a row, since a single one may be that of a host out of memory; one success brings it home.
    """
    return _block(
        "vrrp_script lease_" + instance.name,
        [
            f'script "{paths.lease_check} {instance.name}"',
            _interval(PROFILES[profile]["health_interval"], version),
            f"timeout {LEASE_TIMEOUT}",
            "fall 2",
            "rise 1",
        ],
    )


def _instance(instance: Instance, checked: bool, version: tuple[int, ...]) -> list[str]:
    lines = ["state BACKUP"] + ([] if instance.preempt else ["nopreempt"])
    lines += ["version 2"] if instance.password else []
    lines += [
        "interface " + instance.interface,
        f"virtual_router_id {instance.virtual_router_id}",
        f"priority {instance.priority}",
        f"advert_int {instance.advert_interval:g}",
    ]
    lines += _unicast(instance, version)
    if instance.password:
        lines += _block("authentication", ["auth_type PASS", "auth_pass " + instance.password])
    lines += _block("track_script", ([CHECK] if checked else []) + ["lease_" + instance.name])
    lines += _block("virtual_ipaddress", [f"{a} dev {instance.interface}" for a in instance.addresses])
    return _block("vrrp_instance " + instance.name, lines + list(instance.raw))


def _unicast(instance: Instance, version: tuple[int, ...]) -> list[str]:
    """Return source and peers. By itself keepalived believes an advert from anywhere, and lets it end the service.

    So the source must be a peer's, and the TTL one that no host behind a router can reach here. The TTL that it sends
    itself is 255 for IPv4 only: for IPv6 it would be the kernel's hop limit, 64. What it drops still sets back the time
    of a master's own next advert, so that two a second silence it and the backup takes over; `lower_prio_no_advert`
    alone ends that (vrrp_dispatcher_read in its vrrp_scheduler.c). With it two masters end their contest one interval
    later, with the winner's next advert.
    """
    source = ["unicast_src_ip " + instance.unicast_source] if instance.unicast_source else []
    if not instance.unicast_peers:
        return source
    if version < PEER_TTL:
        return source + _block("unicast_peer", list(instance.unicast_peers))
    limits = "" if instance.any_hop_limit else f" min_ttl {instance.min_ttl} max_ttl {MAX_TTL}"
    peers = [peer + limits for peer in instance.unicast_peers]
    return [
        "check_unicast_src",
        "lower_prio_no_advert",
        f"unicast_ttl {MAX_TTL}",
        *source,
        *_block("unicast_peer", peers),
    ]


def render_lease_check(paths: Paths) -> str:
    """Return the check of a lease, by a shell's own means, no process more; :mod:`lease` says what it reads.

    It fails only while it is certain of a lease that is ahead. Whatever else it finds lets the node take part.
    """
    return "\n".join(
        [
            "#!/bin/sh",
            MARKER,
            f'read -r since until 2>/dev/null <"{paths.leases}/$1.away" || exit 0',
            f'read -r now _ 2>/dev/null <"{paths.clock}" || exit 0',
            'now="${now%%.*}"',
            'case "$since$until$now" in *[!0-9]*) exit 0 ;; esac',
            'if [ "$since" -le "$now" ] && [ "$now" -lt "$until" ] &&',
            f'  [ "$until" -le "$((now + {LONGEST}))" ]; then',
            "  exit 1",
            "fi 2>/dev/null",
            "exit 0",
            "",
        ]
    )
