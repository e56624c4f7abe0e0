# SPDX-License-Identifier: GPL-3.0-or-later
"""A link whose switch does not answer: its conversion is not foretold, nothing is changed, and both ends are named."""

from __future__ import annotations

import socket

import pytest
import yaml

from . import test_site
from .conftest import delivered
from .labs import Pair


@pytest.fixture
def pair(joined, tmp_path) -> Pair:
    return delivered(*joined, "els", tmp_path)


def test_the_conversion_is_not_foretold_and_both_ends_are_named(pair, monkeypatch):
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    known = test_site.connections(pair)
    known["all"]["hosts"][pair.style]["ansible_port"] = port
    monkeypatch.setattr(test_site, "connections", lambda _pair: yaml.safe_load(yaml.safe_dump(known)))
    done = test_site.play(pair, "site", "static")
    assert done.returncode != 0
    assert f"fatal: [{pair.style}]: UNREACHABLE!" in done.stdout
    assert "2 of 2 devices could not be planned, and nothing was changed." in done.stdout
    assert "Nothing else of this run is to be changed." in done.stdout
    assert done.stdout.count(f"port {port}") >= 2


@pytest.mark.parametrize("end", ["switch", "host"])
def test_an_end_that_refuses_the_login_is_told_as_such_and_no_run_goes_on_without_it(pair, monkeypatch, end):
    refusing = pair.style if end == "switch" else pair.host
    known = test_site.connections(pair)
    known["all"]["hosts"][refusing]["ansible_password"] = "wrong"
    monkeypatch.setattr(test_site, "connections", lambda _pair: yaml.safe_load(yaml.safe_dump(known)))
    before = pair.both()
    done = test_site.play(pair, "site", "static")
    assert done.returncode != 0
    assert f"fatal: [{refusing}]: FAILED!" in done.stdout
    assert "UNREACHABLE" not in done.stdout
    assert "answers, and refuses the login" in done.stdout
    assert "goes on; it changes" not in done.stdout
    assert pair.both() == before
