# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a diff of Pound's configuration shows what is known to hold no secret."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.pound.mask import masked
from ansible_collections.netstack.datacenter.plugins.module_utils.service.masking import HIDDEN

CASES = sorted((Path(__file__).parent / "cases").glob("*.cfg"))


@pytest.mark.parametrize(
    "line",
    [
        'AddHeader "Authorization: Basic CANARY"',
        'SetHeader "X-Token: CANARY"',
        'HeadRequire "Cookie: sid=CANARY"',
        'Redirect 302 "https://u:CANARY@example.org/"',
        'Redirect "https://example.org/?token=CANARY"',
        'Path -beg "/hook/CANARY0123456789abcdef"',
        'QueryParam "key" -exact "CANARY"',
        "NoSuchWord CANARY",
        "# Cert CANARY",
    ],
)
def test_what_is_not_known_to_be_no_secret_is_hidden(line):
    shown = masked(f"    {line}\n")
    assert "CANARY" not in shown
    assert HIDDEN in shown


@pytest.mark.parametrize(
    "line", ['AddHeader "X-Forwarded-Proto: https"', 'Redirect "https://example.org"', "TimeOut 7", "End"]
)
def test_what_is_known_is_shown_as_it_is(line):
    assert masked(f"    {line}\n") == f"    {line}\n"


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.name)
def test_all_that_the_role_renders_is_shown(file):
    hidden = [
        line
        for line, shown in zip(file.read_text().splitlines(), masked(file.read_text()).splitlines(), strict=True)
        if line != shown
    ]
    assert [line for line in hidden if "raw" not in line] == []
