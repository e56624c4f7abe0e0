# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that no secret leaves its place: output, results, diffs, journals, process arguments or readable files.

Every secret of the lab is a random string or key. They are looked for as they are, in base64 and line by line of a PEM
body, in what runs with -vvv and --diff let out: those of test_site.py on empty hosts (check mode, and the real one
without pipelining) and of a configuration that HAProxy refuses, which brings new secrets; two that fail here; and with
--all one that renews every secret and has one for VRRP, its verification and the way back. The
hosts' journals and files are searched as all tests of this part left them. The first test leaks on purpose: the search
finds each of its leaks.
"""

from __future__ import annotations

import base64
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import yaml
from canary import ProcessWatch, search_files
from conftest import INVENTORY, ROOT, Run, inside, play
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hunt import HERE, MODES, TOPOLOGY_OF_LAB, Hunt, former_secrets, new_secrets, write_secrets

from pki import SERVED
from podman import as_root
from traffic.site_copy import SiteCopy

pytestmark = pytest.mark.part("site")

RENEWAL = "renewal"
"""The run that renews all secrets."""


def test_the_search_finds_every_leak_that_is_made_on_purpose(first, tmp_path):
    plain, encoded = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
    key = rsa.generate_private_key(65537, 2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    hunt = Hunt()
    hunt.canaries.add_text("plain", plain)
    hunt.canaries.add_text("encoded", encoded)
    hunt.canaries.add_key("key", key)
    body = "".join(key.decode().splitlines()[1:-1])
    leaked = f"{plain} {base64.b64encode(b'operator:' + encoded.encode()).decode()} {body}"
    variables = tmp_path / "leak.yml"
    variables.write_text(yaml.safe_dump({"leaked": leaked}))
    variables.chmod(0o600)
    done = hunt.play("control", "-e", f"@{variables}", playbook=str(HERE / "control.yml"))
    assert done.code == 0, done.out[-3000:]
    found = set(hunt.leaks())
    places = [
        *("control: output", "control: results", "control: process arguments"),
        *("lb1: journal", "lb1: file /root/leaked (0o644)"),
    ]
    assert {f"{place}: {name}" for place in places for name in ("plain", "encoded", "key")} <= found
    assert not any("/root/kept" in line for line in found)
    container = TOPOLOGY_OF_LAB.container("lb1")
    kept = search_files(hunt.canaries, ["/root"], container=container, since=hunt.began, any_mode=True)
    assert ["/root/kept", "0o600", "plain"] in kept
    inside("lb1", "rm", "/root/leaked", "/root/kept")


def test_the_watch_goes_on_however_much_it_sees():
    long = [sys.executable, "-c", "import sys; sys.stdin.read()"]
    held = "rm -f /run/held-seen; for each in $(seq 300); do [ -e /run/held-seen ] && exit; sleep 0.1; done; exit 1"
    with ProcessWatch() as watch, ExitStack() as running:
        for number in range(3):
            process = subprocess.Popen([*long, f"{number}" * 100_000], stdin=subprocess.PIPE)
            running.callback(process.communicate)
        subprocess.run(as_root(["sh", "-c", held, str(HERE)]), check=True)
    assert all(f"{number}" * 100_000 in watch.output.decode(errors="replace") for number in range(3))


def fail(hunt: Hunt, name: str) -> None:
    for mode, arguments in MODES.items():
        done = hunt.play(f"{name}, {mode}", *arguments)
        assert done.code != 0, done.out[-3000:]


@pytest.fixture
def wrong_password(first: Run, hunt: Hunt) -> None:
    """A password that does not open the certificate's file."""
    with former_secrets():
        write_secrets(shop_pfx=secrets.token_urlsafe(24))
        hunt.note("wrong password", keys=False)
        fail(hunt, "wrong password")


@pytest.fixture
def unfit_secret(first: Run, hunt: Hunt) -> None:
    """A secret that cannot stand in a configuration: with quotes, a backslash and a line end."""
    parts = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
    for number, part in enumerate(parts):
        hunt.canaries.add_text(f"unfit secret, part {number}", part)
    with former_secrets():
        write_secrets(stats="\"'\\ #\n".join(parts))
        fail(hunt, "unfit secret")


def test_no_secret_is_found_anywhere(predicted, first, refused, wrong_password, unfit_secret, hunt):
    failing = [f"{name}, {mode}" for name in ("refused", "wrong password", "unfit secret") for mode in MODES]
    assert hunt.runs == ["check of empty hosts", "first run", *failing]
    channels = ("output", "results", "process arguments")
    assert [name for name in hunt.runs if not all(hunt.seen[f"{name}: {channel}"] for channel in channels)] == []
    assert hunt.leaks() == []


@pytest.fixture
def renewed(first: Run, hunt: Hunt) -> Iterator[list[Run]]:
    """Every secret is another, and VRRP has one, which takes other addresses; verified, and taken back."""
    site = SiteCopy(INVENTORY, "renewed")
    site.change(with_authentication)
    with former_secrets():
        new_secrets()
        write_secrets(vrrp=secrets.token_urlsafe(6))
        hunt.note("renewed")
        run = hunt.play("renewed", "-e", f"netstack_run_id={RENEWAL}", inventory=site.folder)
        told = hunt.play("renewed, verified", playbook="verify", inventory=site.folder)
    yield [run, told, hunt.play("renewed, taken back", "-e", f"stack_rollback_to={RENEWAL}", playbook="rollback")]
    done = play()
    assert done.code == 0, done.out


def with_authentication(data: dict[str, Any]) -> None:
    """Let VRRP have a password: VRRP of IPv6 has none, and an address that stays must keep its virtual router."""
    data["lb_pairs"]["edge"]["authentication_secret"] = "vrrp"
    for number, service in enumerate(data["services"].values(), start=110):
        service.pop("vip6", None)
        service["vip"] = service["vip"].rsplit(".", 1)[0] + f".{number}"


def held(hunt: Hunt, node: str, folder: str) -> dict[str, set[str]]:
    """Return which secrets of the renewal lie below a folder of a node, and in files of which modes."""
    hits = search_files(hunt.canaries, [folder], container=TOPOLOGY_OF_LAB.container(node), any_mode=True)
    found: dict[str, set[str]] = {}
    for _path, mode, name in hits:
        found.setdefault(name.removeprefix("renewed: "), set()).add(mode)
    return found


@pytest.mark.all_only(
    "the first run has each role's way of a secret but VRRP's, on both nodes; a renewal is three runs more"
)
def test_no_secret_is_found_after_all_were_renewed_verified_and_taken_back(renewed, hunt):
    assert [done.code for done in renewed] == [0, 0, 0], [done.out[-3000:] for done in renewed if done.code]
    assert (ROOT / "report" / "report.json").stat().st_mtime > hunt.began
    for node in ("lb1", "lb2"):
        kept = held(hunt, node, "/var/lib/netstack")
        served = {f"private key of {stem}" for stem in SERVED}
        assert {*served, "stats", "vrrp"} <= kept.keys(), "what was taken back is kept, and so are its secrets"
        assert set().union(*kept.values()) == {"0o600"}
    assert hunt.leaks() == []
