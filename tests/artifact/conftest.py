# SPDX-License-Identifier: GPL-3.0-or-later
"""Builds the collection once, and installs it once in a place where nothing else is to be found."""

from __future__ import annotations

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def artifact(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("artifact")
    command = ["ansible-galaxy", "collection", "build", str(ROOT), "--output-path", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return next(folder.glob("netstack-datacenter-*.tar.gz"))


@pytest.fixture(scope="session")
def shipped(artifact) -> set[str]:
    """Return every file and folder of the artifact."""
    with tarfile.open(artifact) as archive:
        return set(archive.getnames())


@pytest.fixture(scope="session")
def installed(artifact, tmp_path_factory):
    """An empty place where nothing but the installed collection is to be found."""
    place = tmp_path_factory.mktemp("installed")
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(place),
        "HOME": str(place),
        "ANSIBLE_HOME": str(place / "home"),
    }
    environment.pop("PYTHONPATH", None)
    command = ["ansible-galaxy", "collection", "install", str(artifact), "-p", str(place), "--offline"]
    subprocess.run(command, check=True, capture_output=True, env=environment, cwd=place)
    return place, environment
