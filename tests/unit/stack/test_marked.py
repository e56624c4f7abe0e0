# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that the mark `ansible` follows a fixture: this file touches nothing of ansible-core, its fixture does."""

from __future__ import annotations

from ..touches_ansible import marked, touches


def test_a_test_that_gets_to_ansible_by_a_fixture_alone_is_marked(request, place):
    assert not touches(request.path)
    assert marked(request.node)


def test_another_test_of_the_same_file_is_not(request):
    assert not marked(request.node)
