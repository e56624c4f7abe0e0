# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports of members that a virtual chassis does not have are refused, and a bundle on one member is told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import Session
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import survey
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.plan import Plan
from kinds.junos_ex.client import Simulator

from .test_missing import request

MODELS = {"nonels": "ex4200-48t", "els": "ex4300-48t"}
VC, FPC = "get-virtual-chassis-information", "get-fpc-information"


class Chassis:
    """A virtual chassis of three members, or a switch alone."""

    def __init__(self, simulator: Simulator, name: str, known: str) -> None:
        self.simulator, self.name, self.known = simulator, name, known

    def control(self, op: str, **arguments):
        return self.simulator.control(op, switch=self.name, **arguments)

    def planned(self, *members: str, **asked) -> Plan:
        port = self.simulator.port(self.name)
        session = Session(Target("127.0.0.1", port, "lab", "lab123", ssh_config="/dev/null", known_hosts=(self.known,)))
        try:
            return survey(session, request(*members, **asked)).plan
        finally:
            session.close()

    def asked(self) -> list[str]:
        return [entry["rpc"] for entry in self.control("log")]


@pytest.fixture(scope="module")
def simulator(tmp_path_factory) -> Iterator[tuple[Simulator, str]]:
    switches = {f"{style}-vc": f"{model}:3" for style, model in MODELS.items()}
    switches |= {f"{style}-one": model for style, model in MODELS.items()}
    with Simulator(switches) as found:
        known = tmp_path_factory.mktemp("keys") / "known_hosts"
        keys = [f"[127.0.0.1]:{found.port(name)} {found.host_key(name)}\n" for name in switches]
        known.write_text("".join(keys))
        yield found, str(known)


@pytest.fixture(params=MODELS)
def vc(simulator, request) -> Chassis:
    return _fresh(simulator, f"{request.param}-vc")


@pytest.fixture(params=MODELS)
def alone(simulator, request) -> Chassis:
    return _fresh(simulator, f"{request.param}-one")


def _fresh(simulator: tuple[Simulator, str], name: str) -> Chassis:
    found = Chassis(simulator[0], name, simulator[1])
    found.control("reset")
    found.control("clear_faults")
    found.control("clear_log")
    return found


def test_a_bundle_with_a_port_of_a_member_that_is_not_listed_is_refused_and_a_plain_port_waits_for_it(vc):
    plan = vc.planned("ge-0/0/1", "ge-5/0/22", plain="ge-7/0/1")
    (finding,) = plan.findings
    told = "bundles.ae0: the switch has no ge-5/0/22: it has no member (FPC) 5; present are 0, 1, 2 [NO_SUCH_PORT]"
    assert told in str(finding)
    assert any("no ge-7/0/1 now (it has no member (FPC) 7; present are 0, 1, 2)" in note for note in plan.notes)


def test_a_member_that_is_away_is_named_and_a_plain_port_of_it_waits(vc):
    vc.control("member", number=2, present=False)
    plan = vc.planned("ge-0/0/1", "ge-2/0/1", plain="ge-2/0/2")
    (finding,) = plan.findings
    assert "the switch has no ge-2/0/1: its member (FPC) 2 is NotPrsnt; present are 0, 1 " in str(finding)
    assert any("no ge-2/0/2 now (its member (FPC) 2 is NotPrsnt; present are 0, 1)" in note for note in plan.notes)
    vc.control("member", number=2, present=True)
    assert vc.planned("ge-0/0/1", "ge-2/0/1", plain="ge-2/0/2").findings == []


def test_a_plain_port_that_the_members_model_cannot_have_is_refused(alone):
    (finding,) = alone.planned(plain="ge-0/0/99").findings
    assert "ports.ge-0/0/99" in str(finding) and "port 99, and the highest of PIC 0 is 47" in str(finding)


def test_a_bundle_on_one_member_is_told_where_only_the_switch_knows_of_others(vc, alone):
    (told,) = vc.planned("ge-0/0/1", "ge-0/0/2").warnings
    assert told.startswith("ae0: all ports are on one member of the virtual chassis, which has 0, 1, 2")
    assert vc.planned("ge-0/0/1", "ge-1/0/1").warnings == []
    assert alone.planned("ge-0/0/1", "ge-0/0/2").warnings == []
    for number in (1, 2):
        vc.control("member", number=number, present=False)
    assert vc.planned("ge-0/0/1", "ge-0/0/2").warnings == []
    # The list of its ports, which is read anyway, tells the members.
    assert not {VC, FPC} & set(vc.asked())


def test_what_the_declaration_shows_is_told_by_its_own_rule_and_not_again(vc):
    assert vc.planned("ge-0/0/1", "ge-0/0/2", plain="ge-1/0/9").warnings == []
    assert not {VC, FPC} & set(vc.asked())


def test_line_cards_stand_for_members_and_a_switch_that_tells_neither_is_judged_by_its_ports_alone(vc):
    vc.control("fault", fault={"rpc": VC, "what": "error", "message": "syntax error", "count": 0})
    (finding,) = vc.planned("ge-0/0/1", "ge-5/0/22").findings
    assert "it has no member (FPC) 5; present are 0, 1, 2 " in str(finding)
    vc.control("fault", fault={"rpc": FPC, "what": "error", "message": "syntax error", "count": 0})
    plan = vc.planned("ge-0/0/1", "ge-5/0/22", plain="ge-7/0/1")
    (finding,) = plan.findings
    assert "the switch has no ge-5/0/22 [NO_SUCH_PORT]" in str(finding)
    assert any("ge-7/0/1" in note for note in plan.notes)
