# SPDX-License-Identifier: GPL-3.0-or-later
"""Starts the simulators and the fabric once, and gives every test both ends as delivered."""

from __future__ import annotations

import pytest
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

from .labs import CABLES, DELIVERED, HOST_OF, PLAIN_PORT, PORTS, STYLES, VLANS, Pair


@pytest.fixture(scope="session")
def joined():
    for package in ("asyncssh", "lxml", "jnpr.junos", "pyVmomi"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    from fabric_client import Fabric
    from kinds.esxi_vss.client import Simulator as Hosts
    from kinds.junos_ex.client import Simulator as Switches

    with Switches(STYLES) as switches, Hosts({"esx1": 2, "esx2": 2}) as hosts:
        # The hosts come first as delivered, for the fabric looks at them when it begins.
        for host in HOST_OF.values():
            hosts.control("reset", host=host, state=DELIVERED)
        with Fabric(switches.about["control"], hosts.about["control"], CABLES, management_vlan=10) as fabric:
            yield switches, hosts, fabric


EITHER_STYLE = pytest.mark.parametrize(
    "pair",
    ["els", pytest.param("nonels", marks=pytest.mark.all_only("with the other style of switch, which others convert"))],
    indirect=True,
)
"""For a test that one style of switch proves well enough."""


@pytest.fixture(params=list(STYLES))
def pair(request, joined, tmp_path) -> Pair:
    return delivered(*joined, request.param, tmp_path)


@pytest.fixture
def nonels(joined, tmp_path) -> Pair:
    return delivered(*joined, "nonels", tmp_path)


def delivered(switches, hosts, fabric, style, folder) -> Pair:
    """Put both ends back: plain access ports, a host as delivered; nothing is lost then."""
    found = Pair(switches, hosts, fabric, style, folder)
    switches.control("clear_faults", switch=style)
    switches.control("reset", switch=style)
    hosts.control("clear_faults", host=found.host)
    hosts.control("reset", host=found.host, state=DELIVERED)
    fabric.deliveries()  # puts the cables back into the switch
    found.inventory("static")
    target = Target(
        "127.0.0.1",
        switches.port(style),
        "lab",
        "lab123",
        ssh_config="/dev/null",
        known_hosts=(str(folder / "known_hosts"),),
        look_for_keys=False,
    )
    plain = declared(VLANS, None, dict.fromkeys(PORTS, PLAIN_PORT))
    apply(lambda: Session(target), Request(plain, verification=Verification(timeout=5, interval=0.2)))
    assert found.lost_flows() == 0
    return found
