# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with a declaration or with a switch: the messages that a user reads."""

from __future__ import annotations

from ansible_collections.netstack.datacenter.plugins.plugin_utils.declared.findings import Finding, RefusalError

__all__ = ["Finding", "RefusalError"]
