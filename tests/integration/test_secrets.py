# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that no secret leaves its place: output, results, diffs, journals, process arguments or readable files.

Every secret of the lab is a random string or key, changed for this test, so that the runs carry it. They are
looked for as they are, in base64 and line by line of a PEM body: after a check-mode run with --diff, a real run
without pipelining, and runs that fail on purpose. The first test leaks on purpose: the search finds each of its leaks.
"""

from __future__ import annotations

import base64
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from canary import Canaries, ProcessWatch, journal, read_key, search_files
from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, inside
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pki import SERVED
from topology import load as load_topology
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("secrets")

HERE = Path(__file__).parent
FOLDER = LAB / TOPOLOGY.stem
TOPOLOGY_OF_LAB = load_topology(TOPOLOGY)
NOT_SEARCHED = ("/proc", "/sys", "/dev", "/opt/lab")
ANSIBLE_HOME = Path(os.environ.get("ANSIBLE_HOME", Path.home() / ".ansible"))


@dataclass
class Hunt:
    """Runs playbooks and keeps all that they let out."""

    canaries: Canaries
    inventory: Path
    began: float = field(default_factory=time.time)
    seen: dict[str, bytes] = field(default_factory=dict)
    codes: dict[str, int] = field(default_factory=dict)

    def run(self, name: str, playbook: str, *arguments: str) -> None:
        """Run a playbook with -vvv and --diff; keep its output, its results and the processes' arguments."""
        results = LAB / "everything.jsonl"
        results.unlink(missing_ok=True)
        settings = {
            "ANSIBLE_CALLBACKS_ENABLED": "everything",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "plugins" / "callback"),
            "EVERYTHING_FILE": str(results),
            "ANSIBLE_NOCOLOR": "1",
        }
        command = ["ansible-playbook", playbook, "-i", str(self.inventory), "-vvv", "--diff", *arguments]
        with ProcessWatch() as watch:
            done = subprocess.run(command, cwd=ROOT, env={**os.environ, **settings}, capture_output=True, check=False)
        self.codes[name] = done.returncode
        self.seen[f"{name}: output"] = done.stdout + done.stderr
        self.seen[f"{name}: results"] = results.read_bytes() if results.exists() else b""
        self.seen[f"{name}: process arguments"] = watch.output
        results.unlink(missing_ok=True)

    def leaks(self) -> list[str]:
        """Return every place where a secret was found."""
        found = [f"{place}: {name}" for place, data in self.seen.items() for name in self.canaries.found_in(data)]
        for host in TOPOLOGY_OF_LAB.hosts:
            container = TOPOLOGY_OF_LAB.container(host.name)
            found += [f"{host.name}: journal: {name}" for name in self.canaries.found_in(journal(container))]
            hits = search_files(self.canaries, ["/"], container=container, since=self.began, leave_out=NOT_SEARCHED)
            found += [f"{host.name}: file {path} ({mode}): {name}" for path, mode, name in hits]
        return found + self.leaks_on_the_controller()

    def leaks_on_the_controller(self) -> list[str]:
        """Search what Ansible and the collection write on the controller, whatever its mode, and files in /tmp."""
        own = [str(ANSIBLE_HOME), str(ROOT / "report"), str(self.inventory)]
        hits = search_files(self.canaries, own, since=self.began, any_mode=True)
        hits += search_files(self.canaries, [tempfile.gettempdir()], since=self.began)
        return [f"controller: file {path} ({mode}): {name}" for path, mode, name in hits]


def write_secrets(**values: str) -> None:
    path = FOLDER / "secrets.yml"
    path.write_text(yaml.safe_dump(yaml.safe_load(path.read_text()) | values))


def renew() -> None:
    subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(FOLDER), "--renew"], check=True)


@pytest.fixture(scope="module")
def restored(lab):
    """Bring the lab back to its own site and secrets when all is done."""
    before = yaml.safe_load((FOLDER / "secrets.yml").read_text())
    yield
    write_secrets(**before)
    renew()
    command = ["ansible-playbook", "netstack.datacenter.site", "-i", str(INVENTORY)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.fixture
def site(restored):
    """Give a copy of the declared site."""
    return SiteCopy(INVENTORY, "secrets")


def test_the_search_finds_every_leak_that_is_made_on_purpose(lab, tmp_path):
    plain, encoded = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    canaries = Canaries()
    canaries.add_text("plain", plain)
    canaries.add_text("encoded", encoded)
    canaries.add_key("key", key)
    body = "".join(key.decode().splitlines()[1:-1])
    leaked = f"{plain} {base64.b64encode(b'operator:' + encoded.encode()).decode()} {body}"
    variables = tmp_path / "leak.yml"
    variables.write_text(yaml.safe_dump({"leaked": leaked}))
    variables.chmod(0o600)
    hunt = Hunt(canaries, INVENTORY)
    hunt.run("control", str(HERE / "control.yml"), "-e", f"@{variables}")
    assert hunt.codes == {"control": 0}, hunt.seen["control: output"].decode()[-3000:]
    found = set(hunt.leaks())
    places = [
        *("control: output", "control: results", "control: process arguments"),
        *("lb1: journal", "lb1: file /root/leaked (0o644)"),
    ]
    assert {f"{place}: {name}" for place in places for name in ("plain", "encoded", "key")} <= found
    assert not any("/root/kept" in line for line in found)
    container = TOPOLOGY_OF_LAB.container("lb1")
    kept = search_files(canaries, ["/root"], container=container, since=hunt.began, any_mode=True)
    assert ["/root/kept", "0o600", "plain"] in kept
    inside("lb1", "rm", "/root/leaked", "/root/kept")


def new_passwords() -> dict[str, str]:
    """Return new passwords for all PKCS#12 files."""
    return {f"{stem}_pfx": secrets.token_urlsafe(24) for stem in SERVED}


def break_nothing(site: SiteCopy, canaries: Canaries) -> None:
    """New secrets everywhere, all of them good."""
    write_secrets(stats=secrets.token_urlsafe(24), **new_passwords())
    renew()
    note(canaries, "good")


def break_the_password(site: SiteCopy, canaries: Canaries) -> None:
    """A password that does not open the certificate's file."""
    write_secrets(shop_pfx=secrets.token_urlsafe(24))
    note(canaries, "wrong password", key=False)


def break_the_configuration(site: SiteCopy, canaries: Canaries) -> None:
    """A line that HAProxy refuses, in a configuration that holds new secrets."""
    write_secrets(stats=secrets.token_urlsafe(24), **new_passwords())
    renew()
    note(canaries, "refused")
    site.change(lambda data: data["services"]["shop"].update(raw={"backend": ["nonsense in this place"]}))


def break_the_secret(site: SiteCopy, canaries: Canaries) -> None:
    """A secret that cannot stand in a configuration: with quotes, a backslash and a line end."""
    write_secrets(stats=f"{secrets.token_urlsafe(12)}\"'\\ #\n{secrets.token_urlsafe(12)}")
    for number, half in enumerate(yaml.safe_load((FOLDER / "secrets.yml").read_text())["stats"].split("\"'\\ #\n")):
        canaries.add_text(f"unfit secret, part {number}", half)


def note(canaries: Canaries, name: str, *, key: bool = True) -> None:
    """Watch for the lab's present secrets."""
    now = yaml.safe_load((FOLDER / "secrets.yml").read_text())
    for secret, value in now.items():
        canaries.add_text(f"{name}: {secret}", value)
    for stem in SERVED if key else ():
        canaries.add_key(f"{name}: private key of {stem}", read_key(FOLDER / f"{stem}.pfx", now[f"{stem}_pfx"]))
    canaries.add_key("intermediate's key", (FOLDER / "intermediate.pem").read_bytes())


@pytest.mark.parametrize(
    ("prepare", "fails"),
    [
        (break_nothing, False),
        (break_the_password, True),
        (break_the_configuration, True),
        (break_the_secret, True),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_no_secret_is_found_anywhere(site: SiteCopy, prepare: Callable[[SiteCopy, Canaries], None], fails: bool):
    canaries = Canaries()
    prepare(site, canaries)
    hunt = Hunt(canaries, site.folder)
    hunt.run("check", "netstack.datacenter.site", "--check")
    hunt.run("run", "netstack.datacenter.site", "-e", "ansible_ssh_pipelining=false")
    for name, code in hunt.codes.items():
        assert (code != 0) == fails, hunt.seen[f"{name}: output"].decode()[-3000:]
    assert all(hunt.seen[f"{name}: {what}"] for name in ("check", "run") for what in ("output", "process arguments"))
    assert hunt.leaks() == []
