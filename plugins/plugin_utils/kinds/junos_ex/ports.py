# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports a Juniper EX can have, by its model. Data with its source; a model that is not listed is not judged."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from .platform import PORT

SOURCE = "Juniper, interface naming of EX and the hardware guide of the model"


@dataclass(frozen=True)
class Layout:
    """Members of the largest virtual chassis, the sizes of PIC 0 that are sold, and ports of the other PICs.

    The other PICs are counted by their largest uplink module, so that a port is refused only where no module has it.
    """

    members: int
    sizes: tuple[int, ...]
    uplinks: Mapping[int, int]


_COMPACT = Layout(4, (12,), {1: 2})
_LAYOUTS: Mapping[str, Layout] = {
    "ex2200-c": _COMPACT,
    "ex2200": Layout(4, (24, 48), {1: 4}),
    "ex2300-c": _COMPACT,
    "ex2300": Layout(4, (24, 48), {1: 6}),
    "ex3200": Layout(1, (24, 48), {1: 4}),
    "ex3300": Layout(10, (24, 48), {1: 4}),
    "ex3400": Layout(10, (24, 48), {1: 2, 2: 4}),
    "ex4200": Layout(10, (24, 48), {1: 4}),
    "ex4300": Layout(10, (24, 32, 48), {1: 4, 2: 8}),
    "ex4500": Layout(10, (40,), {1: 4, 2: 4}),
    "ex4550": Layout(10, (32,), {1: 8, 2: 8}),
}
"""PIC 0 are the built-in ports; PIC 1 and 2 the uplinks (Juniper, statement `pic`, EX Series)."""
_OTHERS = ("ex4000", "ex4100", "ex4400", "ex4600", "ex4650", "ex62", "ex82", "ex92")
"""How models begin whose ports depend on line cards, channels or modes: known, and not judged."""
_MODEL = re.compile(r"(ex\d{4}(?:-c(?=-|\Z))?)(?:-(\d+)\w*)?(?:-\w+)*")
_RELEASE = re.compile(r"\d{1,2}\.\d{1,2}([RXFSBI]\d+([.-][A-Z]?\d+)*)?(-EVO)?", re.IGNORECASE)
"""15.1R7, 12.3R12-S5.1, 14.1X53-D47.6, 21.4R3-S2."""


def is_release(text: str) -> bool:
    """Tell whether the text is a Junos release."""
    return _RELEASE.fullmatch(text.strip()) is not None


def is_model(text: str) -> bool:
    """Tell whether the text is the name of an EX, of a whole series (`ex4200`) or of one model of it."""
    return text.strip().lower().startswith(_OTHERS) or _layout(text) is not None


def near_model(text: str) -> str | None:
    """Return the known model that looks most like the text."""
    whole = [f"{name}-{size}t" for name, layout in _LAYOUTS.items() for size in layout.sizes]
    return next(iter(difflib.get_close_matches(text.strip().lower(), [*_LAYOUTS, *_OTHERS, *whole], 1, 0.8)), None)


def why_not(port: str, model: str) -> str | None:
    """Return why a model cannot have the port; None where it can, or where nobody knows."""
    found, match = _layout(model), PORT.fullmatch(port)
    if found is None or match is None:
        return None
    layout, size = found
    fpc, pic, number = (int(part) for part in match.groups()[1:4])
    if fpc >= layout.members:
        return f"FPC {fpc}, and the highest of its virtual chassis is {layout.members - 1}"
    count = size if pic == 0 else layout.uplinks.get(pic, 0)
    if not count:
        return f"PIC {pic}, and the highest is {max(layout.uplinks)}"
    return f"port {number}, and the highest of PIC {pic} is {count - 1}" if number >= count else None


def _layout(model: str) -> tuple[Layout, int] | None:
    """Return the layout of a model, and the number of its built-in ports: the series' highest where none is named."""
    match = _MODEL.fullmatch(model.strip().lower())
    layout = _LAYOUTS.get(match[1]) if match else None
    if match is None or layout is None:
        return None
    size = int(match[2]) if match[2] else max(layout.sizes)
    return (layout, size) if size in layout.sizes else None
