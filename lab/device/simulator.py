# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab knows of a kind's simulator: how it is started, and how a device of it is told what its owner did."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Device:
    """A simulated device behind a port of its own on loopback; ``simulator`` is the name of what plays it.

    ``about`` is what its simulator wants to know (`Simulator.fields`). ``setup`` is what its owner did to it before
    this collection came, in the device's own commands.
    """

    name: str
    simulator: str
    port: int
    setup: list[str] = field(default_factory=list)
    about: dict[str, Any] = field(default_factory=dict)


class Simulator(ABC):
    """One kind's simulator.

    `name` is what labs call it, and how its record in a lab's folder is named. `switch`: the devices have the ports
    that cables are declared at; others are plugged into these. `word` is what its control port calls a device,
    `fields` what the declaration of a device says of it.
    """

    name: str
    switch: bool
    word: str
    fields: tuple[str, ...]

    @property
    def kind(self) -> str:
        """Give what the collection calls its devices: the name of the package."""
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def what(self, device: Device) -> str:
        """Say in a few words what a device is."""

    @abstractmethod
    def arguments(self, devices: list[Device], address: str, folder: Path, keys: Path) -> list[str]:
        """Make ready what the program needs in the lab's folder; give the options of its `run`.

        `address` is where the devices listen, `keys` the file with the public keys of those that may log in.
        """

    @abstractmethod
    def setup(self, device: Device) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the operations of the control port that do what the device's owner did, with their arguments."""
