# SPDX-License-Identifier: GPL-3.0-or-later
"""Makes the lab's container images: from the public image where a registry answers, by mmdebstrap otherwise."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

import checkout
from podman import HERE, PodmanError, as_root, run, succeeds

PULL_SECONDS = 60  # how long a registry may take before the image is made from the archive


def specification() -> dict[str, Any]:
    """Return what images.yml says."""
    data: dict[str, Any] = yaml.safe_load((HERE / "images.yml").read_text())
    return data


def name_of(image: str) -> str:
    """Return the local name of an image; it changes with its recipe, so that a stale one is never used."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + (HERE / "images.yml").read_bytes()).hexdigest()[:12]
    return f"localhost/netstack-lab-{image}:{digest}"


def main() -> int:
    """Make the image that the command line names; exit 1 where it is not to be had."""
    try:
        print(ensure(sys.argv[1]))
    except PodmanError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def ensure(image: str) -> str:
    """Make the image if it is not there and return its local name.

    Raises:
        PodmanError: neither a registry nor the archive gave it; holds what they said.
    """
    name = name_of(image)
    with checkout.machine_wide("netstack-images"):  # another checkout may want the same one now
        if not succeeds(["podman", "image", "exists", name]):
            _make(name, image)
    return name


def _make(name: str, image: str) -> None:
    data = specification()
    entry = data["images"][image]
    packages = data["packages"] + entry.get("packages", [])
    if _pulled(entry["base"]):
        print(f"lab: building {image} on the public image {entry['base']}", file=sys.stderr)
        _build(name, entry["base"], packages)
    else:
        print(f"lab: no registry answers; making {image} with mmdebstrap (about 30 s)", file=sys.stderr)
        _bootstrap(name, entry, packages)


def _pulled(base: str) -> bool:
    """Tell whether the public image is here or can be fetched."""
    return succeeds(["timeout", str(PULL_SECONDS), "podman", "pull", "--quiet", base])


def _build(name: str, base: str, packages: list[str]) -> None:
    install = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    recipe = f'FROM {base}\nENV DEBIAN_FRONTEND=noninteractive\nRUN {install}\nCMD ["/sbin/init"]\n'
    run(["podman", "build", "--quiet", "-t", name, "-f", "-"], stdin=recipe)


def _bootstrap(name: str, entry: dict[str, Any], packages: list[str]) -> None:
    """Make the image with mmdebstrap; the archive and its mirror are those of the tool's own defaults."""
    suite = entry["suite"]
    # The package lists stay: a machine in service has them, and check mode, which fetches none, needs them.
    make = ["mmdebstrap", "--variant=minbase", "--skip=cleanup/apt/lists", f"--components={entry['components']}"]
    make.append(f"--include={','.join(packages)}")
    if "keyring" in entry:
        if not Path(entry["keyring"]).exists():
            raise PodmanError(f"{suite}: {entry['keyring']} is not on this machine, so its archive cannot be trusted")
        make.append(f"--keyring={entry['keyring']}")
    make += [suite, "-"]
    take = ["podman", "import", "--change", 'CMD ["/sbin/init"]', "-", name]
    # A session of its own: mmdebstrap sends SIGHUP to its process group when the pipe breaks.
    script = f"set -o pipefail; setsid --wait {shlex.join(make)} | {shlex.join(take)}"
    done = subprocess.run(as_root(["bash", "-c", script]), capture_output=True, text=True, check=False)
    if done.returncode:
        succeeds(["podman", "image", "rm", "--force", name])  # podman imports what little came, too
        words = [line for line in done.stderr.splitlines() if line.startswith("E:")]
        raise PodmanError(f"mmdebstrap {suite}: {'; '.join(words) or done.stderr.strip()[-500:]}")


if __name__ == "__main__":
    sys.exit(main())
