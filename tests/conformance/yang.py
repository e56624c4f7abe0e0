# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge a configuration by Juniper's own YANG with yanglint, by the method of the validate.py beside the modules.

Juniper publishes one schema for both styles, so an overlay of deviations says what each style refuses beside it.
"""

from __future__ import annotations

import functools
import glob
import importlib.util
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import ModuleType

from lxml import etree

CUT = ("protocols", "ethernet-switching-options", "switch-options", "forwarding-options", "poe", "class-of-service")
"""Top-level nodes that the modules do not hold; golden files show what is written there."""
JUDGED = ("chassis", "interfaces", "vlans")
RELEASES = ("17.4R1", "21.4R1")


def folder() -> Path:
    """Return where the modules are: JUNOS_YANG, or shared/junos-yang beside the checkout."""
    given = os.environ.get("JUNOS_YANG")
    here = Path(__file__).resolve()
    beside = here.parents[3] / "shared" / "junos-yang"
    return Path(given) if given else beside


def missing() -> str:
    """Return why nothing can be judged; an empty text when it can."""
    if not (folder() / "validate.py").is_file():
        return f"Juniper's YANG is not in {folder()} (set JUNOS_YANG)"
    return "" if shutil.which("yanglint") else "yanglint is not installed"


@functools.cache
def _validate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("junos_validate", folder() / "validate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@functools.cache
def _namespaces(release: str) -> tuple[str, dict[str, str]]:
    return _validate().namespaces(str(folder() / release))


def refused(release: str, style: str, xml: str | bytes) -> str:
    """Return what is refused, or an empty text; raises AssertionError where a node would be neither judged nor cut."""
    root, nodes = _namespaces(release)
    tree = etree.fromstring(xml, etree.XMLParser(remove_blank_text=True, remove_comments=True))
    for child in list(tree):
        assert child.tag in JUDGED + CUT, f"{child.tag} is neither judged nor listed as cut off"
        if child.tag in CUT:
            tree.remove(child)
    with tempfile.NamedTemporaryFile(suffix=".xml") as data:
        data.write(etree.tostring(_validate().namespaced(tree, root, nodes)))
        data.flush()
        run = subprocess.run(
            ["yanglint", "-p", str(folder() / release), "-p", str(folder() / "overlay"), "-t", "config"]
            + [glob.glob(str(folder() / release / f"junos-ex-conf-{name}@*.yang"))[0] for name in JUDGED]
            + [glob.glob(str(folder() / "overlay" / f"lag-{style}@*.yang"))[0], data.name],
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode == 0 and not run.stderr.strip():
        return ""
    return run.stderr.strip() or f"yanglint ended with {run.returncode}"
