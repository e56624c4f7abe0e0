# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets in every form in which they could leak, and where to look for them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12

from podman import as_root

SHORTEST = 8  # bytes of a form below which a hit could be chance


def forms_of_text(secret: str) -> set[bytes]:
    """Return a secret as it is, URL-quoted, and as it looks inside base64 of any text around it."""
    plain = secret.encode()
    found = {plain, quote(secret, safe="").encode(), json.dumps(secret)[1:-1].encode()}
    for shift, skipped in ((0, 0), (1, 2), (2, 3)):
        # characters that hold bits of the neighbours differ from text to text; those between are always the same
        encoded = base64.b64encode(b"\0" * shift + plain)
        found.add(encoded[skipped : (shift + len(plain)) * 8 // 6])
    return {form for form in found if len(form) >= SHORTEST}


def forms_of_key(key: bytes) -> set[bytes]:
    """Return the lines of an RSA key's body that are secret, in both PEM formats and in base64 once more.

    One line is enough to find a leak. The first eight hold the modulus, which is in the certificate, too.
    """
    loaded = serialization.load_pem_private_key(key, None)
    found: set[bytes] = set()
    for layout in (serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL):
        pem = loaded.private_bytes(serialization.Encoding.PEM, layout, serialization.NoEncryption())
        for line in pem.decode().splitlines()[9:-2]:
            found |= forms_of_text(line)
    return found


@dataclass
class Canaries:
    """Names of secrets and their forms."""

    forms: dict[str, set[bytes]] = field(default_factory=dict)

    def add_text(self, name: str, secret: str) -> None:
        """Watch for a text."""
        self.forms[name] = forms_of_text(secret)

    def add_key(self, name: str, key: bytes) -> None:
        """Watch for a private key."""
        self.forms[name] = forms_of_key(key)

    def found_in(self, data: bytes) -> set[str]:
        """Return the names of the secrets of which any form is in `data`.

        A PEM body that JSON or a shell broke differently is found, too: line ends, also escaped ones, are taken out.
        """
        flat = data.replace(b"\\n", b"").replace(b"\n", b"").replace(b"\r", b"")
        return {name for name, forms in self.forms.items() if any(form in data or form in flat for form in forms)}


# Reads {"forms": {name: [base64]}, "since": seconds, "roots": [...], "any_mode": bool} from stdin; tells hits as JSON.
FILE_SEARCH = """
import base64, json, os, stat, sys
ask = json.load(sys.stdin)
forms = {name: [base64.b64decode(form) for form in given] for name, given in ask["forms"].items()}
hits = []
for root in ask["roots"]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in ask["leave_out"]]
        for name in files:
            path = os.path.join(folder, name)
            try:
                status = os.lstat(path)
                if not stat.S_ISREG(status.st_mode) or status.st_ctime < ask["since"] or status.st_size > 100_000_000:
                    continue
                if not ask["any_mode"] and not stat.S_IMODE(status.st_mode) & 0o077:
                    continue
                with open(path, "rb") as file:
                    data = file.read()
            except OSError:
                continue
            flat = data.replace(b"\\\\n", b"").replace(b"\\n", b"").replace(b"\\r", b"")
            for secret, given in forms.items():
                if any(form in data or form in flat for form in given):
                    hits.append([path, oct(stat.S_IMODE(status.st_mode)), secret])
print(json.dumps(hits))
"""


def search_files(
    canaries: Canaries,
    roots: list[str],
    *,
    container: str = "",
    since: float = 0.0,
    any_mode: bool = False,
    leave_out: tuple[str, ...] = (),
) -> list[list[str]]:
    """Return [path, mode, secret] of files below `roots` that hold a secret and that others than the owner may read.

    `container` "" is this machine. `since`: only files changed after this moment (seconds since the epoch). With
    `any_mode` a file counts whatever its mode.
    """
    forms = {name: [base64.b64encode(form).decode() for form in given] for name, given in canaries.forms.items()}
    ask = {"forms": forms, "since": since, "roots": roots, "any_mode": any_mode, "leave_out": list(leave_out)}
    python = ["podman", "exec", "-i", container, "python3"] if container else [sys.executable]
    command = as_root([*python, "-c", FILE_SEARCH])
    done = subprocess.run(command, input=json.dumps(ask), check=True, capture_output=True, text=True)
    hits: list[list[str]] = json.loads(done.stdout)
    return hits


# Tells the command line of every process of this machine, its containers included, until stdin ends; each once. What
# waits to be seen by this checkout is told so by a file where it runs, so that it is there until then, however busy the
# machine is.
WATCH_PROCESSES = """
import contextlib, os, select, sys
seen = set()
while not select.select([0], [], [], 0.02)[0]:
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                line = file.read()
        except OSError:
            continue
        if line not in seen:
            seen.add(line)
            sys.stdout.buffer.write(line.replace(b"\\0", b" ") + b"\\n")
        first, last = b"sh\\0-c\\0rm -f /run/held-seen;", b"\\0" + os.fsencode(sys.argv[1]) + b"\\0"
        if line.startswith(first) and line.endswith(last):
            with contextlib.suppress(OSError):
                open(f"/proc/{pid}/root/run/held-seen", "w").close()
"""


class ProcessWatch:
    """Samples the arguments of all processes, of the controller and of the lab's hosts alike."""

    def __enter__(self) -> ProcessWatch:
        """Start watching. It writes to a file: a pipe that nobody empties would stop it on a busy machine."""
        self.output = b""
        self.file = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            as_root([sys.executable, "-c", WATCH_PROCESSES, str(Path(__file__).parent)]),
            stdin=subprocess.PIPE,
            stdout=self.file,
        )
        return self

    def __exit__(self, *_: object) -> None:
        """Stop watching and keep what was seen."""
        self.process.communicate(timeout=30)
        assert self.process.returncode == 0
        with self.file:
            self.file.seek(0)
            self.output = self.file.read()


def journal(container: str) -> bytes:
    """Return the whole journal of a host."""
    command = as_root(["podman", "exec", container, "journalctl", "--no-pager", "--output=json", "--all"])
    return subprocess.run(command, check=True, capture_output=True).stdout


def read_key(bundle: Path, password: str) -> bytes:
    """Return the private key of a PKCS#12 file as PEM."""
    key, _certificate, _others = pkcs12.load_key_and_certificates(bundle.read_bytes(), password.encode())
    assert key is not None
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
