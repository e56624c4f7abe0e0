# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a host or a vCenter that lets nobody in, or is starting, is told as that, with what helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.api import Api

from .labs import STATIC


@pytest.fixture(params=["esx1", "vc1"])
def door(request):
    """Give a host or a vCenter; afterwards its services are as ever."""
    lab = request.getfixturevalue(request.param)
    yield lab
    lab.simulator.control("services", endpoint=lab.name)
    lab.control("clear_faults")


def test_services_that_are_starting_are_told_by_the_status_and_not_as_a_wrong_address(door):
    door.simulator.control("services", endpoint=door.name, starting=True)
    with pytest.raises(errors.UnreachableError, match=r"services are starting, or have no session left \(status 503\)"):
        Api(door.target)
    assert door.calls() == []


def test_services_that_restart_within_a_session_are_told_by_the_status_too(esx1):
    found = Api(esx1.target)
    esx1.simulator.control("services", endpoint="esx1", starting=True)
    try:
        with pytest.raises(errors.LostError, match="status 503"):
            found.read(None)
    finally:
        esx1.simulator.control("services", endpoint="esx1")


def test_a_host_that_restarts_its_services_after_a_change_is_waited_for(esx1):
    """The change is answered by 503 as it goes through; the next attempts find the services back."""
    esx1.control("fault", fault={"method": "UpdateVirtualSwitch", "when": "after", "what": "drop"})
    opened = []

    def opener():
        opened.append(len(opened))
        if len(opened) in (2, 4):
            esx1.simulator.control("services", endpoint="esx1", starting=len(opened) == 2)
        return Api(esx1.target)

    esx1.opener = lambda _transport: opener
    try:
        done = esx1.apply(**STATIC)
    finally:
        esx1.simulator.control("services", endpoint="esx1")
    assert done.error is None and "The host has the new state." in done.warnings[0]
    assert len(opened) == 4


def test_an_address_without_the_api_is_told_by_its_status(esx1, monkeypatch):
    monkeypatch.setattr(
        "ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.esxi_vss.device.connect._PATH", "/other"
    )
    with pytest.raises(errors.ConnectError, match=r"is no vSphere API \(status 404\)"):
        Api(esx1.target)


def test_lockdown_mode_is_told_by_the_privilege_and_the_object_with_the_ways_in(esx1):
    esx1.simulator.control("services", endpoint="esx1", lockdown=True)
    try:
        with pytest.raises(errors.DeniedError, match=r"lacks System\.View on vim.Folder:ha-folder-root") as caught:
            Api(esx1.target)
    finally:
        esx1.simulator.control("services", endpoint="esx1")
    assert "lockdown mode" in str(caught.value) and "esxi_teaming_hosts" in str(caught.value)
    assert "Host.Config.Network" not in str(caught.value)


@pytest.mark.parametrize("method", ["RetrieveServiceContent", "Login"])
@pytest.mark.parametrize(("privilege", "helped"), [("System.View", "exception users"), ("Sessions.Validate", "a role")])
def test_a_door_that_is_shut_names_the_faults_own_privilege(door, method, privilege, helped):
    rights = {"fault": "NoPermission", "privilege": privilege, "thing": "Folder:group-d1"}
    door.control("fault", fault={"method": method, "what": "fault", **rights})
    with pytest.raises(errors.DeniedError, match=f"lacks {privilege} on vim.Folder:group-d1") as caught:
        Api(door.target)
    assert helped in str(caught.value)


def test_who_may_not_change_is_told_which_privilege_and_at_which_object(esx1):
    esx1.api = lambda: Api(replace(esx1.target, user="reader"))
    told = esx1.apply(**STATIC).error.text()
    assert "lacks Host.Config.Network on vim.host.NetworkSystem:networkSystem" in told
    assert "lockdown" not in told


def test_a_fault_without_its_privilege_is_told_without_one(esx1):
    esx1.control("fault", fault={"method": "Login", "what": "fault", "fault": "NoPermission"})
    with pytest.raises(errors.DeniedError, match="lacks a privilege"):
        Api(esx1.target)
