# SPDX-License-Identifier: GPL-3.0-or-later
"""A diff of keepalived's configuration tells all but its passwords, on both of its sides."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.render import Paths, render
from ansible_collections.netstack.datacenter.plugins.module_utils.vip.shown import diff
from ansible_collections.netstack.datacenter.plugins.modules import vip

from .vip_builders import instance, site

CONFIG = Paths().config
GOLDEN = sorted((Path(__file__).parents[1] / "stack" / "golden").glob("*/*.keepalived.conf"))
GOLDEN += sorted((Path(__file__).parent / "golden").glob("*.conf"))
FOREIGN = "vrrp_instance x {\n  authentication { auth_pass canary }\n  notify 'mail -p canary'\n}\n"


def text(password=None, **more):
    secret = {"authentication_secret": "vrrp"} if password else {}
    declared = {"web4": instance(**secret, **more)}
    return render(site(declared, secrets={"vrrp": password} if password else {}), (2, 3, 3), Paths())


def change(before, after):
    """A change whose files nobody marked as secret, as an older backup may have them."""
    current = None if before is None else File(CONFIG, before.encode(), 0o600)
    return Change(File(CONFIG, None if after is None else after.encode(), 0o600), current)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (text("canary1"), text()),
        (text(), text("canary2")),
        (text("canary1"), text("canary2")),
        (text("canary1"), None),
        (None, text("canary1")),
        (FOREIGN, text()),
        (FOREIGN, text("canary2")),
        (text("canary1"), FOREIGN),
    ],
)
def test_no_password_is_shown_on_either_side(before, after):
    assert "canary" not in str(diff([change(before, after)], CONFIG))


@pytest.mark.parametrize("line", ["notify_master '/x --token canary'", "smtp_helo_name canary"])
def test_what_is_not_known_in_raw_is_hidden(line):
    [shown] = diff([change(text(), text(raw=[line]))], CONFIG)
    assert "canary" not in str(shown)
    assert line.split()[0] in shown["after"]


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda golden: golden.name)
def test_what_the_role_renders_is_shown_but_its_passwords(golden):
    [shown] = diff([change(None, golden.read_text())], CONFIG)
    pairs = zip(golden.read_text().splitlines(), shown["after"].splitlines(), strict=True)
    assert {line.split()[0] for line, seen in pairs if line != seen} <= {"auth_pass"}


def test_all_else_is_shown_even_where_there_is_a_password():
    [shown] = diff([change(text("canary1", priority=90), text("canary1", priority=91))], CONFIG)
    assert "priority 90" in shown["before"] and "priority 91" in shown["after"]
    assert "auth_pass (not shown)\n" in shown["before"] and "auth_pass (not shown)\n" in shown["after"]


def test_a_change_of_nothing_but_the_password_is_seen_as_one():
    router = "router_id same"
    texts = [text(word).replace(text(word).split("\n")[2].strip(), router) for word in ("canary1", "canary2")]
    [shown] = diff([change(*texts)], CONFIG)
    assert shown["before"] != shown["after"]
    assert "canary" not in str(shown)


def test_other_files_are_shown_as_they_are():
    [shown] = diff([Change(File("/check", b"auth_pass is no secret here\n"), None)], CONFIG)
    assert shown["after"] == "auth_pass is no secret here\n"


def test_the_module_reports_with_it():
    told = {}

    class Module:
        def exit_json(self, **result):
            told.update(result)

    vip.finish(Module(), [change(text("canary1"), text())], ["reload"], "")
    assert "canary" not in str(told)
    assert told["changed"] is True
    vip.finish(Module(), [], ["reload"], "", "what runs is another configuration")
    [shown] = told["diff"]
    assert (shown["after_header"], shown["after"]) == ("service", "reload: what runs is another configuration\n")
