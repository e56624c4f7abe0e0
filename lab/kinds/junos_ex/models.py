# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches that can be simulated: style, release, ports, limits (facts, section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .schema import AES, Style


@dataclass(frozen=True)
class Model:
    """One type of switch; `bays` are (PIC, port type, number of ports).

    `split` are ports with a cable that makes several of one: (PIC, port type, first port, number of ports, channels).
    `aes`: how many names of bundles there are, from ae0; `gigether`: members are made with gigether-options as well.
    """

    name: str
    style: Style
    release: str
    bays: tuple[tuple[int, str, int], ...]
    members_per_lag: int
    lags: int
    split: tuple[tuple[int, str, int, int, int], ...] = ()
    aes: int = AES
    gigether: bool = False

    def ports(self, fpcs: int) -> list[str]:
        """Give the names of all ports of a chassis of `fpcs` members."""
        one = [f"{kind}-%d/{pic}/{port}" for pic, kind, count in self.bays for port in range(count)]
        for pic, kind, first, count, channels in self.split:
            numbers = range(first, first + count)
            one += [f"{kind}-%d/{pic}/{port}:{channel}" for port in numbers for channel in range(channels)]
        return [name % fpc for fpc in range(fpcs) for name in one]

    @property
    def short_release(self) -> str:
        """Give the release as it stands in Junos's XML namespaces (12.3R12 of 12.3R12.4)."""
        return ".".join(self.release.split(".")[:2])

    @property
    def appends(self) -> bool:
        """Tell whether a range's statements are appended to an interface's own: from 14.1X53-D15 on (Juniper)."""
        match = RELEASE.match(self.release)
        return match is not None and tuple(int(part or 0) for part in match.groups()) >= APPENDING


RELEASE = re.compile(r"(\d+)\.(\d+)(?:X(\d+)-D(\d+))?")
APPENDING = (14, 1, 53, 15)
_GIG24, _GIG48 = (0, "ge", 24), (0, "ge", 48)
_MODELS = (
    Model("ex2200-24t-4g", "nonels", "12.3R12.4", (_GIG24, (1, "ge", 4)), 8, 32),
    Model("ex2200-48t-4g", "nonels", "12.3R12.4", (_GIG48, (1, "ge", 4)), 8, 32),
    Model("ex3300-48t", "nonels", "12.3R12.4", (_GIG48, (1, "xe", 4)), 8, 111),
    Model("ex4200-24t", "nonels", "15.1R7.9", (_GIG24, (1, "xe", 2)), 8, 111),
    Model("ex4200-48t", "nonels", "15.1R7.9", (_GIG48, (1, "xe", 2)), 8, 111),
    Model("ex2300-24t", "els", "18.2R3.4", (_GIG24, (1, "xe", 4)), 16, 128),
    Model("ex2300-48t", "els", "18.2R3.4", (_GIG48, (1, "xe", 4)), 16, 128),
    Model("ex3400-48t", "els", "18.2R3.4", (_GIG48, (1, "et", 2), (2, "xe", 4)), 16, 128),
    Model("ex4300-24t", "els", "13.2X51-D39.1", (_GIG24, (1, "et", 4), (2, "xe", 4)), 16, 112),
    Model("ex4300-48t", "els", "21.4R3.15", (_GIG48, (1, "et", 4), (2, "xe", 4)), 16, 112),
    # Juniper, "Configuring an Aggregated Ethernet Interface": 480 aggregated interfaces on MX and EX9200
    Model("ex9204", "els", "18.4R3.3", tuple((pic, "xe", 8) for pic in range(4)), 64, 480, (), 480, True),
    Model("ex4650-48y", "els", "20.4R3.8", ((0, "xe", 48),), 64, 72, ((0, "xe", 48, 4, 4),)),
)
MODELS = {model.name: model for model in _MODELS}
# What `--els` and `--nonels` of the command line stand for.
BY_STYLE: dict[str, str] = {"els": "ex4300-48t", "nonels": "ex4200-48t"}
