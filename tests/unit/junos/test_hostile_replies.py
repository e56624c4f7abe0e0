# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a switch answers is read or is an error of this package, in bounded time, and steers no terminal."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
pytest.importorskip("jnpr.junos", reason="PyEZ is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from runner.slices import whole_or_slice

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.config.port_view import wires
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import bounds
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.commits import (
    describe_pending,
    runs,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.errors import (
    LostError,
    SwitchError,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device.session import (
    Session,
    words_of,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import waiting
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.facts import (
    refuse_differences,
    refuse_findings,
    refuse_management,
    refuse_pending,
    survey,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.plan import (
    ExpectedBundle,
    refuse_foreign,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import Request
from unit.hostile import any_texts, bounded, of_tree, steering

from .builders import declared

DRAWN = whole_or_slice(whole=1500, piece=25, reason="more replies of switches are drawn")
QUICK = settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
OWN = (SwitchError, RefusalError)
SWITCHED = "<unit><name>0</name><family><ethernet-switching>{}</ethernet-switching></family></unit>"
TRUNK = SWITCHED.format(
    "<interface-mode>trunk</interface-mode><port-mode>trunk</port-mode><vlan><members>v10</members>"
    "<members>20-29</members></vlan><native-vlan-id>10</native-vlan-id>"
)
PORTS = f"""<interface><name>ge-0/0/1</name><ether-options><ieee-802.3ad><bundle>ae0</bundle></ieee-802.3ad>
</ether-options></interface><interface><name>ge-0/0/2</name><mtu>9216</mtu><disable/>{TRUNK}</interface>
<interface><name>ae0</name><mtu>9216</mtu><native-vlan-id>10</native-vlan-id><aggregated-ether-options>
<minimum-links>1</minimum-links><link-speed>1g</link-speed><lacp><active/><periodic>slow</periodic></lacp>
</aggregated-ether-options>{TRUNK}</interface><interface><name>vlan</name><unit><name>10</name><family><inet><address>
<name>192.0.2.1/24</name></address></inet></family></unit></interface>"""
REST = """<chassis>
<aggregated-devices><ethernet><device-count>2</device-count></ethernet></aggregated-devices></chassis>
<protocols><rstp><interface><name>ae0</name><edge/></interface></rstp></protocols>
<vlans><vlan><name>v10</name><vlan-id>10</vlan-id><l3-interface>vlan.10</l3-interface></vlan><vlan><name>many</name>
<vlan-range>20-29</vlan-range><interface><name>ge-0/0/5.0</name></interface></vlan></vlans>"""
RANGE = f"""<interface-range><name>desks</name><member><name>ge-0/0/[4-6]</name></member><member-range>
<name>ge-0/0/8</name><end-range>ge-0/0/11</end-range></member-range>{TRUNK}</interface-range>"""
GROUPS = """<groups><name>g</name><interfaces><interface><name>&lt;*&gt;</name><mtu>9014</mtu></interface></interfaces>
</groups>"""
PLAIN = f"<configuration><interfaces>{PORTS}</interfaces>{REST}</configuration>"
WRITTEN = f"<configuration>{GROUPS}<interfaces>{RANGE}{PORTS}</interfaces>{REST}</configuration>"
HISTORY = """<commit-information><commit-history><user>ops</user><client>netconf</client><date-time seconds='1000'>then
</date-time><comment>commit confirmed, rollback in 5mins</comment><log>netstack.datacenter run r1 x</log>
<commit-confirmed>rollback pending</commit-confirmed></commit-history><commit-history><user>ops</user>
<client>cli</client><date-time seconds="900">then</date-time><log>mine</log></commit-history></commit-information>"""
CLOCK = """<system-uptime-information><current-time><date-time seconds='1100'>now</date-time></current-time>
</system-uptime-information>"""
SOFTWARE = """<software-information><product-model>ex4300-48t</product-model><junos-version>15.1R7</junos-version>
<package-information><comment>JUNOS Base OS boot [12.3R12.4]</comment></package-information></software-information>"""
TERSE = """<interface-information><physical-interface><name>ge-0/0/1</name><admin-status>up</admin-status>
<oper-status>up</oper-status><logical-interface><name>ge-0/0/1.0</name><address-family>
<address-family-name>aenet</address-family-name><ae-bundle-name>ae0.0</ae-bundle-name></address-family>
</logical-interface></physical-interface><physical-interface><name>ae0</name><admin-status>up</admin-status>
<oper-status>down</oper-status></physical-interface></interface-information>"""
LACP = """<lacp-interface-information-list><lacp-interface-information><lag-lacp-header><aggregate-name>ae0
</aggregate-name></lag-lacp-header><lag-lacp-state><name>ge-0/0/1</name><lacp-role>Actor</lacp-role>
<lacp-defaulted>No</lacp-defaulted></lag-lacp-state><lag-lacp-state><name>ge-0/0/1</name><lacp-role>Partner</lacp-role>
<lacp-defaulted>Yes</lacp-defaulted></lag-lacp-state><lag-lacp-protocol><name>ge-0/0/1</name>
<lacp-mux-state>Waiting</lacp-mux-state></lag-lacp-protocol></lacp-interface-information></lacp-interface-information-list>"""
LLDP = """<lldp-neighbors-information><lldp-neighbor-information><lldp-local-port-id>ge-0/0/1</lldp-local-port-id>
<lldp-remote-system-name>esx1</lldp-remote-system-name><lldp-remote-port-description>vmnic0
</lldp-remote-port-description></lldp-neighbor-information></lldp-neighbors-information>"""
ROUTE = "<route-information><rt-entry><nh><to>192.0.2.9</to><via>vlan.10</via></nh></rt-entry></route-information>"
ARP = """<arp-table-information><arp-table-entry><mac-address>00:00:5e:00:53:aa</mac-address>
<ip-address>192.0.2.9</ip-address></arp-table-entry></arp-table-information>"""
MACS = """<ethernet-switching-table-information><mac-table-entry><mac-address>00:00:5e:00:53:AA</mac-address>
<mac-interfaces-list><mac-interfaces>ae0.0</mac-interfaces></mac-interfaces-list></mac-table-entry>
</ethernet-switching-table-information>"""
CHASSIS = """<virtual-chassis-information><member-list><member><member-status>Prsnt</member-status>
<member-id>0</member-id><fpc-slot>(FPC 0)</fpc-slot><member-model>ex4300-48t</member-model></member>
<member><member-status>NotPrsnt</member-status><fpc-slot>(FPC 1)</fpc-slot></member></member-list>
</virtual-chassis-information>"""
CARDS = "<fpc-information><fpc><slot>0</slot><state>Online</state></fpc></fpc-information>"
TEXTS = {
    "get_configuration": PLAIN,
    "inherited": PLAIN,
    "get_commit_information": HISTORY,
    "get_system_uptime_information": CLOCK,
    "get_software_information": SOFTWARE,
    "get_virtual_chassis_information": CHASSIS,
    "get_fpc_information": CARDS,
    "get_interface_information": TERSE,
    "get_lacp_interface_information": LACP,
    "get_lldp_neighbors_information": LLDP,
    "get_route_information": ROUTE,
    "get_arp_table_information": ARP,
    "get_ethernet_switching_table_information": MACS,
}


class Answering(Session):
    """A session with a switch of which nothing is there but its replies; where one is missing it says `ok`."""

    def __init__(self, **replies: Any) -> None:
        self.said = []
        self.replies = {**{name: etree.fromstring(text) for name, text in TEXTS.items()}, **replies}
        self._device = SimpleNamespace(facts={"switch_style": "VLAN_L2NG"})

    @property
    def addresses(self) -> tuple[str | None, str | None]:
        return "192.0.2.9", "192.0.2.1"

    def _rpc(self, name: str, *options: Any, **_arguments: Any) -> Any:
        inherits = any("inherit" in each for each in options)
        return self.replies["inherited" if inherits else name]


WANTED = declared(
    vlans={"v10": {"id": 10}, "v30": {"id": 30}},
    bundles={"ae1": {"members": ["ge-0/0/2", "ge-0/0/9"], "lacp": "active", "mode": "trunk", "tagged": ["v30"]}},
    ports={"ge-0/0/1": {"mode": "access", "untagged": "v10", "payload_mtu": 9000}},
)
STATES = st.sampled_from(["merged", "replaced", "overridden", "deleted"])


def surveyed(session: Session, state: str) -> list[Any]:
    """Return all that a user may be shown of a survey, its refusals too."""
    try:
        seen = survey(session, Request(WANTED, state=state))
        pending = [describe_pending(seen.pending, seen.left)] if seen.pending else []
        shown = [seen.plan.structures(), seen.plan.commands, seen.plan.summary(), seen.plan.xml, seen.plan.notes]
        shown += [seen.plan.warnings, *map(str, seen.plan.findings)]
        shown += [runs(seen.history), refuse_foreign(seen.plan, False), wires(seen.plan.before, ["ae0"], seen.style)]
        shown += [seen.plan.expected_of({"ae0", "ae1"})]
    except OWN as error:
        return [str(error)]
    return shown + pending + [_refusals(session, seen)]


def _refusals(session: Session, seen: Any) -> list[str]:
    said = []
    calls = [
        lambda: refuse_pending(seen),
        lambda: refuse_findings(seen, Request(WANTED)),
        lambda: refuse_management(session, seen, Request(WANTED)),
        lambda: refuse_differences(seen.plan.views, seen.plan),
    ]
    for call in calls:
        try:
            said.append(str(call()))
        except OWN as error:
            said.append(str(error))
    return said


@QUICK
@given(of_tree(etree.fromstring, PLAIN), STATES)
def test_any_configuration_is_planned_or_refused(reply, state):
    with bounded():
        assert steering(surveyed(Answering(get_configuration=reply), state)) == []


@QUICK
@given(of_tree(etree.fromstring, WRITTEN), of_tree(etree.fromstring, PLAIN), STATES)
def test_any_pair_of_written_and_inherited_is_planned_or_refused(written, inherited, state):
    with bounded():
        assert steering(surveyed(Answering(get_configuration=written, inherited=inherited), state)) == []


OTHERS = sorted(TEXTS.keys() - {"get_configuration", "inherited"})
REPLIES = st.sampled_from(OTHERS).flatmap(
    lambda name: st.tuples(st.just(name), st.sampled_from([True, None]) | of_tree(etree.fromstring, TEXTS[name]))
)
EXPECTED = [ExpectedBundle("ae0", ("ge-0/0/1", "ge-0/0/2"), lacp=True, minimum_links=2)]


@QUICK
@given(st.lists(REPLIES, min_size=1, max_size=3))
def test_any_other_reply_is_judged_or_refused(replies):
    session = Answering(**dict(replies))
    with bounded():
        shown = surveyed(session, "merged")
        try:
            shown += [waiting.look(session, EXPECTED), waiting._neighbours(session, EXPECTED), session.software()]
            shown += [waiting.linked(session, ["ge-0/0/1", "ae0"])]
        except OWN as error:
            shown.append(str(error))
        assert steering(shown) == []


@pytest.mark.parametrize("name", ["get_configuration", "inherited"])
@pytest.mark.parametrize("reply", [True, None, etree.fromstring("<x/>")])
def test_a_reply_without_a_configuration_is_the_switchs_error(name, reply):
    session = Answering(get_configuration=etree.fromstring(WRITTEN), **{})
    session.replies[name] = reply
    with pytest.raises(SwitchError, match="reading"):
        session.views()


MANY = "9" * 5000
FOUND = {
    "vlan_id": ("get_configuration", "<vlan-id>10<", "<vlan-id>\u00b2<"),
    "mtu": ("get_configuration", "<mtu>9216<", f"<mtu>{MANY}<"),
    "minimum_links": ("get_configuration", "<minimum-links>1<", "<minimum-links>\u00b2<"),
    "device_count": ("get_configuration", "<device-count>2<", f"<device-count>{MANY}<"),
    "members": ("get_configuration", "<members>20-29<", "<members>1-99999999999<"),
    "vlan_range": ("get_configuration", "<vlan-range>20-29<", "<vlan-range>20-99999999999<"),
    "port": ("get_configuration", "<name>ge-0/0/2<", f"<name>ge-{MANY}/0/2<"),
    "levels": ("get_configuration", "<edge/>", "<x>" * 150 + "</x>" * 150),
    "minutes": ("get_commit_information", "in 5mins", f"in {MANY}mins"),
    "seconds": ("get_commit_information", "seconds='1000'", "seconds='\u00b2'"),
    "clock": ("get_system_uptime_information", "'1100'", "'\u00b2'"),
    "mac": ("get_ethernet_switching_table_information", MACS, "<x>00:00:5e:00:53:aa</x>"),
}


@pytest.mark.parametrize(("name", "had", "has"), FOUND.values(), ids=FOUND)
def test_what_once_ended_a_task_with_a_traceback_or_never(name, had, has):
    assert had in TEXTS[name]
    reply = etree.fromstring(TEXTS[name].replace(had, has))
    with bounded():
        assert surveyed(Answering(**{name: reply}), "merged")


WIDE = {
    "pattern": ("ge-0/0/[4-6]", "ge-[0-9999]/[0-9999]/*"),
    "stars": ("ge-0/0/[4-6]", "*" * 40),
    "span": ("<end-range>ge-0/0/11<", "<end-range>ge-9999/9999/9999<"),
}


@pytest.mark.parametrize(("had", "has"), WIDE.values(), ids=WIDE)
def test_a_range_that_stands_for_more_ports_than_can_be_looked_at_is_refused(had, has):
    session = Answering(get_configuration=etree.fromstring(WRITTEN.replace(had, has)))
    with bounded(), pytest.raises(RefusalError, match="RANGE_TOO_WIDE"):
        survey(session, Request(WANTED))


fields = st.none() | any_texts
errs = st.dictionaries(st.sampled_from(["severity", "message", "source", "edit_path", "bad_element"]), fields)
errors = st.builds(
    SimpleNamespace, errs=st.none() | st.lists(errs, max_size=3), rpc_error=st.none() | errs, message=fields
)


@QUICK
@given(errors)
def test_any_words_of_an_error_are_shown(error):
    said = SwitchError("It failed.", "Mend it.", tuple(words_of(error)))
    assert steering(str(said)) == []


LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><rpc-reply><x>&b;</x></rpc-reply>'


def test_a_reply_that_is_too_long_ends_the_session_and_is_told(lab, monkeypatch):
    session = lab.open()
    try:
        assert session.views().written.statements
        monkeypatch.setattr(bounds, "LONGEST", 200)
        with pytest.raises(LostError, match=r"reading the configuration, for a reply is longer than 200 octets"):
            session.views()
    finally:
        session.close()


def test_short_replies_are_not_added_up(lab, monkeypatch):
    session = lab.open()
    try:
        longest = max(len(etree.tostring(session.read("get_system_uptime_information"))), 500) * 4
        monkeypatch.setattr(bounds, "LONGEST", longest)
        for _each in range(8):
            assert session.clock()
    finally:
        session.close()


@pytest.mark.parametrize("before", ["", "<?xml version='1.0'?>", "<!-- <rpc-reply> -->"])
def test_a_document_type_ends_the_session(lab, before):
    session = lab.open()
    try:
        with pytest.raises(Exception, match="a document type, which NETCONF forbids"):
            session._device._conn._session._dispatch_message(before + LAUGHS)
    finally:
        session.close()
