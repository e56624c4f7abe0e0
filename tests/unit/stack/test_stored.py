# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that an inventory that AWX stores, and merges, cannot make a run believe in an earlier state of the site.

The site is exported by ansible-inventory, merged by each of the four ways of AWX, and read by ansible-playbook.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.stored import site_makes

from . import link_builders as cabled
from . import stack_builders as builders
from .real_ansible import PREFLIGHT, TOUCH, Place
from .stored_inventory import MODES, Stored

GROUPS = ("all", "esxi_vss", "vcenter", "load_balancers", "cell_ex1", "cell_ex2")
SEEN = """
- name: Who is in {group}
  hosts: "{{{{ lookup('netstack.datacenter.stack_hosts', '{group}') }}}}"
  gather_facts: false
  tasks:
    - name: What a host has
      ansible.builtin.debug:
        msg: "SEEN {{{{ seen | to_json }}}}"
      vars:
        seen: "{{{{ [inventory_hostname, stack_links | default('none'), esxi_teaming_vswitches | default('')] }}}}"
"""
DEFAULT: dict[str, bool] = {}
by_mode = pytest.mark.parametrize(
    "mode", MODES, ids=lambda mode: "+".join(k for k, on in mode.items() if on) or "default"
)


def site() -> dict[str, Any]:
    """Return a site with a cell for each of two switches, and one of two load balancers; it names no secret."""
    content = cabled.site()
    for name in ("lb1", "lb2", "up"):
        del content["links"][name]
    del content["certificates"]["shop"]
    content["services"] = {"sql": builders.tcp("10.0.10.6"), "page": builders.tcp("10.0.10.7", ports=[8080])}
    return content


def without_link(content: dict[str, Any]) -> None:
    del content["links"]["esx1-lan"]


def without_host(content: dict[str, Any]) -> None:
    del content["links"]["filer"]
    del content["devices"]["filer"]


def moved(content: dict[str, Any]) -> None:
    content["links"]["esx1-lan"] = cabled.esx("esx1", "ex2", "ae7", cabled.ports(7))


def without_service(content: dict[str, Any]) -> None:
    del content["services"]["page"]


def without_pair(content: dict[str, Any]) -> None:
    content["lb_pairs"], content["services"] = {}, {}


def wrong(content: dict[str, Any]) -> None:
    content["services"]["sql"]["backends"] = ["nobody"]


def wrong_without_host(content: dict[str, Any]) -> None:
    without_host(content)
    wrong(content)


def unreadable(content: dict[str, Any]) -> None:
    content.clear()
    content.update(plugin=builders.PLUGIN, site="../nowhere")


def everything(content: dict[str, Any]) -> None:
    for change in (without_host, moved, without_service):
        change(content)
    del content["links"]["web1"]


CHANGES = (without_link, without_host, moved, without_service, without_pair)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what exports a site, each one once."""
    known: dict[Any, dict[str, Any]] = {}

    def export(change: Any = None) -> dict[str, Any]:
        if change not in known:
            content = site()
            if change is not None:
                change(content)
            place = Place(tmp_path_factory.mktemp("project")).site(json.dumps(content))
            done = place.run("ansible-inventory", "-i", "inventory/stack.yml", "--list", "--export")
            assert done.returncode == 0, done.stderr
            known[change] = json.loads(done.stdout)
        return known[change]

    return export


def stored(exports: Any, mode: dict[str, bool], *changes: Any) -> Stored:
    """Return an inventory that got these states of the site one after the other."""
    found = Stored(**mode)
    for change in changes:
        found.update(exports(change))
    return found


def job(folder: Path, inventory: Stored, book: str, *options: str) -> Any:
    """Run a playbook as a job does, in a folder of its own, with the inventory as a program."""
    place = Place(folder / f"job{len(list(folder.iterdir()))}")
    program = inventory.write(place.folder / "hosts")
    (place.folder / "book.yml").write_text(book)
    return place.run("ansible-playbook", "-i", str(program), "book.yml", *options)


def seen(output: str) -> dict[str, Any]:
    """Return what each host was seen to have."""
    found = (json.loads(text.replace('\\"', '"')) for text in re.findall(r'"SEEN (\[.*\])"', output))
    return {host: rest for host, *rest in found}


def members(output: str) -> dict[str, list[str]]:
    """Return who was in each play, by its group."""
    plays = re.split(r"PLAY \[Who is in (\w+)\]", output)
    return {group: sorted(seen(text)) for group, text in zip(plays[1::2], plays[2::2], strict=True)}


OUR_CHECK = "- import_playbook: netstack.datacenter.preflight\n"
BOOK = OUR_CHECK + "".join(SEEN.format(group=group) for group in GROUPS)


@by_mode
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_no_host_of_the_site_keeps_a_variable_that_it_would_not_have_now(exports, mode, change):
    now, kept = stored(exports, mode, change), stored(exports, mode, None, change)
    assert now.of_all == kept.of_all
    assert {host: kept.hosts[host] for host in now.hosts} == now.hosts


@pytest.fixture(scope="module")
def expected(exports, tmp_path_factory):
    """Return a job of the last state of the site, in an inventory that had no other."""
    done = job(tmp_path_factory.mktemp("fresh"), stored(exports, {}, everything), BOOK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "any more" not in done.stderr
    return done.stdout


@by_mode
def test_a_job_is_that_of_the_site_as_it_is_now(exports, expected, tmp_path, mode):
    inventory = stored(exports, mode, None, everything)
    inventory.add("router", "cell_ex1")
    done = job(tmp_path, inventory, BOOK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert members(done.stdout) == {
        group: sorted([*hosts, "router"] if group in ("all", "cell_ex1") else hosts)
        for group, hosts in members(expected).items()
    }
    assert seen(done.stdout) == {**seen(expected), "router": ["none", ""]}
    told = " ".join(done.stderr.split())
    assert (mode["overwrite"], mode["overwrite"]) == (
        "filer: not of this site any more" not in told,
        re.search(r"\besx1\b[\w, ]*: not in the group cell_ex1 any more", told) is None,
    )
    assert ("removes that with the next update" in told) is not mode["overwrite"]


def listed(output: str) -> list[tuple[str, list[str]]]:
    """Return the plays of --list-hosts, each with its hosts."""
    plays = re.split(r"play #\d+ \(.*?\): (.*)\tTAGS", output)
    return [
        (name, sorted(text.split("):\n", 1)[-1].split())) for name, text in zip(plays[1::2], plays[2::2], strict=True)
    ]


@pytest.mark.parametrize("book", ["site", "rollback"])
def test_each_play_of_a_playbook_is_on_the_hosts_that_the_site_has_now(exports, tmp_path, book):
    text = f"- import_playbook: netstack.datacenter.{book}\n"
    now = job(tmp_path, stored(exports, DEFAULT, everything), text, "--list-hosts")
    kept = job(tmp_path, stored(exports, DEFAULT, None, everything), text, "--list-hosts")
    assert (now.returncode, kept.returncode) == (0, 0), now.stderr + kept.stderr
    assert listed(kept.stdout) == listed(now.stdout)
    assert len(listed(now.stdout)) >= 5


@by_mode
@pytest.mark.parametrize("fault", [wrong, unreadable], ids=lambda change: change.__name__)
def test_a_refused_update_refuses_every_job_and_once_it_is_mended_all_is_green(exports, tmp_path, mode, fault):
    inventory = stored(exports, mode, None, fault)
    if mode["overwrite"] == mode["overwrite_vars"]:  # what a refused job has to go by is the same in the others
        options = ("--limit", "lb*:stack_unreadable")[: 2 * (not mode["overwrite"])]
        done = job(tmp_path, inventory, OUR_CHECK.replace("preflight", "site"), *options)
        assert done.returncode != 0
        assert "The declared site is refused" in done.stdout
        assert ("nobody" if fault is wrong else "../nowhere") in done.stdout
    inventory.update(exports())
    done = job(tmp_path, inventory, OUR_CHECK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok: [esx1]" in done.stdout
    assert "ok: [stack_unreadable]" not in done.stdout
    assert ("stack_unreadable: not of this site" in done.stderr) is (fault is unreadable and not mode["overwrite"])


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("filer", "--limit names filer: not of this site any more"),
        ("filer,esx1", "--limit names filer: not of this site any more"),
        ("ontap:&filer", "--limit names filer: not of this site any more"),
        ("fil*", "leaves nobody. filer: not of this site any more"),
        ("ontap", "leaves nobody. filer: not of this site any more"),
        ("cell_ex1", "esx1, ex1, web1: not in the group cell_ex1 any more"),
    ],
)
def test_a_limit_that_asks_for_what_is_gone_is_refused_with_the_option_that_removes_it(exports, tmp_path, limit, words):
    done = job(tmp_path, stored(exports, DEFAULT, None, everything), OUR_CHECK, "--limit", limit)
    assert done.returncode != 0
    told = " ".join((done.stdout + done.stderr).split())
    assert words in told
    assert "`overwrite`" in told
    assert "TASK" not in done.stdout


@pytest.mark.parametrize(
    ("limit", "hosts"),
    [
        ("all:!filer", "esx1 esx2 esx3 ex1 ex2 lb1 lb2 vc web1 web2"),
        ("cell_ex2", "esx1 esx2 esx3 ex2 vc web2"),
        ("cell_ex1,esx2", "esx2"),
        ("ontap:lb*", "lb1 lb2"),
    ],
)
def test_a_limit_that_leaves_somebody_is_that_of_the_site_as_it_is_now(exports, tmp_path, limit, hosts):
    book = SEEN.format(group="all")
    done = job(tmp_path, stored(exports, DEFAULT, None, everything), book, "--limit", limit)
    assert done.returncode == 0, done.stderr
    assert sorted(seen(done.stdout)) == hosts.split()


@pytest.mark.parametrize("limit", ["filer", "fil*", "all"])
def test_of_a_host_that_a_refused_site_does_not_name_nothing_is_said_but_the_refusal(exports, tmp_path, limit):
    done = job(tmp_path, stored(exports, DEFAULT, None, wrong_without_host), OUR_CHECK, "--limit", limit)
    assert done.returncode != 0
    assert "The declared site is refused" in done.stdout + done.stderr
    assert "nobody" in done.stdout + done.stderr
    assert "any more" not in done.stdout + done.stderr
    assert "[filer]" not in done.stdout


def test_a_slice_of_nobody_but_a_host_that_is_gone_does_nothing_and_is_no_failure(exports, tmp_path):
    inventory = stored(exports, DEFAULT, None, everything)
    names = sorted(inventory.hosts)
    done = job(tmp_path, inventory.sliced(1 + names.index("filer"), len(names)), BOOK)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "filer: not of this site any more" in done.stderr
    assert "TASK" not in done.stdout


def test_a_play_that_asks_for_its_hosts_itself_is_refused_at_the_host_that_is_gone(exports, tmp_path):
    done = job(
        tmp_path, stored(exports, DEFAULT, None, everything), PREFLIGHT.format(hosts="all") + TOUCH, "--limit", "filer"
    )
    assert done.returncode != 0
    assert "filer: not of this site any more" in done.stdout


@pytest.mark.parametrize(
    ("hosts", "refused"),
    [
        ("load_balancers", ["lb1", "lb2"]),
        ("load_balancers:lb_turn_1", ["lb1", "lb2"]),
        ("load_balancers:lb1", ["lb2"]),
        ("load_balancers:linux", []),
        ("load_balancers:!lb1", []),
        ("all", []),
    ],
)
def test_a_play_that_has_a_host_by_a_former_group_alone_is_refused_there(exports, tmp_path, hosts, refused):
    done = job(tmp_path, stored(exports, DEFAULT, None, without_pair), PREFLIGHT.format(hosts=hosts))
    assert sorted(re.findall(r"fatal: \[(\w+)\]", done.stdout)) == refused, done.stdout
    assert done.stdout.count("not in the group load_balancers") == len(refused)


def test_every_group_that_the_plugin_makes_is_known_as_one(exports):
    made = [group for change in (None, wrong, unreadable) for group in exports(change) if group not in ("_meta", "all")]
    assert [group for group in made if not site_makes(group)] == []
    assert not site_makes("ungrouped")


def test_where_the_site_itself_is_read_another_source_may_put_its_hosts_into_such_a_group(place):
    place.site(json.dumps(site()))
    (place.folder / "more.yml").write_text("linux: {hosts: {web1: }}\n")
    done = place.plays(SEEN.format(group="linux"), "-i", "inventory", "-i", "more.yml")
    assert sorted(seen(done.stdout)) == ["lb1", "lb2", "web1"], done.stderr


def test_two_sites_of_one_run_have_one_digest_and_one_verdict(place):
    place.site(json.dumps(site()))
    others = {"other": {"kind": "external"}}
    good = {"plugin": builders.PLUGIN, "devices": others}
    for content, refused in ((good, False), ({**good, "vlans": {"x": {}}}, True)):
        (place.folder / "other.yml").write_text(json.dumps(content))
        for sources in (("inventory", "other.yml"), ("other.yml", "inventory")):
            found = place.read(*(word for source in sources for word in ("-i", source)))
            digests = {
                host["variables"][name] for host in found.values() for name in ("stack_digest", "stack_site_digest")
            }
            assert len(digests) == 1
            assert [name for name, host in found.items() if bool(host["preflight"]["errors"]) != refused] == []
