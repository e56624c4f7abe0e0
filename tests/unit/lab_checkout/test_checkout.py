# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that checkouts of one machine get numbers of their own, addresses by them, and do not meet in one lab."""

from __future__ import annotations

import multiprocessing
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import checkout
import lab as program
from topology import Network, Topology, load

ROOT = Path(__file__).resolve().parents[3]
HEAD = "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
ROUTES = f"{HEAD}eth0\t00000000\t020000C0\t3\t0\t0\t0\t00000000\t0\t0\t0\n"
TO_231 = "podman1\t000AE70A\t00000000\t1\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"  # 10.231.10.0/24
TO_ALL_OF_10 = "vpn\t0000000A\t00000000\t1\t0\t0\t0\t000000FF\t0\t0\t0\n"  # 10.0.0.0/8


class Machine:
    """A machine with checkouts, none of which is this one."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.routes = folder, folder / "route"
        self.routes.write_text(ROUTES)

    def clone(self, name: str) -> Path:
        (self.folder / name).mkdir(exist_ok=True)
        return self.folder / name

    def claim(self, name: str) -> int:
        made = self.clone(name)
        return checkout.claim(made, self.folder, made / "number", self.routes)


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


def test_the_first_checkout_has_the_number_of_the_documentation_and_each_keeps_its_own(machine):
    assert [machine.claim(name) for name in ("a", "b", "a", "c", "b")] == [231, 232, 231, 233, 232]


def test_the_number_of_a_checkout_that_is_gone_is_given_again(machine):
    machine.claim("a")
    machine.claim("b")
    shutil.rmtree(machine.clone("a"))
    assert machine.claim("c") == 231


def test_a_number_whose_addresses_are_routed_is_left_out_but_not_for_a_route_to_all_of_them(machine):
    machine.routes.write_text(ROUTES + TO_231 + TO_ALL_OF_10)
    assert machine.claim("a") == 232


def test_after_a_boot_each_has_the_number_that_it_had_though_its_own_lab_is_routed(machine):
    assert [machine.claim(name) for name in ("a", "b")] == [231, 232]
    (machine.folder / "netstack-labs").unlink()
    machine.routes.write_text(ROUTES + TO_231)
    assert machine.claim("b") == 232
    assert machine.claim("a") == 231


def test_a_copied_checkout_does_not_keep_the_number_of_its_original(machine):
    machine.claim("a")
    shutil.copytree(machine.clone("a"), machine.folder / "copy")
    assert machine.claim("copy") == 232


def test_when_none_is_left_it_says_who_has_them(machine):
    for each in checkout.NUMBERS:
        machine.claim(f"clone{each}")
    with pytest.raises(checkout.CheckoutError, match=r"no number from 231 to 254 .*; 254 is \S*/clone254's"):
        machine.claim("late")


def test_checkouts_that_claim_at_once_get_different_numbers(machine):
    with multiprocessing.get_context("fork").Pool(8) as pool:
        numbers = pool.map(machine.claim, [f"clone{each}" for each in range(16)])
    assert sorted(numbers) == list(range(231, 247))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("10.231.10.100/24", "10.240.10.100/24"),
        ('"fd00:231:10::100"', '"fd00:240:10::100"'),
        ("[fd00:231:10::/64]", "[fd00:240:10::/64]"),
        ("127.231.0.1 port 18301", "127.240.0.1 port 18301"),
        ("--sources=10.231.10.201-10.231.10.240", "--sources=10.240.10.201-10.240.10.240"),
        ("110.231.10.1, 1.10.231.4, 10.2310.1, fd00:2310::1", "110.231.10.1, 1.10.231.4, 10.2310.1, fd00:2310::1"),
    ],
)
def test_addresses_of_the_labs_and_no_others_get_the_number(written, meant):
    assert checkout.localised(written, 240) == meant
    assert checkout.localised(written, 231) == written


def test_a_topology_has_its_number_in_addresses_and_names(tmp_path):
    lab = load(ROOT / "lab" / "demo.yml", 240)
    assert lab.networks[1] == Network("front", "10.240.10.0/24", "fd00:240:10::/64")
    assert lab.hosts[0].networks == {"management": "10.240.99.11", "front": "10.240.10.11", "server": "10.240.20.11"}
    assert (lab.name, lab.container("lb1"), lab.segment("front")) == ("demo", "demo-240-lb1", "demo-240-front")
    assert lab.loopback == "127.240.0.1"
    first = load(ROOT / "lab" / "demo.yml", 231)
    assert (first.container("lb1"), first.segment("front"), first.loopback) == ("demo-lb1", "demo-front", "127.231.0.1")


@pytest.fixture
def rendered(tmp_path):
    """A checkout with the inventories, and a way to render them."""
    for pattern in checkout.RENDERED:
        for folder in ROOT.glob(pattern):
            shutil.copytree(folder, tmp_path / folder.relative_to(ROOT))
    (tmp_path / ".cache" / "lab").mkdir(parents=True)
    return lambda number: checkout.render(tmp_path, tmp_path / ".cache" / "lab" / "numbered", number)


def texts(folder: Path) -> dict[str, str]:
    files = [file for pattern in checkout.RENDERED for found in folder.glob(pattern) for file in found.rglob("*")]
    return {str(file.relative_to(folder)): file.read_text() for file in files if file.is_file()}


def test_the_inventories_of_another_number_differ_in_addresses_only_and_lead_to_the_same_files(tmp_path, rendered):
    written = texts(tmp_path)
    assert len(written) > 10
    numbered = rendered(240)
    assert texts(numbered) == {name: checkout.localised(text, 240) for name, text in written.items()}
    assert not [text for text in texts(numbered).values() if re.search(r"\b(10\.|127\.|fd00:)231\b", text)]
    (tmp_path / ".cache" / "lab" / "proof").write_text("the same")
    for inventory in ("inventories/lab/../..", "molecule/site/inventory/../../.."):
        assert (numbered / inventory / ".cache" / "lab" / "proof").read_text() == "the same"


def test_rendering_again_follows_the_checkout_and_leaves_what_is_right(tmp_path, rendered):
    numbered = rendered(240)
    same, changed, gone = (numbered / "inventories/lab" / name for name in ("stack.yml", "group_vars/all.yml", "x.yml"))
    before = same.stat().st_mtime_ns
    (tmp_path / "inventories/lab/group_vars/all.yml").write_text("at: 10.231.0.1\n")
    gone.write_text("{}")
    rendered(240)
    assert (same.stat().st_mtime_ns, changed.read_text(), gone.exists()) == (before, "at: 10.240.0.1\n", False)


def test_for_231_there_is_no_copy_and_a_number_may_change(tmp_path, rendered):
    for number in (240, 231, 231, 240):
        numbered = rendered(number)
        assert numbered.is_symlink() == (number == 231)
        assert (numbered / "inventories/lab/stack.yml").samefile(tmp_path / "inventories/lab/stack.yml") == (
            number == 231
        )


def test_a_lab_is_used_by_one_process_and_by_those_that_it_starts(tmp_path):
    ask = f"import sys; sys.path.insert(0, {str(ROOT / 'lab')!r})\nimport checkout, pathlib, os\n"
    ask += f"with checkout.used('demo', pathlib.Path({str(tmp_path)!r})) as mine: print(mine is not None, os.getpid())"
    command = [sys.executable, "-c", ask]
    with checkout.used("demo", tmp_path):
        assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("False")
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.startswith("True")
    wait = f"{ask}; sys.stdout.flush(); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", wait], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout.readline().startswith("True")
        said = rf"the lab demo of this checkout is in use by process {other.pid} \({re.escape(sys.executable)} "
        with pytest.raises(checkout.CheckoutError, match=said), checkout.used("demo", tmp_path):
            pass
        with checkout.used("exchange", tmp_path):
            pass
    with checkout.used("demo", tmp_path):
        pass


def network(name: str, subnet: str, lab: str = "", top: Path | str = "") -> dict[str, object]:
    """Return a network as podman describes it."""
    labels = {program.LABEL: lab, program.CHECKOUT: str(top), program.TOPOLOGY: f"{top}/{lab}.yml"} if lab else None
    return {"name": name, "subnets": [{"subnet": subnet}], "labels": labels}


LAB = Topology("demo", [Network("front", "10.231.10.0/24", "fd00:231:10::/64")])


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (network("x-front", "10.231.10.0/24", "x", checkout.TOP), "lab x of this checkout runs; end it with: .*x.yml$"),
        (network("demo-front", "10.231.10.0/24", "demo", "/there"), "lab demo of /there runs.*/there/lab/lab.py down"),
        (network("demo-front", "10.9.0.0/24", "demo", "/there"), "lab demo of /there runs"),
        (network("mine", "10.231.0.0/16"), "podman has mine there; end what uses it, then: podman network rm mine"),
        (network("six", "fd00:231::/32"), r"front \(fd00:231:10::/64\): podman has six there"),
    ],
)
def test_a_network_that_another_lab_has_is_told_with_what_ends_it(other, said):
    found = list(program._clashes(LAB, [other]))
    assert len(found) == 1
    assert re.search(said, found[0])


def test_a_labs_own_networks_and_those_elsewhere_are_no_hindrance():
    others = [network("demo-front", "10.231.10.0/24", "demo", checkout.TOP), network("podman", "10.88.0.0/16")]
    assert list(program._clashes(LAB, others)) == []


def test_this_process_has_ancestors():
    assert [os.getpid(), os.getppid()] == list(checkout._ancestors(os.getpid()))[:2]
