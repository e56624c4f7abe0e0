# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a refusal of rights is told as one at each request where it can come, and each warning once."""

from __future__ import annotations

import dataclasses

import pytest
from unit.junos.builders import declared

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run import recovery
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import (
    Request,
    Verification,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

MEMBERS = ["ge-0/0/1", "ge-0/0/2"]
WANTED = declared({"server": {"id": 10}}, {"ae0": {"members": MEMBERS, "lacp": "active", "untagged": "server"}})
REQUEST = Request(WANTED, style="els", verification=Verification(timeout=2, interval=0.2))
ADVICE = "Give the user's login class the permissions"
AT = {
    "reading the commit history": {"rpc": "get-commit-information"},
    "reading the configuration": {"rpc": "get-configuration", "match": "committed"},
    "locking": {"rpc": "lock-configuration"},
    "loading": {"rpc": "load-configuration"},
    "comparing": {"rpc": "get-configuration", "match": "compare"},
    "commit check": {"rpc": "commit-configuration", "match": "check"},
    "reading the rescue configuration": {"rpc": "get-rescue-information"},
    "saving the rescue configuration": {"rpc": "request-save-rescue-configuration"},
    "commit": {"rpc": "commit-configuration", "match": "confirmed"},
    "get interface information": {"rpc": "get-interface-information"},
    "get lacp interface information": {"rpc": "get-lacp-interface-information"},
}
"""What a limited user may be refused, and by which request."""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    monkeypatch.setattr(recovery, "PAUSE", 0.05)


def denied(lab, fault: dict[str, str], request: Request = REQUEST) -> errors.DeniedError:
    lab.far_end(*MEMBERS, lacp="active")
    lab.control("fault", fault={**fault, "what": "deny"})
    with pytest.raises(errors.DeniedError) as caught:
        apply(lab.open, dataclasses.replace(request, style=lab.style))
    return caught.value


@pytest.mark.parametrize("doing", AT)
def test_a_refusal_of_rights_is_told_with_its_advice_at_each_request(lab, doing):
    before = lab.lines()
    text = str(denied(lab, AT[doing]))
    assert f"The switch does not permit this ({doing})" in text
    assert "permission denied" in text.partition("the switch says: ")[2]
    assert ADVICE in text
    assert ("set rescue to never" in text) == ("rescue" in doing)
    assert lab.lines() == before
    lab.wait_until_left()
    status = lab.control("status")
    assert (status["locked_by"], status["dirty"], status["pending"]) == (None, False, None)


def test_whoever_may_not_save_a_rescue_configuration_can_do_without(lab):
    fault = {"rpc": "request-save-rescue-configuration"}
    denied(lab, fault)
    lab.control("fault", fault={**fault, "what": "deny"})
    assert apply(lab.open, dataclasses.replace(REQUEST, style=lab.style, rescue="never")).changed


def test_a_warning_that_the_switch_repeats_is_told_once(lab):
    lab.far_end(*MEMBERS, lacp="active")
    text = "requires 'bgp' license"
    lab.control("fault", fault={"rpc": "commit-configuration", "what": "warning", "message": text, "count": 0})
    outcome = apply(lab.open, dataclasses.replace(REQUEST, style=lab.style))
    assert lab.asked().count("commit-configuration") == 3
    assert [warning for warning in outcome.warnings if text in warning] == [f"the switch says: {text}"]
