# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives a simulated host with curl and envelopes written by hand: no pyVmomi at the client's end."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from .builders import Esxi

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
ENVELOPE = """<?xml version="1.0"?>
<S:Envelope xmlns:S="http://schemas.xmlsoap.org/soap/envelope/" xmlns:v="urn:vim25"
 xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><S:Body>%s</S:Body></S:Envelope>"""
LOGIN = """<v:Login><v:_this type="SessionManager">ha-sessionmgr</v:_this>
<v:userName>%s</v:userName><v:password>%s</v:password></v:Login>"""
READ = """<RetrieveProperties xmlns="urn:vim25"><_this type="PropertyCollector">ha-property-collector</_this>
<specSet><propSet><type>HostNetworkSystem</type><pathSet>networkInfo.portgroup</pathSet></propSet>
<objectSet><obj type="HostNetworkSystem">networkSystem</obj></objectSet></specSet></RetrieveProperties>"""
UPDATE = """<UpdatePortGroup xmlns="urn:vim25"><_this type="HostNetworkSystem">networkSystem</_this>
<pgName>VM Network</pgName><portgrp><name>VM Network</name><vlanId>%s</vlanId><vswitchName>vSwitch0</vswitchName>
<policy><nicTeaming><policy>loadbalance_ip</policy></nicTeaming></policy></portgrp></UpdatePortGroup>"""

ADD = """<AddVirtualSwitch xmlns="urn:vim25"><_this type="HostNetworkSystem">networkSystem</_this>
<vswitchName>vSwitchTest</vswitchName><spec><numPorts>128</numPorts>
<bridge i:type="HostVirtualSwitchBondBridge"><nicDevice>vmnic2</nicDevice><nicDevice>vmnic3</nicDevice></bridge>
<policy>%s</policy><mtu>1500</mtu></spec></AddVirtualSwitch>"""
ORDER = "<nicOrder><activeNic>vmnic2</activeNic><standbyNic>vmnic3</standbyNic></nicOrder>"
SECURITY = """<security><allowPromiscuous>true</allowPromiscuous><macChanges>true</macChanges>
<forgedTransmits>true</forgedTransmits></security>"""
WHOLE = f"""{SECURITY}<nicTeaming><policy>loadbalance_srcid</policy><reversePolicy>true</reversePolicy>
<notifySwitches>true</notifySwitches><rollingOrder>true</rollingOrder><failureCriteria><checkSpeed>minimum</checkSpeed>
<speed>10</speed><checkDuplex>false</checkDuplex><fullDuplex>false</fullDuplex>
<checkErrorPercent>false</checkErrorPercent><checkBeacon>false</checkBeacon></failureCriteria>{ORDER}</nicTeaming>
<shapingPolicy><enabled>false</enabled></shapingPolicy>"""


class Curl:
    """curl with a jar for cookies."""

    def __init__(self, esxi: Esxi, folder: Path) -> None:
        self.url = f"https://127.0.0.1:{esxi.port}/sdk"
        self.options = ["--cacert", esxi.simulator.ca_file, "-b", str(folder / "jar"), "-c", str(folder / "jar")]

    def post(self, body: str, action: str = "urn:vim25/8.0.2.0") -> tuple[int, ElementTree.Element]:
        command = ["curl", "-s", *self.options, "-H", f'SOAPAction: "{action}"', "-w", "\n%{http_code}"]
        ran = subprocess.run(
            [*command, "--data-binary", "@-", self.url],
            input=ENVELOPE % body if body.startswith("<") else body,
            capture_output=True,
            text=True,
            check=True,
        )
        text, _, code = ran.stdout.rpartition("\n")
        return int(code), ElementTree.fromstring(text)


@pytest.fixture
def curl(esxi: Esxi, tmp_path: Path) -> Curl:
    return Curl(esxi, tmp_path)


def bare(root: ElementTree.Element) -> list[str]:
    """Give all tags without their namespaces."""
    return [element.tag.rpartition("}")[2] for element in root.iter()]


def texts(root: ElementTree.Element, name: str) -> list[str | None]:
    return [element.text for element in root.iter() if element.tag.rpartition("}")[2] == name]


def test_the_service_content_is_given_without_a_login(curl: Curl) -> None:
    this = '<v:_this type="ServiceInstance">ServiceInstance</v:_this>'
    body = f"<v:RetrieveServiceContent>{this}</v:RetrieveServiceContent>"
    code, answer = curl.post(body, action="urn:vim25")
    assert code == 200 and texts(answer, "apiType") == ["HostAgent"]
    assert texts(answer, "propertyCollector") == ["ha-property-collector"]


def test_a_wrong_password_is_a_soap_fault_with_its_type(curl: Curl) -> None:
    code, answer = curl.post(LOGIN % ("root", "wrong"))
    assert code == 500 and "InvalidLoginFault" in bare(answer)
    assert texts(answer, "faultcode") == ["ServerFaultCode"]
    assert "incorrect user name or password" in str(texts(answer, "faultstring")[0])


def test_a_session_lives_in_its_cookie(curl: Curl, esxi: Esxi) -> None:
    assert curl.post(READ)[0] == 500
    assert curl.post(LOGIN % ("root", "lab123"))[0] == 200
    code, answer = curl.post(READ)
    assert code == 200 and texts(answer, "vlanId") == ["0", "0"]
    assert esxi.calls() == {"RetrieveProperties": 2, "Login": 1}


def test_a_change_by_hand_replaces_the_specification(curl: Curl, esxi: Esxi) -> None:
    curl.post(LOGIN % ("root", "lab123"))
    code, answer = curl.post(UPDATE % 20)
    assert code == 200 and bare(answer)[-1] == "UpdatePortGroupResponse"
    group = esxi.state()["groups"]["VM Network"]
    assert (group["vlan"], group["policy"]["nicTeaming"]["policy"]) == (20, "loadbalance_ip")


def test_a_wrong_argument_names_its_property(curl: Curl) -> None:
    curl.post(LOGIN % ("root", "lab123"))
    code, answer = curl.post(UPDATE % 5000)
    assert code == 500 and texts(answer, "invalidProperty") == ["portgrp.vlanId"]
    assert "InvalidArgumentFault" in bare(answer)


@pytest.mark.parametrize(
    "policy",
    [f"<nicTeaming><rollingOrder>true</rollingOrder>{ORDER}</nicTeaming>", SECURITY],
    ids=["817", "403"],
)
def test_a_new_switch_with_a_part_of_a_policy_is_refused_as_reports_say(curl: Curl, esxi: Esxi, policy: str) -> None:
    """govmomi 817 sent the teaming, pyvmomi 300 and pyvmomi-community-samples 403 the security."""
    curl.post(LOGIN % ("root", "lab123"))
    code, answer = curl.post(ADD % policy)
    assert code == 500 and "InvalidArgumentFault" in bare(answer) and texts(answer, "invalidProperty") == []
    assert "vSwitchTest" not in esxi.state()["switches"]


def test_a_new_switch_with_the_whole_policy_that_terraform_sends_is_made(curl: Curl, esxi: Esxi) -> None:
    curl.post(LOGIN % ("root", "lab123"))
    assert curl.post(ADD % WHOLE)[0] == 200
    teaming = esxi.state()["switches"]["vSwitchTest"]["policy"]["nicTeaming"]
    assert (teaming["rollingOrder"], teaming["nicOrder"]["standbyNic"]) == (True, ["vmnic3"])


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("no xml at all", "InvalidRequestFault"),
        (UPDATE.replace("UpdatePortGroup", "Dance") % 1, "MethodNotFoundFault"),
        (UPDATE.replace("<pgName>VM Network</pgName>", "") % 1, "InvalidRequestFault"),
        (UPDATE.replace("vlanId", "colour") % 1, "InvalidRequestFault"),
        (UPDATE.replace(">networkSystem<", ">nothing<") % 1, "ManagedObjectNotFoundFault"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(curl: Curl, body: str, fault: str) -> None:
    curl.post(LOGIN % ("root", "lab123"))
    code, answer = curl.post(body)
    assert code == 500 and fault in bare(answer)


def test_the_versions_that_are_spoken_are_listed_and_other_paths_are_not_there(curl: Curl) -> None:
    base = ["curl", "-s", *curl.options]
    listed = subprocess.run([*base, f"{curl.url}/vimServiceVersions.xml"], capture_output=True, text=True, check=True)
    assert re.findall("<version>(.*?)</version>", listed.stdout)[0] == "8.0.2.0"
    code = [*base, "-o", "/dev/null", "-w", "%{http_code}", f"{curl.url}/../ui"]
    assert subprocess.run(code, capture_output=True, text=True, check=True).stdout == "404"
