# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host or a vCenter answers, by SOAP or over SSH, is read or is an error of this package."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

etree = pytest.importorskip("lxml.etree", reason="lxml is not installed")
SoapAdapter = pytest.importorskip("pyVmomi.SoapAdapter", reason="pyVmomi is not installed")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyVmomi import vim, vmodl
from runner.slices import whole_or_slice

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import RefusalError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.config import printed, shape
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.connect import Login
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.shell import Shell
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.target import Target
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.request import Request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.run.verify import gather, verified
from unit.hostile import bounded, of_data, of_text, of_tree, steering
from vsphere import esxcli, esxcli_group, esxcli_net, factory, soap, views
from vsphere.host import Host

from .builders import declared

assert esxcli_group and esxcli_net  # they bring the commands
DRAWN = whole_or_slice(whole=400, piece=25, reason="more replies of hosts are drawn")
QUICK = settings(max_examples=DRAWN, deadline=None, suppress_health_check=list(HealthCheck))
OWN = (errors.HostError, RefusalError)
VERSION = "vim.version.version12"
WANTED = declared({"vSwitch0": {"uplinks": ["vmnic0", "vmnic1"], "mtu": 9000}}, {"VM Network": {"vlan": 20}})
TARGET = Target("192.0.2.1", 443, "root", "x", ssh_arguments=())


def delivered() -> Host:
    return factory.make("esx1", 1, 4)


def content() -> Any:
    return vim.ServiceInstanceContent(
        rootFolder=vim.Folder("f"),
        propertyCollector=vmodl.query.PropertyCollector("p"),
        viewManager=vim.view.ViewManager("v"),
        sessionManager=vim.SessionManager("s"),
        about=vim.AboutInfo(
            **dict.fromkeys(("name", "fullName", "vendor", "version", "build", "osType", "productLineId"), "x"),
            **{"apiType": "HostAgent", "apiVersion": "8.0"},
        ),
    )


def networking(host: Host) -> Any:
    info = views.info(host)
    kinds = {"vswitch": "VirtualSwitch", "portgroup": "PortGroup", "pnic": "PhysicalNic", "vnic": "VirtualNic"}
    parts = {
        f"config.network.{part}": getattr(vim.host, kind).Array(getattr(info, part)) for part, kind in kinds.items()
    }
    more = {"configManager.networkSystem": vim.host.NetworkSystem("n"), "runtime.connectionState": "connected"}
    props = [vmodl.DynamicProperty(name=name, val=val) for name, val in {"name": "esx1", **more, **parts}.items()]
    found = vmodl.query.PropertyCollector.ObjectContent(obj=vim.HostSystem("h"), propSet=props)
    return vmodl.query.PropertyCollector.RetrieveResult(objects=[found])


def answer(target: Any, method: str, result: Any) -> str:
    call = SimpleNamespace(method=method, info=soap.describe(target, method))
    return soap.answer(call, VERSION, result).decode()


FAULT = soap.fault(vim.fault.InvalidLogin(msg="Cannot complete login"), VERSION).decode()
TEXTS = {
    "RetrieveServiceContent": answer(vim.ServiceInstance("ServiceInstance"), "RetrieveServiceContent", content()),
    "CreateContainerView": answer(vim.view.ViewManager("v"), "CreateContainerView", vim.view.ContainerView("c")),
    "RetrievePropertiesEx": answer(vmodl.query.PropertyCollector("p"), "RetrievePropertiesEx", networking(delivered())),
    "Login": FAULT,
}


class Stub(SoapAdapter.SoapStubAdapter):
    """Answers each call by a text, as pyVmomi reads it; who logs in is welcome where no other answer is given."""

    def __init__(self, **replies: str) -> None:
        super().__init__(host="192.0.2.1", version=VERSION)
        self.replies = {**TEXTS, "Login": "", **replies}

    def InvokeMethod(self, _mo: Any, info: Any, _args: Any, _outer: Any = None) -> Any:  # noqa: N802 # pyVmomi's name
        text = self.replies.get(info.wsdlName, "")
        if not text:
            return None
        found = SoapAdapter.SoapResponseDeserializer(self).Deserialize(text.encode("utf-8", "replace"), info.result)
        if isinstance(found, Exception):
            raise found
        return found

    def DropConnections(self) -> None:  # noqa: N802 # pyVmomi's name
        pass


def by_api(**replies: str) -> Api:
    login = Login.__new__(Login)
    login.target, login.stub, login._dropped = TARGET, Stub(**replies), False
    login.content = login._log_in()
    made = Api.__new__(Api)
    made.target, made.login, made._systems, made._hosts, made._all = TARGET, login, {}, {}, None
    return made


REQUEST = Request({"": WANTED})


def seen_by(opener: Any) -> list[Any]:
    """Return all that a user may be shown of a host that is read, its errors too."""
    shown: list[Any] = []
    for look in (gather, verified):
        try:
            found = look(opener, REQUEST)
            shown.append(found)
            if look is gather:
                for made in found.plans.values():
                    shown += [shape.structured(made.before), shape.computed(made.before), shape.nics(made.before)]
        except OWN as error:
            shown.append(str(error))
    return shown


def bytes_of(tree: Any) -> str:
    return str(etree.tostring(tree, encoding="unicode"))


def parse(text: str) -> Any:
    return etree.fromstring(text.encode())


ANSWERS = st.sampled_from(sorted(TEXTS)).flatmap(
    lambda name: st.tuples(st.just(name), of_tree(parse, TEXTS[name]).map(bytes_of) | of_text(TEXTS[name]))
)


def test_the_host_as_it_is_delivered_is_read():
    gathered, failure = seen_by(by_api)[0], seen_by(by_api)[-1]
    assert gathered.plans[""].changed
    assert "vSwitch0" in failure
    assert seen_by(by_ssh)[0].plans[""].changed


@QUICK
@given(ANSWERS)
def test_any_answer_over_the_api_is_read_or_refused(reply):
    with bounded():
        assert steering(seen_by(lambda: by_api(**dict([reply])))) == []


def printed_by(host: Host, command: str, form: str) -> str:
    words = command.split(" --")
    given = [f"--{word}" for word in words[1:]]
    return esxcli.run(host, [*form.split(), *words[0].split(), *given])


def texts(form: str) -> dict[str, str]:
    host = delivered()
    outputs = {command: printed_by(host, command, form) for command in printed.LISTS}
    return outputs | {command: printed_by(host, command, form) for command in printed.details(outputs)}


PLAIN, DATA = texts(""), {name: json.loads(text) for name, text in texts("--formatter=json").items()}


def by_ssh(json_form: bool = False, **replies: str) -> Shell:
    made = Shell.__new__(Shell)
    known = {name: json.dumps(data) for name, data in DATA.items()} if json_form else PLAIN
    made.target, made._json = TARGET, json_form
    made.folder = "/nonexistent"
    made.run = lambda line, **_more: "".join(_said(each, {**known, **replies}) for each in line.split(" && "))
    made.drop = lambda: None
    return made


def _said(line: str, known: dict[str, str]) -> str:
    command = line.removeprefix("esxcli ").removeprefix("--formatter=json ").replace("'", "")
    return known.get(command, "")


LINES = st.sampled_from(sorted(PLAIN)).flatmap(lambda name: st.tuples(st.just(name), of_text(PLAIN[name])))
DOCUMENTS = st.sampled_from(sorted(DATA)).flatmap(
    lambda name: st.tuples(st.just(name), of_data(DATA[name]).map(json.dumps) | of_text(json.dumps(DATA[name])))
)


@QUICK
@given(LINES)
def test_any_text_of_esxcli_is_read_or_refused(reply):
    with bounded():
        assert steering(seen_by(lambda: by_ssh(**dict([reply])))) == []


@QUICK
@given(DOCUMENTS)
def test_any_json_of_esxcli_is_read_or_refused(reply):
    with bounded():
        assert steering(seen_by(lambda: by_ssh(json_form=True, **dict([reply])))) == []


LISTED = DATA[printed.LISTS[0]]
FAILOVER = printed.failover_of(group="VM Network")
FOUND: dict[str, tuple[str, Any]] = {
    "no_name": (printed.LISTS[0], [{**LISTED[0], "Name": "vSwitch0", "MTU": "\u00b2"}]),
    "no_mtu": (printed.LISTS[0], [{"Name": "vSwitch0"}]),
    "no_records": (printed.LISTS[0], ["vSwitch0"]),
    "infinite": (printed.LISTS[1], [{**DATA[printed.LISTS[1]][0], "VLANID": float("inf")}]),
    "no_teaming": (FAILOVER, {"LoadBalancing": "srcport"}),
}


@pytest.mark.parametrize(("command", "data"), FOUND.values(), ids=FOUND)
def test_an_output_of_esxcli_that_once_ended_in_a_traceback_is_refused(command, data):
    with pytest.raises(errors.RefusedError, match="esxcli"):
        by_ssh(True, **{command: json.dumps(data)}).read(None)


def test_json_that_is_nested_beyond_all_bounds_is_refused():
    with pytest.raises(errors.RefusedError, match="JSON that is none"):
        printed.records("[" * 100_000)


@pytest.mark.parametrize(
    ("gone", "error", "told"),
    [("spec", errors.LostError, "cannot be read"), ("propSet", errors.RefusedError, "does not tell its networking")],
)
def test_an_answer_of_the_api_that_lacks_a_part_is_the_hosts_error(gone, error, told):
    tree = parse(TEXTS["RetrievePropertiesEx"])
    for element in list(tree.iter(f"{{*}}{gone}")):
        element.getparent().remove(element)
    with pytest.raises(error, match=told):
        by_api(RetrievePropertiesEx=bytes_of(tree)).read(None)


def without(tree, *paths: str):
    """Return an answer without these properties, as one who may not read them gets it."""
    for element in list(tree.iter("{*}propSet")):
        if element.findtext("{*}name") in paths:
            element.getparent().remove(element)
    return bytes_of(tree)


def test_a_configuration_that_is_left_out_without_a_word_is_no_empty_host():
    parts = [f"config.network.{part}" for part in ("vswitch", "portgroup", "pnic", "vnic")]
    answer = without(parse(TEXTS["RetrievePropertiesEx"]), *parts)
    with pytest.raises(errors.RefusedError, match=r"(?s)does not tell its networking: .*privilege System\.Read"):
        by_api(RetrievePropertiesEx=answer).read(None)


def test_a_host_without_standard_switches_has_none():
    answer = without(parse(TEXTS["RetrievePropertiesEx"]), "config.network.vswitch", "config.network.portgroup")
    found = by_api(RetrievePropertiesEx=answer).read(None)[""]
    assert (found.switches, found.groups) == ({}, {})
    assert found.nics and found.vmks
