# SPDX-License-Identifier: GPL-3.0-or-later
"""Two holders of an address are counted by every look at the wire, once they last."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.module_utils.vip.neighbours import Holders, Target
from ansible_collections.netstack.datacenter.plugins.modules import vip_holder

WEB = Target("192.0.2.100", "eth0")
ONE, TWO, NONE = Holders(WEB, True, ()), Holders(WEB, True, ("02:00:00:00:00:02",)), Holders(WEB, False, ())
INSTANCES = {"web4": {"interface": "eth0", "addresses": ["192.0.2.100/24"]}}


class EndedError(Exception):
    """What the module returned."""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that runs the module on a wire that shows these holders, the last of them for good."""

    def work(*looks: Holders, check: bool = False, **parameters: Any) -> dict[str, Any]:
        class Module:
            def __init__(self, **_words: Any) -> None:
                self.params = {
                    "instances": INSTANCES,
                    "addresses": [],
                    "expect": "any",
                    "timeout": 0.2,
                    "unheld": [],
                    **parameters,
                }
                self.check_mode = check
                self.run_command = None

            def exit_json(self, **result: Any) -> None:
                raise EndedError(result)

            def fail_json(self, **result: Any) -> None:
                raise EndedError({"failed": True, **result})

        left = list(looks)
        monkeypatch.setattr(vip_holder, "AnsibleModule", Module)
        monkeypatch.setattr(vip_holder.time, "sleep", lambda _seconds: None)
        monkeypatch.setattr(
            vip_holder, "find_holders", lambda _run, _targets: [left.pop(0) if len(left) > 1 else left[0]]
        )
        with pytest.raises(EndedError) as ended:
            vip_holder.main()
        return {**ended.value.args[0], "unused": len(left)}

    return work


@pytest.mark.parametrize("check", [True, False])
def test_two_holders_that_last_are_named_without_a_failure(check: bool, run: Any) -> None:
    result = run(TWO, check=check)
    assert result["doubled"] == ["192.0.2.100: 2 hosts hold it: this host, 02:00:00:00:00:02"]
    assert "failed" not in result


def test_an_address_that_moves_is_seen_twice_and_is_not_doubled(run: Any) -> None:
    assert run(TWO, TWO, ONE)["doubled"] == []


@pytest.mark.parametrize("seen", [ONE, NONE])
def test_where_no_two_hold_it_one_look_is_enough(seen: Holders, run: Any) -> None:
    result = run(seen, TWO)
    assert (result["doubled"], result["unused"]) == ([], 1)


def test_a_verification_waits_for_one_and_fails_for_two(run: Any) -> None:
    assert run(NONE, TWO, ONE, expect="one")["changed"] is False
    assert "2 hosts hold it" in run(TWO, expect="one")["msg"]


def test_in_check_mode_an_address_that_nobody_holds_yet_is_no_failure(run: Any) -> None:
    assert "failed" not in run(NONE, expect="one", check=True)


NOBODY, HERE, BOTH = (False, ()), (True, ()), (True, ("02:00:00:00:00:01",))


@pytest.mark.parametrize(
    ("seen", "unheld", "found"),
    [
        (HERE, [], 0),
        (NOBODY, [], 1),
        (BOTH, [], 1),
        (NOBODY, ["192.0.2.100"], 0),
        (NOBODY, ["192.0.2.101"], 1),
        (BOTH, ["192.0.2.100"], 1),
    ],
)
def test_nobody_is_no_fault_where_that_is_expected_and_two_always_are(seen, unheld, found):
    local, others = seen
    holders = Holders(Target("192.0.2.100", "eth0"), local, others)
    assert len(vip_holder.wrong({"web": [holders]}, unheld)) == found
