# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the README's commands for users of the collection work as they stand, in a folder with the artifact.

They run in a terminal, with a home of their own and a new virtual environment, against a simulated switch and a
simulated ESXi host. Two things differ from what a person does: the devices are on loopback (`host_vars`, and the
address in the line of ssh-keyscan), and pip takes the ansible-core that this checkout tests with, not the newest one.
The load balancers of the second site are not contacted, for that takes containers: `script/test site` has them.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from fabric_client import Fabric
from kinds.esxi_vss.client import Simulator as Hosts
from kinds.junos_ex.client import Simulator as Switches

from .conftest import ROOT
from .pages import Block, blocks, section
from .terminal import Ended, run

PASSWORD = "the vault's own"
PORTS = {"ge-0/0/0": "vmnic0", "ge-0/0/1": "vmnic1"}
PAST = [  # the link before: plain ports with the management's VLAN, as a host is delivered to
    "set interfaces me0 unit 0 family inet address 127.0.0.1/8",
    "set vlans management vlan-id 10",
    *(f"set interfaces {port} unit 0 family ethernet-switching interface-mode access" for port in PORTS),
    *(f"set interfaces {port} unit 0 family ethernet-switching vlan members management" for port in PORTS),
]


@dataclass
class Reader:
    """Somebody who follows the README, in a folder that held the tarball and nothing else."""

    folder: Path
    environment: dict[str, str]
    substitutes: dict[str, str]
    used: set[str] = field(default_factory=set)

    def does(self, line: str) -> Ended:
        """Run a line of the README, in the virtual environment once there is one; it succeeds without a warning."""
        for old, new in self.substitutes.items():
            if old in line:
                self.used.add(old)
                line = line.replace(old, new)
        active = "if [ -e venv/bin/activate ]; then . venv/bin/activate; fi; "
        ended = run(active + line, self.folder, self.environment, PASSWORD)
        assert ended.status == 0, str(ended)
        assert "[WARNING]" not in ended.output, str(ended)
        return ended

    def writes(self, block: Block) -> None:
        """Write the files of a block; those of the vault wait for the editor."""
        for path, continued, text in block.files():
            if path.endswith("vault.yml"):
                (self.folder.parent / "typed").write_text(text)
                continue
            with (self.folder / path).open("a" if continued else "x") as stream:
                stream.write(text)


@dataclass(frozen=True)
class Story:
    """The README's commands and files, in their order."""

    install: Block
    site: Block
    first_run: Block
    service: Block


@pytest.fixture(scope="module")
def story() -> Story:
    found = blocks(section((ROOT / "README.md").read_text(), "Use the collection"))
    assert [block.language for block in found] == ["sh", "yaml", "sh", "yaml"]
    return Story(*found)


def _variables(block: Block, path: str) -> dict:
    return next(yaml.safe_load(text) for name, _continued, text in block.files() if name == path)


@pytest.fixture(scope="module")
def devices(story):
    """A switch and an ESXi host with the README's users and passwords, joined by the README's cables."""
    secrets = _variables(story.site, "inventory/group_vars/all/vault.yml")
    user = _variables(story.site, "inventory/group_vars/junos_ex.yml")["ansible_user"]
    model = _variables(story.site, "inventory/stack.yml")["devices"]["ex1"]["model"]
    cables = [{"switch": "ex1", "port": port, "host": "esx1", "nic": nic} for port, nic in PORTS.items()]
    with (
        Switches({"ex1": model}, user=user, password=secrets["vault_switch_password"]) as switches,
        Hosts({"esx1": len(PORTS)}, password=secrets["vault_esxi_password"]) as hosts,
    ):
        switches.control("commit", switch="ex1", set="\n".join(PAST))
        with Fabric(switches.about["control"], hosts.about["control"], cables, management_vlan=10) as fabric:
            yield switches, hosts, fabric


def _environment(place: Path) -> dict[str, str]:
    """Return the environment of somebody who has set nothing for this; pip keeps its index and its cache."""
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("ANSIBLE_", "NETSTACK_", "PYTHON"))}
    constraint = place / "constraint.txt"
    constraint.write_text(f"ansible-core=={importlib.metadata.version('ansible-core')}\n")
    own = [Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"]
    settings = next(({"PIP_CONFIG_FILE": str(file)} for file in own if file.exists()), {})
    cache = {"PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(Path.home() / ".cache/pip"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    home = {"HOME": str(place / "home"), "EDITOR": f"cp {place / 'typed'}", "PATH": path, "ANSIBLE_NOCOLOR": "1"}
    return {**settings, **cache, **kept, **home, "PIP_CONSTRAINT": str(constraint)}


@pytest.fixture(scope="module")
def reader(artifact, devices, tmp_path_factory) -> Reader:
    place = tmp_path_factory.mktemp("reader")
    folder = place / "empty"
    folder.mkdir()
    (place / "home/.ssh").mkdir(parents=True, mode=0o700)
    shutil.copy(artifact, folder)
    return Reader(folder, _environment(place), {"-p 830 ex1": f"-p {devices[0].port('ex1')} 127.0.0.1"})


@pytest.fixture(scope="module")
def ready(reader, story, devices) -> Reader:
    """The reader after the installation, with the site written down and the vault made."""
    switches, hosts, _fabric = devices
    for line in story.install.lines():
        reader.does(line)
    reader.writes(story.site)
    shutil.copy(hosts.ca_file, reader.folder / "files/vsphere_ca.pem")
    (reader.folder / "inventory/host_vars").mkdir()
    for name, port in (("ex1", switches.port("ex1")), ("esx1", hosts.port("esx1"))):
        connection = f"ansible_host: 127.0.0.1\nansible_port: {port}\n"
        (reader.folder / f"inventory/host_vars/{name}.yml").write_text(connection)
    for name, address in (("lb1", "192.0.2.66"), ("lb2", "192.0.2.67")):  # no name of a person's network is known here
        (reader.folder / f"inventory/host_vars/{name}.yml").write_text(f"ansible_host: {address}\n")
    return reader


def test_the_first_run_foretells_and_then_converts_the_link_at_both_ends(ready, story, devices):
    switches, hosts, fabric = devices
    vault, key, preflight, check, change = story.first_run.lines()
    ready.does(vault)
    assert (ready.folder / "inventory/group_vars/all/vault.yml").read_text().startswith("$ANSIBLE_VAULT;")
    ready.does(key)
    assert ready.used == {"-p 830 ex1"}

    before = switches.control("configuration", switch="ex1"), hosts.control("state", host="esx1")
    assert "failed=0" in ready.does(preflight).output
    foretold = ready.does(check)
    assert "802.3ad ae0" in foretold.output, str(foretold)
    assert (switches.control("configuration", switch="ex1"), hosts.control("state", host="esx1")) == before

    ready.does(change)
    assert "set interfaces ge-0/0/1 ether-options 802.3ad ae0" in switches.control("configuration", switch="ex1")
    teaming = hosts.control("state", host="esx1")["switches"]["vSwitch0"]["policy"]["nicTeaming"]
    assert (teaming["policy"], sorted(teaming["nicOrder"]["activeNic"])) == ("loadbalance_ip", list(PORTS.values()))
    assert fabric.deliveries()["esx1"]["vmk0"]["lost"] == 0
    assert (ready.folder / "report/index.html").is_file()


def test_a_service_joins_the_same_site_and_its_certificate_lies_where_ansible_leaves_it_alone(ready, story):
    ready.writes(story.service)
    vaulted = _variables(story.site, "inventory/group_vars/all/vault.yml")["netstack_secrets"]["shop_pfx"]
    _make_pfx(ready.folder / "files/shop.pfx", vaulted)
    preflight = story.first_run.lines()[2]
    assert "lb2" in ready.does(preflight).output
    shown = ready.does("ansible-inventory -i inventory --ask-vault-pass --host lb1").output
    assert '"ansible_become": true' in shown

    _make_pfx(ready.folder / "files/shop.pfx", "another password")
    refused = run(f". venv/bin/activate; {preflight}", ready.folder, ready.environment, PASSWORD)
    assert (refused.status, "shop" in refused.output) == (2, True), str(refused)


def _make_pfx(file: Path, password: str) -> None:
    """Make what a Windows server exports: a key and its certificate under a password."""
    key, certificate = file.parent.parent / "key.pem", file.parent.parent / "certificate.pem"
    options = (
        "-x509 -newkey rsa:2048 -nodes -days 90 -subj /CN=shop.example.com -addext subjectAltName=DNS:shop.example.com"
    )
    new = ["openssl", "req", *options.split(), "-keyout", key, "-out", certificate]
    subprocess.run(new, check=True, capture_output=True)
    export = ["openssl", "pkcs12", "-export", "-in", certificate, "-inkey", key, "-out", file]
    subprocess.run([*export, "-passout", f"pass:{password}"], check=True, capture_output=True)
