# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves on the simulators that only a link whose cables are as declared is converted, and that no other does harm."""

from __future__ import annotations

import re
from contextlib import ExitStack

import pytest
from runner.slices import whole_or_slice

from .cabled import ENDS, HOSTS, PORTS, Cabled
from .labs import DELIVERED, STYLES

LONGEST = 20
CLASSES = {
    "right": (0, 1, 2, 3),
    "one host crossed": (1, 0, 2, 3),
    "both crossed": (1, 0, 3, 2),
    "one cable exchanged": (0, 3, 2, 1),
    "three moved": (1, 2, 0, 3),
    "both exchanged straight": (2, 3, 0, 1),
    "both exchanged and crossed": (3, 2, 1, 0),
    "four round": (1, 2, 3, 0),
}
THERE, BACK = "there", "back"
SOME = {("nonels", "one cable exchanged", THERE), ("els", "both exchanged straight", BACK)}
"""What shows that the proof reaches both ends in both styles; the engine's own tests have all permutations."""
REST = pytest.mark.all_only("every class of cablings on the simulators; the engine has all permutations each time")
ALL = [
    pytest.param(*each, marks=() if each in SOME else REST)
    for each in ((style, name, direction) for style in STYLES for name in CLASSES for direction in (THERE, BACK))
]


@pytest.fixture(scope="module")
def simulators():
    for package in ("asyncssh", "lxml", "jnpr.junos", "pyVmomi"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from kinds.esxi_vss.client import Simulator as Hosts
    from kinds.junos_ex.client import Simulator as Switches

    with Switches(STYLES) as switches, Hosts(dict.fromkeys(HOSTS, 2)) as hosts:
        yield switches, hosts


@pytest.fixture
def cabled(simulators, tmp_path):
    """Return what cables the hosts as an order of their NICs says, and prepares a conversion in a direction."""
    from fabric_client import Fabric

    switches, hosts = simulators
    with ExitStack() as stack:

        def plug(style: str, cables, hides=()) -> Fabric:
            listed = [
                {"switch": style, "port": port, "host": host, "nic": nic, "hides": host in hides}
                for port, (host, nic) in cables.items()
            ]
            ends = switches.about["control"], hosts.about["control"]
            return stack.enter_context(Fabric(*ends, listed, management_vlan=10))

        def prepare(style: str, order: tuple[int, ...], direction: str, hides=(), **options) -> Cabled:
            cables = {port: ENDS[number] for port, number in zip(PORTS, order, strict=True)}
            switches.control("reset", switch=style)
            for host in HOSTS:
                hosts.control("reset", host=host, state=DELIVERED)
            fabric = plug(style, cables, hides)
            found = Cabled(switches, hosts, fabric, style, cables, tmp_path, **options)
            found.replug = plug
            found.begin(direction == THERE)
            assert not any(found.lost().values())
            fabric.absences()
            return found

        yield prepare


@pytest.mark.parametrize(("style", "name", "direction"), ALL)
def test_only_a_link_with_its_cables_as_declared_is_converted(cabled, style, name, direction):
    estate = cabled(style, CLASSES[name], direction)
    for host in HOSTS:
        before, to_static = estate.state(), direction == THERE
        failure = estate.convert(host, to_static).failure
        assert (failure == "") == estate.right(host), failure
        assert not any(estate.lost().values())
        if failure:
            assert estate.state() == before
            assert "The cables are not as declared" in failure
            seen_is_true(estate, host, failure)
            continue
        changed = set(re.findall(r"ge-0/0/\d", "\n".join(set(before[0]) ^ set(estate.switch_lines()))))
        assert changed == set(estate.ports_of(host, estate.cables))
    assert max(estate.fabric.absences().values(), default=0) <= LONGEST


def seen_is_true(estate: Cabled, host: str, failure: str) -> None:
    """Compare what the message says of ports and NICs with where the cables are."""
    told = failure.partition("As far as seen, ")[2].partition(".")[0]
    assert told
    for part in told.split("; "):
        port, _, nic = part.partition(" has ")
        owner, real = estate.cables[port]
        assert nic == (real if owner == host else f"no NIC of {host}")


def test_a_host_that_loses_its_last_way_has_it_back_within_20_seconds_of_the_fabrics_clock(cabled):
    """esx2 has one uplink only, and it is at a port that is declared esx1's."""
    seconds = whole_or_slice(whole=15, piece=5, reason="the 15 s that a NIC has by default are waited for with --all")
    estate = cabled("els", CLASSES["both exchanged straight"], THERE, seconds=seconds)
    command = "esxcli network vswitch standard uplink remove -u vmnic1 -v vSwitch0"
    estate.hosts.control("console", host="esx2", command=command)
    before = estate.state()
    failure = estate.convert("esx1", True).failure
    assert (
        f"ge-0/0/0 was disabled, and within {seconds} s vmnic0, which is declared at the other end, kept its light"
        in failure
    )
    assert estate.state() == before
    assert not any(estate.lost().values())
    assert 0 < estate.fabric.absences()["esx2"] <= LONGEST


def test_an_enclosure_that_hides_link_loss_is_refused_with_and_without_its_waiver(cabled):
    """Nobody tells the host that a port is disabled: with the waiver the user hears why only consent is left."""
    estate = cabled("nonels", CLASSES["right"], THERE, hides=("esx1",), seconds=2)
    before = estate.state()
    refused = estate.convert("esx1", True).failure  # the host sends on over vmnic0, and is not heard
    assert "ge-0/0/0 was disabled, and the host does not answer since" in refused
    assert "waive LINK_DOWN" in refused
    told = estate.convert("esx1", True, waive={"LINK_DOWN": "blade enclosure"})
    assert "hides from it that a port is disabled (blade enclosure)" in told.failure
    assert estate.state() == before
    assert not any(estate.lost().values())


def test_a_conversion_is_not_taken_back_over_cables_that_were_crossed_since(cabled):
    estate = cabled("nonels", CLASSES["right"], THERE)
    assert estate.convert("esx1", True).failure == ""
    crossed = {port: ENDS[number] for port, number in zip(PORTS, CLASSES["one host crossed"], strict=True)}
    estate.fabric = estate.replug("nonels", crossed)
    before, kept = estate.state(), estate.kept.links()
    assert not any(estate.lost().values())
    failure = estate.restore("esx1", True).failure
    assert "vmnic1, which is declared at the other end, kept its light and vmnic0, which is not, lost" in failure
    assert "As far as seen, ge-0/0/1 has vmnic0." in failure
    assert (estate.state(), estate.kept.links()) == (before, kept)
    assert not any(estate.lost().values())
    estate.fabric = estate.replug("nonels", estate.cables)
    report = estate.restore("esx1", True)
    assert (report.failure, report.warnings, len(report.verified)) == ("", [], 2)
    assert not any("802.3ad" in line or line.endswith(" disable") for line in estate.switch_lines())
    assert not any(estate.lost().values())
