# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that ansible-doc tells the kinds of devices and every key of a site, each with its type."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.netstack.datacenter.plugins.plugin_utils.kinds import NAMES
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import SECTIONS
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.schema import schema

from . import site_files


def told_by_ansible_doc():
    """Return the options of the inventory plugin, as ansible-doc reads them."""
    command = [str(Path(sys.executable).with_name("ansible-doc")), "-t", "inventory", "-j", "netstack.datacenter.stack"]
    environment = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(site_files.ROOT / ".cache" / "collections")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    return json.loads(done.stdout)["netstack.datacenter.stack"]["doc"]["options"]


def test_ansible_doc_lists_the_kinds_and_every_key_with_its_type():
    options, definitions = told_by_ansible_doc(), schema()["$defs"]
    for section, model in SECTIONS.items():
        keys = options[section]["suboptions"]
        assert set(keys) == set(definitions[model.__name__]["properties"])
        assert [name for name, key in keys.items() if not (key["type"] and all(key["description"]))] == []
    assert options["devices"]["suboptions"]["kind"]["choices"] == list(NAMES)
    ends = options["links"]["suboptions"]["ends"]["suboptions"]
    assert (ends["ports"]["type"], ends["ports"]["elements"], ends["lag"]["type"]) == ("list", "str", "str")
