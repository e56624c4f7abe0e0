# SPDX-License-Identifier: GPL-3.0-or-later
"""Proves which file of plugins/ knows which: the table says for each room what it may import, and nothing else does."""

from __future__ import annotations

import functools
import re
import sys
from pathlib import Path

import pytest

from .touches_ansible import PREFIX, ROOT, imports, parsed, reach, resolved

PLUGINS = ROOT / "plugins"
TYPES = ("model", "link", "cabling", "catalogue", "finding", "lookup")
SITE = ("plugin_utils/contract/*", *(f"plugin_utils/stack/{name}.py" for name in TYPES))
"""The types of the declared site: what a kind's derivation and rules are written in."""
SMALL = ("plugin_utils/private_files.py", "plugin_utils/progress.py", "plugin_utils/readable.py")
DEVICE = (
    *("{own}/**", "plugin_utils/contract/*", "plugin_utils/connection/*", "plugin_utils/declared/*"),
    *("plugin_utils/kinds/__init__.py", "module_utils/deadline.py", *SMALL),
)
"""What reads and changes devices of a kind; neither Ansible nor the site."""
ARROWS: dict[str, tuple[str, ...]] = {
    "plugin_utils/contract/*": (),
    "plugin_utils/kinds/__init__.py": ("plugin_utils/contract/kind.py",),
    "plugin_utils/kinds/*.py": ("plugin_utils/contract/kind.py",),
    "plugin_utils/kinds/*/site.py": ("plugin_utils/contract/kind.py", "{own}/platform.py"),
    "plugin_utils/kinds/*/derivation.py": ("{own}/site.py", *SITE),
    "plugin_utils/kinds/*/rules.py": ("{own}/*", *SITE),
    "plugin_utils/kinds/*/p*.py": ("{own}/p*.py",),
    "plugin_utils/kinds/**": DEVICE,
    "plugin_utils/stack/**": ("plugin_utils/contract/*", "plugin_utils/kinds/__init__.py"),
    "plugin_utils/cutover/*": ("plugin_utils/contract/*",),
    "plugin_utils/options/*": (),
    "plugin_utils/declared/*": (
        "plugin_utils/contract/*",
        "module_utils/mapping.py",
    ),
    "plugin_utils/certificate/*": (
        "module_utils/mapping.py",
        "module_utils/tls_certificate/*",
        "plugin_utils/needed_secrets.py",
    ),
    "plugin_utils/connection/*": (
        *("plugin_utils/action.py", "plugin_utils/contract/*", "plugin_utils/declared/*", "plugin_utils/progress.py"),
    ),
    "plugin_utils/preflight/*": (
        *("plugin_utils/certificate/*", "plugin_utils/contract/*", "plugin_utils/kinds/__init__.py"),
        "plugin_utils/stack/**",
    ),
    "plugin_utils/report/*": ("module_utils/own_files.py", *SMALL),
    "plugin_utils/action.py": ("plugin_utils/core_release.py", "plugin_utils/preflight/*", *SMALL),
    "plugin_utils/private_files.py": ("module_utils/own_files.py",),
    "plugin_utils/progress.py": ("plugin_utils/readable.py",),
    "plugin_utils/*.py": (),
    "module_utils/**": (),
    "modules/*": ("module_utils/**",),
    "doc_fragments/*": (),
    "inventory/*": ("plugin_utils/stack/*", "plugin_utils/core_release.py"),
    "lookup/*": ("plugin_utils/stack/*", "plugin_utils/kinds/__init__.py"),
    "callback/*": ("plugin_utils/*.py",),
    "action/*": ("plugin_utils/**", "module_utils/**"),
}
"""By room (the first that fits a file is its own): what it may import beside itself. `{own}` is the kind's package."""
NAMED: dict[str, tuple[str, ...]] = {
    "plugin_utils/kinds/vcenter/*": ("plugin_utils/kinds/esxi_vss/*",),
    "plugin_utils/kinds/esxi_vds.py": ("plugin_utils/kinds/esxi_vss/site.py",),
    "plugin_utils/kinds/ontap_7mode.py": ("plugin_utils/kinds/ontap/site.py",),
    "plugin_utils/kinds/windows_set.py": ("plugin_utils/kinds/windows_lbfo.py",),
    "plugin_utils/kinds/linux/derivation.py": ("plugin_utils/stack/halves/linux.py",),
}
"""Exceptions. A vCenter is the way to ESXi hosts; the others share words with a kind of the same maker; and a Linux
host may be a load balancer, of which the site itself knows what follows."""
OF_ANSIBLE = (
    *("module_utils/**", "modules/*", "inventory/*", "lookup/*", "callback/*", "action/*"),
    *(
        "plugin_utils/action.py",
        "plugin_utils/core_release.py",
        "plugin_utils/connection/*",
        "plugin_utils/preflight/*",
    ),
)
LIBRARIES: dict[str, tuple[str, ...]] = {
    "plugin_utils/kinds/esxi_vss/device/*": ("pyVmomi",),
    "plugin_utils/kinds/junos_ex/device/*": ("jnpr", "lxml", "ncclient", "paramiko"),
    "plugin_utils/stack/third_party.py": ("pydantic",),
    "plugin_utils/stack/*": ("yaml",),
    "plugin_utils/preflight/tags.py": ("yaml",),
    "plugin_utils/certificate/*": ("cryptography",),
    "plugin_utils/report/*": ("jinja2",),
}
"""By file: what it may import of others beside ansible-core; where none fits, the standard library alone."""


@functools.cache
def _fits(name: str, pattern: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*\*", ".*").replace(r"\*", "[^/]*"), name) is not None


def _room(name: str, table: dict = ARROWS) -> str | None:
    return next((pattern for pattern in table if _fits(name, pattern)), None)


@functools.cache
def _files() -> tuple[str, ...]:
    return tuple(str(file.relative_to(PLUGINS)) for file in sorted(PLUGINS.rglob("*.py")))


@functools.cache
def _known(name: str) -> frozenset[str]:
    """Return the files of ours that a file imports, without packages that hold nothing but their sentence."""
    file = PLUGINS / name
    ours = (module for module in imports(file) if module.startswith(PREFIX))
    found = {(module.rpartition(".")[2], each) for module in ours for each in resolved(module, file)[-1:]}
    modules = {each for last, each in found if last in (each.stem, each.parent.name) and len(parsed(each).body) > 1}
    return frozenset(str(each.relative_to(PLUGINS)) for each in modules - {file})


def _allowed(name: str) -> tuple[str, ...]:
    room = _room(name)
    own = "/".join(name.split("/")[:3])
    beside = () if room is None or room.startswith("plugin_utils/kinds/") else (room,)
    more = (arrow for pattern, arrows in NAMED.items() if _fits(name, pattern) for arrow in arrows)
    return (*(arrow.replace("{own}", own) for arrow in ARROWS.get(room or "", ())), *beside, *more)


def test_every_file_has_a_room():
    assert [name for name in _files() if _room(name) is None] == []


@pytest.mark.parametrize("room", ARROWS)
def test_a_room_knows_what_its_row_says_and_nothing_else(room):
    files = [name for name in _files() if _room(name) == room]
    assert files, "no file is in this room any more"
    wrong = {
        f"{name} imports {other}"
        for name in files
        for other in _known(name)
        if not any(_fits(other, arrow) for arrow in _allowed(name))
    }
    assert wrong == set()


@pytest.mark.parametrize(("pattern", "arrow"), [(pattern, arrow) for pattern in NAMED for arrow in NAMED[pattern]])
def test_an_exception_is_one(pattern, arrow):
    known = {other for name in _files() if _fits(name, pattern) for other in _known(name)}
    assert any(_fits(other, arrow) for other in known), "nobody needs it any more"


def test_each_library_is_known_in_its_room_alone():
    wrong = {
        f"{name} imports {top}"
        for name in _files()
        for top in {module.split(".")[0] for module in imports(PLUGINS / name)}
        if top not in {*sys.stdlib_module_names, "ansible_collections", ""}
        if not any(top in libraries for room, libraries in LIBRARIES.items() if _fits(name, room))
        if top != "ansible" or not any(_fits(name, room) for room in OF_ANSIBLE)
    }
    assert wrong == set()


def test_who_speaks_to_a_device_loads_nothing_of_the_site():
    rooms = [PLUGINS / name for name in _files() if _fits(name, "plugin_utils/kinds/*/*/*")]
    site = {str(file.relative_to(PLUGINS)) for file in reach(*rooms) if "stack" in Path(file).parts}
    assert rooms
    assert site == set()
