# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs of playbooks of which everything is kept that they let out, and the search for secrets in all of it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from canary import Canaries, ProcessWatch, journal, read_key, search_files
from conftest import INVENTORY, LAB, ROOT, TOPOLOGY, Run, play
from runner.slices import whole_or_slice

from pki import SERVED
from topology import load as load_topology

HERE = Path(__file__).parent
FOLDER = LAB / TOPOLOGY.stem
SECRETS = FOLDER / "secrets.yml"
TOPOLOGY_OF_LAB = load_topology(TOPOLOGY)
NOT_SEARCHED = ("/proc", "/sys", "/dev", "/opt/lab")
BOTH = {"check": ("--check",), "run": ()}
MODES = whole_or_slice(
    BOTH, {"run": ()}, reason="what is refused is refused, and searched for secrets, in check mode, too"
)
"""How the runs that fail are made; what refuses them is the same in both modes."""
STATE = [Path.home() / ".ansible" / name for name in ("netstack", "netstack.datacenter")]
"""Restore points and journals where netstack_state is not set; whose ANSIBLE_HOME it is does not matter to them."""
ANSIBLE_HOME = Path(os.environ.get("ANSIBLE_HOME", Path.home() / ".ansible"))


@dataclass
class Hunt:
    """Runs playbooks and keeps all that they let out."""

    canaries: Canaries = field(default_factory=Canaries)
    began: float = field(default_factory=time.time)
    seen: dict[str, bytes] = field(default_factory=dict)
    runs: list[str] = field(default_factory=list)

    def note(self, name: str, *, keys: bool = True) -> None:
        """Watch for the lab's present secrets."""
        now = yaml.safe_load(SECRETS.read_text())
        for secret, value in now.items():
            if "PRIVATE KEY" in value:
                self.canaries.add_key(f"{name}: {secret}", value.encode())
            else:
                self.canaries.add_text(f"{name}: {secret}", value)
        for stem in SERVED if keys else ():
            key = read_key(FOLDER / f"{stem}.pfx", now[f"{stem}_pfx"])
            self.canaries.add_key(f"{name}: private key of {stem}", key)
        self.canaries.add_key("intermediate's key", (FOLDER / "intermediate.pem").read_bytes())

    def play(self, name: str, *arguments: str, playbook: str = "site", inventory: Path = INVENTORY) -> Run:
        """Run a playbook with -vvv and --diff; keep its output, its results and the processes' arguments."""
        results = LAB / "everything.jsonl"
        results.unlink(missing_ok=True)
        settings = {
            "ANSIBLE_CALLBACKS_ENABLED": "netstack.datacenter.changes,everything",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "plugins" / "callback"),
            "EVERYTHING_FILE": str(results),
        }
        with ProcessWatch() as watch:
            done = play("-vvv", "--diff", *arguments, playbook=playbook, inventory=inventory, **settings)
        self.runs.append(name)
        self.seen[f"{name}: output"] = done.out.encode()
        self.seen[f"{name}: results"] = results.read_bytes() if results.exists() else b""
        self.seen[f"{name}: process arguments"] = watch.output
        results.unlink(missing_ok=True)
        return done

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
        own = [str(folder) for folder in (ANSIBLE_HOME, *STATE, ROOT / "report", INVENTORY)]
        hits = search_files(self.canaries, own, since=self.began, any_mode=True)
        hits += search_files(self.canaries, [tempfile.gettempdir()], since=self.began)
        return [f"controller: file {path} ({mode}): {name}" for path, mode, name in hits]


@contextmanager
def former_secrets() -> Iterator[None]:
    """Bring the lab's secrets and certificates back, whatever became of them inside."""
    before = {file: file.read_bytes() for file in (SECRETS, *FOLDER.glob("*.pfx"))}
    try:
        yield
    finally:
        for file, content in before.items():
            file.write_bytes(content)


def write_secrets(**values: str) -> None:
    """Let secrets of the lab be others."""
    SECRETS.write_text(yaml.safe_dump(yaml.safe_load(SECRETS.read_text()) | values))


def new_secrets() -> None:
    """Let every secret of the load balancers be another, and make new keys and certificates."""
    write_secrets(stats=secrets.token_urlsafe(24), **{f"{stem}_pfx": secrets.token_urlsafe(24) for stem in SERVED})
    subprocess.run([sys.executable, str(ROOT / "lab" / "pki.py"), str(FOLDER), "--renew"], check=True)
