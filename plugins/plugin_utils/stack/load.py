# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the file `stack.yml` to a checked site, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack import third_party
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import reading
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.check import NODE_DEPTH, Waived, check
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.expand_ranges import write_out_ranges
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.fallback_groups import claimed
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import (
    Fault,
    Finding,
    Path,
    Place,
    once,
    ordered,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import PROFILE_SECTIONS, SECTIONS, Site
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.profiles import (
    Inheritance,
    ProfileError,
    profile_shadows,
    shipped,
)
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.reader import not_a_mapping
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.sources import Sources, read_sources
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.validate import bad_name, build, named_badly

_VALUE_RULES = ("JINJA", "TAG", "RECURSION", "RANGE")
"""Rules of the reader after which another word about the same value would only repeat it."""
_PART_RULES = ("YAML_SYNTAX", "ALIASES", "FILE_UNREADABLE", "SITE_FOLDER", "UNKNOWN_SECTION")
"""Rules of the reader after which nobody knows what else the site declares."""
_STRUCTURE = ("lb", "mode", "tls", "ports", "backends", "profile")
"""Keys of a service without which its other values cannot be judged."""
_STAND_IN: dict[str, dict[str, Any]] = {
    "services": {"lb": "pair", "vip": "192.0.2.1", "ports": [443], "backends": ["192.0.2.2"], "tls": {"at": "none"}},
    "links": {"bundle": "none", "ends": {}},
}
"""What only a service or a link can say, for checking a profile by itself (addresses of RFC 5737)."""


@reading("PYDANTIC_MISSING")
def pydantic_missing(problem: str) -> str:
    """The Python library pydantic is not installed where Ansible runs.

    Breaks: nothing can be checked, so nothing may be touched.
    Why: the model of the site is written with pydantic (requirements.txt of the collection).
    Mend: install it into the Python environment of ansible-core.
    """
    return (
        f"the site cannot be checked, for the Python library pydantic is missing ({problem}); run `pip install "
        "pydantic` in the environment of ansible-core"
    )


Object = tuple[str, str]
"""Section and name."""
Places = dict[Object, list[int]]
OF_EVERY_PAIR: Object = ("certificates", "")


@dataclass
class Loaded:
    """A site with what was found about it. Only without errors may anything be derived from it."""

    site: Site
    hosts: list[str]
    findings: list[Finding]
    waived: list[Waived] = field(default_factory=list)
    claimed: dict[str, set[str]] = field(default_factory=dict)
    """Groups as far as they can be read from a site with errors, so that a play on one of them meets the refusal."""

    @property
    def errors(self) -> list[Finding]:
        """Return what refuses the site."""
        return [finding for finding in self.findings if finding.severity == "error"]

    @property
    def warnings(self) -> list[Finding]:
        """Return what is shown and does not refuse the site."""
        return [finding for finding in self.findings if finding.severity == "warning"]

    @property
    def notes(self) -> list[Finding]:
        """Return what is no fault and stands in the report."""
        return [finding for finding in self.findings if finding.severity == "note"]

    def concerning(self, objects: Iterable[Object]) -> list[Finding]:
        """Return the findings that concern one of these objects, in their order."""
        return [self.findings[place] for place in _of(self._places, objects)]

    def waived_of(self, objects: Iterable[Object]) -> list[Waived]:
        """Return what is waived and concerns one of these objects, in its order."""
        return [self.waived[place] for place in _of(self._waived_places, objects)]

    @cached_property
    def _places(self) -> Places:
        return _by_object(finding.fault for finding in self.findings)

    @cached_property
    def _waived_places(self) -> Places:
        return _by_object(item.finding.fault for item in self.waived)


def _by_object(faults: Iterable[Fault]) -> Places:
    """Return the places of the faults by object; made once, for a site has as many of them as it has hosts and links.

    A certificate that nobody uses belongs to nobody, and every load balancer shows it.
    """
    found: Places = {}
    for place, fault in enumerate(faults):
        shared = [OF_EVERY_PAIR] if fault.path[:1] == ("certificates",) else []
        for owner in dict.fromkeys([*fault.objects(), *shared]):
            found.setdefault(owner, []).append(place)
    return found


def _of(places: Places, objects: Iterable[Object]) -> list[int]:
    return sorted({place for each in objects for place in places.get(each, ())})


def load(stack: FilePath, base: FilePath | None = None) -> Loaded:
    """Read and check the site of the file `stack`; messages name files relative to `base` (the working directory)."""
    sources = read_sources(stack, base or FilePath.cwd())
    write_out_ranges(sources)
    hosts = [name for name, raw in sources.sections["devices"].items() if not named_badly("devices", name)]
    if third_party.MISSING is not None:
        text = pydantic_missing(str(third_party.MISSING))
        sources.report("PYDANTIC_MISSING", (), Place(sources.shown, 0), text)
        return Loaded(Site(), hosts, ordered(sources.findings), claimed=claimed(sources.sections, hosts))
    site = _Builder(sources).site()
    findings, waived = check(site, sources.positions)
    found = ordered(once(ordered([*sources.findings, *findings]), sources.positions))
    return Loaded(site, hosts, found, waived, claimed(sources.sections, hosts))


class _Builder:
    """Makes the objects of the model, and reports what cannot become one."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._partial: set[str] = set()
        self._failed: set[Path] = set()
        self._reported = {item.fault.path for item in sources.findings if item.rule in _VALUE_RULES}
        self._inheritance = {section: _inheritance(section, sources) for section in PROFILE_SECTIONS}

    def site(self) -> Site:
        for section in PROFILE_SECTIONS:
            self._check_profiles(section)
        objects: dict[str, dict[str, Any]] = {section: {} for section in SECTIONS}
        for section in SECTIONS:
            for name, raw in self._sources.sections[section].items():
                made = self._object(section, name, raw)
                if made is not None:
                    objects[section][name] = made
        declared = {section: frozenset(self._sources.sections[section]) for section in SECTIONS}
        return Site(**objects, declared=declared, complete=self._complete_site(), partial=frozenset(self._partial))

    def _complete_site(self) -> bool:
        """Tell whether every file and every section could be read."""
        findings = self._sources.findings
        lost = {item.fault.path for item in findings if item.rule == "NOT_A_MAPPING"}
        return not any(item.rule in _PART_RULES for item in findings) and not any(
            len(path) < NODE_DEPTH for path in lost
        )

    def _report(self, rule: str, path: Path, text: str) -> None:
        self._sources.report(rule, path, self._sources.positions.at(path), text)

    def _object(self, section: str, name: str, raw: Any) -> Any:
        path: Path = (section, name)
        if named_badly(section, name):
            self._report("NAME", path, bad_name(section, name))
        if not isinstance(raw, dict | None):
            self._report("NOT_A_MAPPING", path, not_a_mapping("a list" if isinstance(raw, list) else "one value"))
            return None
        complete = self._complete(section, raw or {}, path)
        made, faults = build(SECTIONS[section], complete, path)
        self._report_all(faults)
        if made is None and section == "services":
            made = self._without(complete, [where[NODE_DEPTH:] for _rule, where, _text in faults], path)
        return made

    def _without(self, raw: dict[str, Any], wrong: list[Path], path: Path) -> Any:
        """Return the service without its wrong values, so that its other mistakes are told in the same run."""
        if any(not where or where[0] in _STRUCTURE for where in wrong):
            return None
        rest = {key: value for key, value in raw.items() if key not in {where[0] for where in wrong}}
        made, _faults = build(SECTIONS["services"], rest, path)
        if made is not None:
            self._partial.add(str(path[1]))
        return made

    def _report_all(self, faults: list[tuple[str, Path, str]]) -> None:
        """Report what was not reported yet by the reader at this value, or at the profile that the value is from."""
        for rule, where, text in faults:
            known = any(where[:length] in self._reported for length in range(len(where) + 1))
            known = known or (rule == "MISSING_KEY" and where[:NODE_DEPTH] in self._failed)
            if not known and not any(where in item.inherited for item in self._inheritance.values()):
                self._report(rule, where, text)

    def _complete(self, section: str, raw: dict[str, Any], path: Path) -> dict[str, Any]:
        if section not in self._inheritance:
            return raw
        try:
            return self._inheritance[section].complete(raw, path)
        except ProfileError as error:
            self._report(error.rule, (*path, "profile"), str(error))
            self._failed.add(path)
            return raw

    def _check_profiles(self, section: str) -> None:
        """Check each profile as an object of the section of which only the profile's part is its own."""
        profiles = PROFILE_SECTIONS[section]
        for name, raw in self._sources.sections[profiles].items():
            path: Path = (profiles, name)
            if named_badly(profiles, name):
                self._report("NAME", path, bad_name(profiles, name))
            if section == "services" and name in shipped():
                self._report("PROFILE_SHADOWS", path, profile_shadows(name))
            if not isinstance(raw, dict):
                self._report("NOT_A_MAPPING", path, not_a_mapping("a list" if isinstance(raw, list) else "one value"))
                continue
            whole = {**_STAND_IN[section], **self._complete(section, raw, path)}
            self._report_all(build(SECTIONS[section], whole, path)[1])


def _inheritance(section: str, sources: Sources) -> Inheritance:
    profiles = sources.sections[PROFILE_SECTIONS[section]]
    declared = {name: raw for name, raw in profiles.items() if isinstance(raw, dict)}
    return Inheritance(section, declared, sources.positions)
