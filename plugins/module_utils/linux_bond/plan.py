# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a change of the bonds comes to: files, interfaces that go and come, and the same for the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import Change, File

from .backends import Backend
from .kernel import Differences, Kernel, differences
from .model import Bond, Declared
from .watchdog import loading


@dataclass(frozen=True)
class Plan:
    """One change.

    ``gone`` are the interfaces that are taken away before the files are loaded, ``up`` those that come up anew,
    ``taken`` the members of bonds that are made, ``released`` those whose own configuration counts again, ``rewritten``
    what gets other addresses, gateway or MTU. ``faults`` is what the kernel lacks now.
    """

    old: Declared
    new: Declared
    changes: list[Change]
    gone: list[str]
    up: list[str]
    taken: list[str]
    released: list[str]
    rewritten: list[str]
    faults: list[str]
    restores: str = ""

    @property
    def needed(self) -> bool:
        """Tell whether there is anything to do."""
        return bool(self.changes or self.faults or self.gone)

    @property
    def verbs(self) -> list[str]:
        """Return what is to be done, in words."""
        if not self.needed:
            return []
        removed = [name for name in self.gone if name not in self.up]
        written = ["write"] if self.changes else []
        return [*written, *(f"remove {n}" for n in removed), *(f"make {n}" for n in self.up), "load"]

    @property
    def touched(self) -> set[str]:
        """Return every interface over which frames may stop for a while."""
        return {*self.gone, *self.up, *self.taken, *self.released, *self.rewritten}


def compare(old: Declared, new: Declared, changes: list[Change], kernel: Kernel, rebuilds_all: bool) -> Plan:
    """Return the plan that leads from what this collection made before to what is declared now."""
    wrong = differences(new, kernel)
    # ifupdown does not know what another backend brought up, and would bring it up below a VLAN that works.
    taken_over = rebuilds_all and old.backend != new.backend
    remade = [
        bond
        for bond in new.bonds
        if bond.name in wrong.bonds or taken_over or (rebuilds_all and _changed(old, bond, wrong))
    ]
    up = [name for bond in new.bonds for name in _coming(old, bond, bond in remade, wrong, rebuilds_all)]
    vanished = [name for bond in old.bonds for name in bond.interfaces if name not in new.layers]
    former = [m for bond in old.bonds if bond.name in vanished or new.bond(bond.name) in remade for m in bond.members]
    return Plan(
        old=old,
        new=new,
        changes=changes,
        gone=[name for name in dict.fromkeys([*vanished, *up]) if kernel.has(name)],
        up=up,
        taken=[member for bond in remade for member in bond.members],
        released=[member for member in dict.fromkeys(former) if member not in new.members],
        rewritten=[
            name for name, net in new.layers.items() if name in wrong.layers or old.layers.get(name, net) != net
        ],
        faults=wrong.texts,
    )


def _changed(old: Declared, bond: Bond, wrong: Differences) -> bool:
    before = old.bond(bond.name)
    return before is None or bond.name in wrong.layers or (before.options, before.net) != (bond.options, bond.net)


def _coming(old: Declared, bond: Bond, remade: bool, wrong: Differences, rebuilds_all: bool) -> list[str]:
    """Return the interfaces of a bond that are made anew: all with the bond itself, else the VLANs that differ."""
    if remade:
        return bond.interfaces
    before = old.bond(bond.name)
    same = before.vlans if before else ()
    moved = [vlan for vlan in bond.vlans if vlan.name in wrong.vlans]
    if rebuilds_all:
        moved = [vlan for vlan in bond.vlans if vlan in moved or vlan not in same or vlan.name in wrong.layers]
    return [vlan.name for vlan in moved]


def forward(plan: Plan, backends: Sequence[Backend]) -> list[str]:
    """Return the lines of the script that loads the new files; the backend that has them is the last."""
    files = [change.wanted for change in plan.changes]
    return loading(plan.gone, plan.taken, _commands(backends, [*plan.up, *plan.released], files))


def back(plan: Plan, backends: Sequence[Backend]) -> list[str]:
    """Return the lines that load the former files once they are back: what was made goes, what went comes."""
    files = [change.current or File(change.wanted.path, None) for change in plan.changes]
    came = [name for name in plan.old.layers if name in {*plan.gone, *plan.up}]
    members = [name for name in plan.taken if name not in plan.old.members]
    return loading(plan.up, plan.released, _commands(backends, [*came, *members], files))


def _commands(backends: Sequence[Backend], up: list[str], files: list[File]) -> list[list[str]]:
    return [command for backend in backends for command in backend.commands(up, files)]
