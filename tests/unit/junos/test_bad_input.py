# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that each cause of bad input has its own message, that all come at once, and before any connection."""

from __future__ import annotations

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.declared import options

from .builders import GOLDEN

PORTS = [f"ge-0/0/{number}" for number in range(20)]
DEFAULTS = {
    **{"state": "merged", "plan_for": "merged", "style": "auto", "model": None, "release": None, "stp": "auto"},
    **{"device_count": None, "limits": None, "consent": [], "management_ports": [], "management_vlan": None},
    **{"confirm_minutes": 5, "hold": False, "run_id": "", "ticket": "", "synchronize": "auto", "rescue": "missing"},
    "verify": {},
}


def bundle(**changed):
    return {"bundles": {"ae0": {"members": ["ge-0/0/1", "ge-0/0/2"], "lacp": "active", **changed}}}


CASES: dict[str, dict[str, object]] = {
    "an unknown key, with what was meant": bundle(perodic="slow"),
    "an unknown key that resembles nothing": {"vlans": {"server": {"id": 10, "zzz": 1}}},
    "bundles that are no mapping": {"bundles": [{"name": "ae0"}]},
    "a bundle that is no mapping": {"bundles": {"ae0": "ge-0/0/1"}},
    "no LACP mode": {"bundles": {"ae0": {"members": ["ge-0/0/1"]}}},
    "LACP off without quotes": bundle(lacp=False),
    "an unknown LACP mode": bundle(lacp="on"),
    "an unknown timer": bundle(periodic="medium"),
    "a timer on a static bundle": bundle(lacp="none", periodic="slow"),
    "no such aggregated interface": {"bundles": {"ae01": {"members": ["ge-0/0/1"], "lacp": "none"}}},
    "an aggregated interface beyond any common model": {
        "bundles": {"ae128": {"members": ["ge-0/0/1"], "lacp": "none"}}
    },
    "an aggregated interface beyond a model that has more": {
        "bundles": {"ae255": {"members": ["ge-0/0/1"], "lacp": "none"}},
        "model": "ex8208",
    },
    "no members": bundle(members=[]),
    "a member that is no port": bundle(members=["ae1"]),
    "a port in two bundles": {
        "bundles": {name: {"members": ["ge-0/0/1"], "lacp": "none"} for name in ("ae0", "ae1")},
    },
    "a port in a bundle and by itself": {**bundle(), "ports": {"ge-0/0/1": {}}},
    "too many members of a known model": {**bundle(members=PORTS[:9]), "model": "EX4200-48T"},
    "too many members of any model": bundle(members=PORTS[:17]),
    "too many bundles": {
        "bundles": {
            f"ae{number}": {"members": [f"ge-{number // 48}/0/{number % 48}"], "lacp": "none"} for number in range(33)
        },
        "model": "ex2200-24t",
    },
    "minimum links above the members": bundle(minimum_links=3),
    "minimum links and mixed speed": bundle(minimum_links=1, link_speed="mixed"),
    "minimum links of zero": bundle(minimum_links=0),
    "an unknown speed": bundle(link_speed="3g"),
    "a payload that no frame carries": bundle(payload_mtu=9216),
    "a payload that no frame of a trunk carries": bundle(payload_mtu=9199, tagged=["a1"]),
    "a payload that is no number": bundle(payload_mtu="jumbo"),
    "a description of two lines": bundle(description="one\ntwo"),
    "a description that is a number": bundle(description=12),
    "an unknown peer": bundle(peer="esx"),
    "a description of a port that is no member": bundle(member_descriptions={"ge-0/0/9": "x"}),
    "a disabled member that is none": bundle(disabled_members=["ge-0/0/9"]),
    "minimum links above the members that are not disabled": bundle(minimum_links=2, disabled_members=["ge-0/0/2"]),
    "a truth that is a text": {"ports": {"ge-0/0/1": {"disabled": "no"}}},
    "an access port with tagged VLANs": bundle(mode="access", untagged="a1", tagged=["b1"]),
    "an access port without a VLAN": bundle(mode="access"),
    "a trunk without any VLAN": bundle(mode="trunk", tagged=[]),
    "a VLAN tagged and untagged": bundle(untagged="a1", tagged=["a1"]),
    "a VLAN id out of range": {"vlans": {"server": {"id": 4095}}},
    "a VLAN name that is a number": {"vlans": {"10": {"id": 10}}},
    "a VLAN name that is a range of ids": {"vlans": {"10-12": {"id": 10}}},
    "a VLAN name that is every VLAN": {"vlans": {"all": {"id": 10}}},
    "an untagged range": bundle(untagged="10-12"),
    "every VLAN untagged": bundle(untagged="all"),
    "a range of ids that goes backwards": bundle(tagged=["20-10"]),
    "two VLANs of one id": {"vlans": {"server": {"id": 10}, "guest": {"id": 10}}},
    "an untagged id out of range": bundle(untagged=0),
    "a port with a unit": {"ports": {"ge-0/0/1.0": {}}},
    "overridden with nothing": {"state": "overridden"},
    "deleted with nothing": {"state": "deleted"},
    "rendered without a style": {"state": "rendered"},
    "a timer of no minutes": {"confirm_minutes": 0},
    "a timer shorter than the verification": {"confirm_minutes": 1, "verify": {"timeout": 60}},
    "a management port that is none": {"management_ports": ["vlan.10"]},
    "a hold that changes nothing": {"state": "gathered", "hold": True},
    "a rollback of no run": {"state": "restored"},
}


def refusal(**given) -> str:
    with pytest.raises(RefusalError) as caught:
        options.request_of({**DEFAULTS, **given}, check_mode=False)
    return str(caught.value)


def test_each_cause_has_its_message(golden):
    text = "".join(f"# {cause}\n{refusal(**given)}\n\n" for cause, given in CASES.items())
    golden(GOLDEN / "bad_input.txt", text)


def test_all_findings_come_at_once():
    text = refusal(vlans={"server": {"id": 0}}, bundles={"ae0": {"lacp": "on", "mtu": 9000}})
    assert text.startswith("Refused: 4 findings. No connection was opened.")


def test_a_limit_can_be_raised_by_whoever_knows_the_switch():
    given = {**DEFAULTS, **bundle(members=PORTS[:9]), "model": "ex4200", "limits": {"members": 16, "lags": None}}
    assert len(options.request_of(given, False).declared.bundles[0].members) == 9


def test_digits_as_text_are_numbers_because_jinja_makes_texts():
    request = options.request_of({**DEFAULTS, **bundle(payload_mtu="9000")}, False)
    assert request.declared.bundles[0].payload_mtu == 9000
