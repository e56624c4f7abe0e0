# SPDX-License-Identifier: GPL-3.0-or-later
"""What lies in a scenario of Molecule is played: a file that nothing includes any more would prove nothing, unseen."""

from __future__ import annotations

import os
import re

from . import graph

STEPS = ("create", "prepare", "converge", "verify", "destroy")
NAMED = re.compile(
    r"/molecule/(?P<top>\w+/\w+\.yml)|\b(?:import_playbook|include_tasks|src): (?:&\w+ )?(?P<file>[\w./]+)"
)
READ = ("molecule.yml", "lab.yml", "/inventory/", "/group_vars/")  # by Molecule, by lab/lab.py and by Ansible itself


def leads_to(path: str) -> set[str]:
    """Return the files that one of a scenario names: as Ansible looks for them, or by the top of the checkout."""
    folders = (os.path.dirname(path), "/".join(path.split("/")[:2]))
    found = set()
    for match in NAMED.finditer((graph.ROOT / path).read_text()):
        names = [f"molecule/{match['top']}"] if match["top"] else [f"{each}/{match['file']}" for each in folders]
        found |= {os.path.normpath(name) for name in names}
    return found & set(graph.below("molecule"))


def test_every_file_of_a_scenario_is_played():
    files = set(graph.below("molecule"))
    asked = {path for path in files if path.endswith("/molecule.yml")}
    more = asked | {path for path in files if path.split("/")[2].removesuffix(".yml") in STEPS}
    played: set[str] = set()
    while more:
        played |= more
        more = set().union(*map(leads_to, more)) - played
    assert sorted(path for path in files - played if not any(each in path for each in READ)) == []
