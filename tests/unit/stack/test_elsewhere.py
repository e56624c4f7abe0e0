# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves that what a refusal names instead of a wish is taken: by the rules, by the roles and by a real HAProxy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import elsewhere
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.halves.linux import DERIVED
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import LbPair
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.service import Backend, Raw, Service, Tls

from ..haproxy.haproxy_accepts import RELEASES, accept
from ..haproxy.haproxy_builders import rendered
from . import stack_builders as builders
from .test_derivation import haproxy_of, variables

PARTS = {part.__name__: part for part in (LbPair, Service, Tls, Backend, Raw)}
GROUP_VARS = ("haproxy_global", "haproxy_defaults", "haproxy_foreign", "vip_raw")
HELLO = ["tcp-request inspect-delay 5s", "tcp-request content accept if { req.ssl_hello_type 1 }"]


def by_name(site: dict[str, Any], tmp_path: Path) -> str:
    """Return the line that the message names for the second service of one address and port."""
    texts = [str(item) for item in builders.loaded(site, tmp_path).errors]
    assert len(texts) == 1
    return texts[0].partition("raw.frontend: [")[2].partition("]")[0]


def two(tmp_path: Path, second: dict[str, Any], first: dict[str, Any], before: list[str]) -> dict[str, Any]:
    """Return the variables of a site whose second service is served by name at the first one's address and port."""
    site = builders.site()
    site["services"] = {"first": {**first, "raw": {}}, "second": {**second, "server_names": ["b.test"]}}
    if first["tls"].get("at") == "none":
        del site["certificates"]
    line = by_name(site, tmp_path)
    site["services"]["first"]["raw"] = {"frontend": [*before, line]}
    site["services"]["second"]["ports"] = [9443]
    return variables(site, tmp_path)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("kind", ["offloaded", "passed through"])
def test_two_services_at_one_port_are_served_by_name_as_the_message_says(
    kind: str, release: str, tmp_path: Path
) -> None:
    web, tcp = builders.service("10.0.10.5"), builders.tcp("10.0.10.5", ports=[443])
    found = two(tmp_path, web, web, []) if kind == "offloaded" else two(tmp_path, tcp, tcp, HELLO)
    text = rendered(haproxy_of(found), str(RELEASES[release])).main
    asked = "req.hdr(host)" if kind == "offloaded" else "req.ssl_sni"
    assert f"    use_backend second.servers if {{ {asked} -i b.test }}\n    default_backend first.servers" in text
    accept(text, tmp_path, release)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("algorithm", ["uri", "url_param id", "hdr(X-User)", "rdp-cookie"])
def test_another_algorithm_is_the_line_that_the_message_names(algorithm: str, release: str, tmp_path: Path) -> None:
    said = elsewhere.of_value("balance", algorithm)
    assert said
    site = builders.site()
    site["services"]["shop"]["raw"] = {"backend": [said.partition("[")[2].rstrip("]")]}
    found = variables(site, tmp_path)
    accept(rendered(haproxy_of(found), str(RELEASES[release])).main, tmp_path, release)


@pytest.mark.parametrize("variable", GROUP_VARS)
def test_what_is_to_stand_in_group_vars_is_no_variable_of_the_site(variable: str) -> None:
    assert variable not in DERIVED


def test_no_key_is_said_to_stand_elsewhere_that_its_part_knows() -> None:
    assert [
        (name, key)
        for name, part in PARTS.items()
        for key in part.model_fields
        if elsewhere.of_key(name, key) is not None
    ] == []
