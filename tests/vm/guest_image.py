# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the virtual machine's Debian by mmdebstrap: a kernel of its package linux-image-cloud-amd64, and the whole root
directory as its initramfs.

A root directory in memory needs no disk, no driver of one and no second initramfs that looks for it: an emulated
processor takes half of the time until the host is there. It is made once and kept in `.cache/vm`, where it takes a
former one's place, under a name that changes with its recipe: this file and the folder `guest`.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
from pathlib import Path

from podman import as_root

HERE = Path(__file__).resolve().parent
GUEST = HERE / "guest"
CACHE = HERE.parents[1] / ".cache" / "vm"
NAME = "bond-host"
"""Of the host, and by which its key is known, whatever port leads to it."""
SUITE = "bookworm"
PACKAGES = "systemd-sysv,udev,kmod,python3,openssh-server,iproute2,iputils-ping,netplan.io,ifupdown,ifenslave"
LEFT_OUT = ["doc", "man", "locale", "info", "zoneinfo"]
MERGED = "/usr/share/mmdebstrap/hooks/merged-usr"
"""Makes /bin a link itself; the package usrmerge, which would, brings all of Perl."""


def digest() -> str:
    """Return what an image depends on, so that a stale one is never used."""
    parts = [Path(__file__).read_bytes(), *(path.read_bytes() for path in sorted(GUEST.iterdir()))]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def image() -> Path:
    """Make the image if it is not there; return its folder with kernel, initramfs and the key to log in with."""
    folder = CACHE / digest()
    if not (folder / "done").exists():
        shutil.rmtree(CACHE, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        _bootstrap(folder)
        (folder / "done").touch()
    return folder


def _bootstrap(folder: Path) -> None:
    make = ["mmdebstrap", "--quiet", "--variant=essential", "--format=null", f"--include={PACKAGES}"]
    make += [f"--hook-dir={MERGED}", "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/lib/udev/hwdb.d/*"]
    make += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in LEFT_OUT]
    for program in ("kernel", "customize", "pack"):
        make.append(f'--customize-hook={GUEST}/{program} "$1" {shlex.quote(str(folder))} {NAME}')
    steps = [shlex.join([*make, SUITE, "-"]), f"chown -R {os.getuid()}:{os.getgid()} {shlex.quote(str(folder))}"]
    subprocess.run(as_root(["sh", "-ec", " && ".join(steps)]), check=True)
