# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of a switch says that it waits for, step by step."""

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.device import errors
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.request import Verification
from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds.junos_ex.run.transaction import apply

from .test_transaction import good, request


def said(**options) -> tuple[list[str], Verification]:
    told: list[str] = []
    return told, Verification(timeout=2, interval=0.2, progress=told.append, **options)


def test_a_change_says_that_it_commits_proves_and_confirms(nonels):
    good(nonels)
    told, verification = said(command=("true",))
    apply(nonels.open, request(verification=verification))
    steps = ["commits", "opens a fresh session", "verified", "waits for the command true", "confirms the commit"]
    assert [next(text for text in told if text.startswith(step)) for step in steps] == [
        text for text in told if text.startswith(tuple(steps))
    ]


def test_a_bundle_that_does_not_come_up_is_named_while_it_is_waited_for(nonels):
    nonels.far_end("ge-0/0/1", "ge-0/0/2", lacp="off")
    told, verification = said()
    with pytest.raises(errors.VerificationError):
        apply(nonels.open, request(verification=verification))
    assert any(text.startswith("waits for ae0: ge-0/0/1: the far end") for text in told), told


def test_whoever_is_told_is_no_part_of_what_is_asked():
    told, verification = said()
    assert verification == dataclasses.replace(verification, progress=print)
    assert told == []
