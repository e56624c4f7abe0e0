# SPDX-License-Identifier: GPL-3.0-or-later
"""Each declaration in cases/ renders to the text beside it; what the text says of itself is found again in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ansible_collections.netstack.datacenter.plugins.module_utils.pound.render import (
    bound_in,
    declared_digest,
    is_ours,
)

from ..golden_files import Golden
from .pound_builders import CASES, findings, listener, rendered

NAMES = sorted(path.stem for path in CASES.glob("*.yml") if path.stem != "faults")
FAULTS = yaml.safe_load((CASES / "faults.yml").read_text())
TLS = {"tls": {"certificates": ["/etc/haproxy/certs/shop.pem"]}}


@pytest.mark.parametrize("name", NAMES)
def test_a_declaration_renders_to_the_text_that_was_reviewed(name: str, golden: Golden) -> None:
    golden(CASES / f"{name}.cfg", rendered(**yaml.safe_load((CASES / f"{name}.yml").read_text())))


@pytest.mark.parametrize("fault", FAULTS, ids=[fault["title"] for fault in FAULTS])
def test_a_wrong_declaration_is_refused_with_these_messages(fault: dict[str, Any]) -> None:
    assert findings(fault["configuration"]) == fault["messages"]


def test_a_renewed_certificate_is_another_configuration() -> None:
    shop = {"listeners": {"shop": listener(**TLS)}}
    one, two = (rendered(shop, {"/etc/haproxy/certs/shop.pem": digest}) for digest in ("11", "22"))
    assert declared_digest(one) != declared_digest(two)
    assert one.replace(declared_digest(one), "") == two.replace(declared_digest(two), "")


def test_the_same_declaration_has_the_same_digest() -> None:
    assert len({rendered({"listeners": {"shop": listener()}}, {}) for _time in range(2)}) == 1


def test_the_addresses_of_a_text_are_read_whoever_wrote_it() -> None:
    ours = rendered({"listeners": {"web": listener(address="*", port=80), "shop": listener()}}, {})
    assert bound_in(ours) == [("127.0.0.1", 846), ("192.0.2.100", 8443), ("", 80)]
    by_hand = "ListenHTTP\n  Address 10.0.0.1\n  Service\n    BackEnd\n      Address 10.9.9.9\n      Port 99\n"
    assert bound_in(f'{by_hand}    End\n  End\nEnd\nlistenhttps "b"\n\tPort 444\nEnd\n') == [
        ("10.0.0.1", 80),
        ("", 444),
    ]


def test_a_foreign_text_is_not_ours_and_has_no_digest() -> None:
    assert not is_ours('User "www-data"\n')
    assert declared_digest('Service "netstack-x"\n') == ""
