# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the disk of the virtual machine: Debian with the kernel of its package linux-image-cloud-amd64, by mmdebstrap.

It is made once and kept in `.cache/vm`, under a name that changes with its recipe: this file and the folder `guest`.
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
SUITE = "bookworm"
PACKAGES = "systemd-sysv,udev,dbus,kmod,python3,openssh-server,iproute2,iputils-ping,linux-image-cloud-amd64"
NETWORK = "netplan.io,ifupdown,ifenslave"
DISK_MEGABYTES = 1000


def digest() -> str:
    """Return what an image depends on, so that a stale one is never used."""
    parts = [Path(__file__).read_bytes(), *(path.read_bytes() for path in sorted(GUEST.iterdir()))]
    return hashlib.sha256(b"".join(parts)).hexdigest()[:12]


def image() -> Path:
    """Make the image if it is not there; return its folder with disk, kernel, initrd and the key to log in with."""
    folder = CACHE / digest()
    if not (folder / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "key")], check=True)
        _bootstrap(folder)
        (folder / "done").touch()
    return folder


def _bootstrap(folder: Path) -> None:
    root = folder / "root"
    customize = f'{GUEST}/customize "$1" {GUEST} {folder}/key.pub'
    make = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES},{NETWORK}"]
    make += [f"--customize-hook={customize}", "--skip=output/dev", SUITE, str(root)]
    disk = ["mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", str(root), str(folder / "disk.img")]
    steps = [
        shlex.join(make),
        f"{shlex.join(disk)} {DISK_MEGABYTES}M",
        f"cp {root}/boot/vmlinuz-* {folder}/vmlinuz",
        f"cp {root}/boot/initrd.img-* {folder}/initrd",
        f"cp {root}/etc/ssh/ssh_host_ed25519_key.pub {folder}/host.pub",
        f"rm -rf {root}",
        f"chown -R {os.getuid()}:{os.getgid()} {folder}",
    ]
    subprocess.run(as_root(["sh", "-ec", " && ".join(steps)]), check=True)
