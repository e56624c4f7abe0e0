# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that a run whose inventory turned out empty fails; ansible-core itself only warns and exits with 0."""

from __future__ import annotations


def preflight(place, *arguments):
    return place.run("ansible-playbook", "netstack.datacenter.preflight", "-i", "stack.yml", *arguments)


def test_an_inventory_that_is_not_there_is_refused_whatever_the_tags(place):
    done = preflight(place, "--tags", "anything")
    assert done.returncode != 0
    assert "The inventory has no host at all" in done.stderr


def test_a_misspelt_plugin_name_is_refused(place):
    (place.folder / "stack.yml").write_text("plugin: netstack.datacenter.stak\nvlans: {}\n")
    done = preflight(place)
    assert done.returncode != 0
    assert "names no inventory plugin" in done.stderr
