# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a new kind is a package, a role, a module and one line in the list, as docs/dev/kind.md says."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from urllib.request import Request, urlopen

import pytest

from ..runner import graph
from .scratch import Scratch, commands, files_made

PAGE = (graph.ROOT / "docs/dev/kind.md").read_text()
RENEW = "import docs.generate as made; [path.write_text(text) for path, text in made.pages().items()]"
GENERATED = {"docs/kinds.md", "docs/stack.schema.json", "plugins/doc_fragments/stack_site.py"}
PORTS = {"sfp-sfpplus1": "802.3ad", "sfp-sfpplus2": "802.3ad"}
BOND = {"bonding1": {"mode": "802.3ad", "ports": list(PORTS)}}


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    """Return the copy with the page's files and its change in it, and with the generated pages made anew."""
    copy = Scratch(tmp_path_factory.mktemp("kind"))
    for name, text in files_made(PAGE).items():
        assert not (copy.folder / name).exists(), f"{name} is in the checkout already"
        copy.write(name, text)
    (change,) = re.findall(r"(?ms)^```diff\n(.*?)^```$", PAGE)
    subprocess.run(["git", "apply", "-"], cwd=copy.folder, input=change, text=True, check=True)
    done = copy.run("-c", RENEW)
    assert done.returncode == 0, done.stderr
    return copy


class Device:
    """The simulated switch of the page, in a process of its own."""

    def __init__(self, scratch: Scratch) -> None:
        program = [sys.executable, "lab/kinds/crs/simulator.py", *(f"{port}={mode}" for port, mode in PORTS.items())]
        self.process = subprocess.Popen(program, cwd=scratch.folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def ask(self, path: str, content: object = None) -> object:
        """Return what the switch answers; with content it is sent there."""
        method, data = ("GET", None) if content is None else ("PUT", json.dumps(content).encode())
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", data, method=method), timeout=10) as answer:
            return json.loads(answer.read())


@pytest.fixture
def device(scratch: Scratch) -> Iterator[Device]:
    """Return a switch without bonds, which the page's site names."""
    made = Device(scratch)
    (site,) = re.findall(r"(?ms)^```yaml\n(plugin: .*?)^```$", PAGE)
    scratch.write("site/stack.yml", site)
    scratch.write("site/host_vars/sw1.yml", f"{{ansible_host: 127.0.0.1, ansible_port: {made.port}}}\n")
    yield made
    made.process.kill()
    made.process.wait()


def play(scratch: Scratch, playbook: str, *more: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook on the page's site; on other releases of ansible-core the plays have tests of their own."""
    report = f"stack_report_folder={scratch.folder}/report"
    words = ("-i", "site/stack.yml", f"netstack.datacenter.{playbook}", "-e", report, *more)
    return scratch.run("-m", "ansible.cli.playbook", *words)


def test_one_file_that_existed_is_touched(scratch):
    touched = set(scratch.changed()) - set(files_made(PAGE)) - GENERATED
    assert {name for name in touched if (graph.ROOT / name).is_file()} == {"plugins/plugin_utils/kinds/__init__.py"}


def test_the_generated_page_and_the_schema_have_the_kind(scratch):
    assert "| `crs` | MikroTik CRS | yes |" in (scratch.folder / "docs/kinds.md").read_text()
    assert '"crs"' in (scratch.folder / "docs/stack.schema.json").read_text()


@pytest.mark.parametrize("command", commands(PAGE), ids=lambda words: words[-1])
def test_what_the_page_has_its_reader_run_passes(scratch, command):
    program, *arguments = command
    assert program == "pytest"
    assert (done := scratch.run("-m", "pytest", *arguments)).returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_no_arrow_of_the_house_is_broken(scratch):
    done = scratch.run("-m", "pytest", "-q", "tests/unit/test_arrows_of_plugins.py")
    assert done.returncode == 0, done.stdout


def test_the_playbooks_plan_change_verify_report_and_take_back_the_new_kind(scratch, device):
    plan = play(scratch, "plan")
    assert plan.returncode == 0, plan.stdout + plan.stderr
    assert "bonding1: lacp: none -> 802.3ad of sfp-sfpplus1, sfp-sfpplus2" in plan.stdout
    assert device.ask("/bonds") == {}
    changed = play(scratch, "site", "-e", "netstack_run_id=first")
    assert changed.returncode == 0, changed.stdout + changed.stderr
    assert device.ask("/bonds") == BOND
    assert "bonding1: sfp-sfpplus1 is distributing" in changed.stdout
    assert "bonding1" in "".join(path.read_text() for path in (scratch.folder / "report").rglob("*sw1*"))
    again = play(scratch, "site", "-e", "netstack_run_id=second")
    assert again.returncode == 0, again.stdout
    assert set(device.ask("/runs")) == {"first"}
    device.ask("/far", {**PORTS, "sfp-sfpplus2": "static"})
    broken = play(scratch, "verify")
    assert broken.returncode == 2, broken.stdout
    assert "bonding1: sfp-sfpplus2 is no partner" in broken.stdout
    back = play(scratch, "rollback", "-e", "stack_rollback_to=first")
    assert back.returncode == 0, back.stdout + back.stderr
    assert device.ask("/bonds") == {}


def test_a_switch_that_is_away_stops_the_run_before_a_change(scratch, device):
    device.process.kill()
    device.process.wait()
    done = play(scratch, "site")
    assert done.returncode != 0
    assert "127.0.0.1 does not answer." in done.stdout
    assert "nothing was changed" in done.stdout
