# SPDX-License-Identifier: GPL-3.0-or-later
"""Simulated switches of both styles, some of a release before 14.1X53-D15; hypothesis keeps its files in the cache."""

from __future__ import annotations

from pathlib import Path

import hypothesis.configuration
import pytest
from unit.junos.switches import Lab, skip_without_its_packages, target_at

from kinds.junos_ex.client import Simulator

from .module import MODELS, PRECEDENCE, Switch

hypothesis.configuration.set_hypothesis_home_dir(Path(__file__).parents[2] / ".cache" / "hypothesis")


@pytest.fixture(scope="session")
def simulators(tmp_path_factory):
    skip_without_its_packages()
    with Simulator(MODELS) as found:
        known = tmp_path_factory.mktemp("ssh") / "known_hosts"
        known.write_text("".join(f"[127.0.0.1]:{found.port(name)} {found.host_key(name)}\n" for name in MODELS))
        found.known_hosts = str(known)
        yield found


@pytest.fixture
def switches(simulators) -> dict[str, Switch]:
    """Return the switches by name."""
    return {name: Switch(Lab(simulators, name, target_at(simulators, name)), PRECEDENCE[name]) for name in MODELS}
