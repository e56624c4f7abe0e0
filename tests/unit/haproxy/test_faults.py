# SPDX-License-Identifier: GPL-3.0-or-later
"""Each wrong load balancer in cases/faults.yml is refused with exactly the messages that stand there."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from .haproxy_builders import CASES, findings

FAULTS = yaml.safe_load((CASES / "faults.yml").read_text())


@pytest.mark.parametrize("fault", FAULTS, ids=[fault["title"] for fault in FAULTS])
def test_it_is_refused_with_these_messages(fault: dict[str, Any]) -> None:
    wrong = {key: value for key, value in fault.items() if key not in ("title", "messages")}
    assert findings(**wrong) == fault["messages"]
