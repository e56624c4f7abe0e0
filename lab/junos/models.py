# SPDX-License-Identifier: GPL-3.0-or-later
"""The switches that can be simulated: style, release, ports, limits (facts, section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from .schema import Style


@dataclass(frozen=True)
class Model:
    """One type of switch; `bays` are (PIC, port type, number of ports)."""

    name: str
    style: Style
    release: str
    bays: tuple[tuple[int, str, int], ...]
    members_per_lag: int
    lags: int

    def ports(self, fpcs: int) -> list[str]:
        """Give the names of all ports of a chassis of `fpcs` members."""
        return [
            f"{kind}-{fpc}/{pic}/{port}"
            for fpc in range(fpcs)
            for pic, kind, count in self.bays
            for port in range(count)
        ]

    @property
    def short_release(self) -> str:
        """Give the release as it stands in Junos's XML namespaces (12.3R12 of 12.3R12.4)."""
        return ".".join(self.release.split(".")[:2])


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
    Model("ex4300-48t", "els", "21.4R3.15", (_GIG48, (1, "et", 4), (2, "xe", 4)), 16, 112),
)
MODELS = {model.name: model for model in _MODELS}
# What `--els` and `--nonels` of the command line stand for.
BY_STYLE: dict[str, str] = {"els": "ex4300-48t", "nonels": "ex4200-48t"}
