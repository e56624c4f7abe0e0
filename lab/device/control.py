# SPDX-License-Identifier: GPL-3.0-or-later
"""The control port: JSON lines over TCP, one request and one answer a line. It alone moves clocks and sets faults.

A request is `{"op": NAME, ...}` with the operation's arguments, the answer `{"ok": true, "result": ...}` or
`{"ok": false, "error": TEXT}`. The README of each kind lists its operations.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Generic, TypeVar

from .client import ControlError
from .ends import End
from .faults import Fault, Faults

LIMIT = 16 * 1024 * 1024
WRONG = (AttributeError, ValueError, TypeError, KeyError, IndexError)
Operation = Callable[..., Any]
AnyLab = TypeVar("AnyLab")
Found = TypeVar("Found")


async def ask(port: int, op: str, /, **arguments: Any) -> Any:
    """Send one operation to a control port and give its result, while other tasks go on.

    Raises:
        ControlError: it was refused, or not answered.
        OSError: nobody listens.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=LIMIT)
    writer.write(json.dumps({"op": op, **arguments}).encode() + b"\n")
    answer = json.loads(await reader.readline() or b'{"ok": false, "error": "no answer"}')
    writer.close()
    if not answer["ok"]:
        raise ControlError(f"{op}: {answer['error']}")
    return answer["result"]


def find(what: str, name: str, among: Mapping[str, Found]) -> Found:
    """Give what a name stands for.

    Raises:
        ValueError: for nothing.
    """
    if name not in among:
        raise ValueError(f"no {what} {name}; there are {', '.join(among)}")
    return among[name]


def port_of(server: asyncio.Server) -> int:
    """Give the port at which a server listens."""
    return int(server.sockets[0].getsockname()[1])


class Control(Generic[AnyLab]):
    """The operations of one kind; each is given the lab first. `refusals` are the device's own, told as any other."""

    def __init__(self, *refusals: type[Exception]) -> None:
        self.refusals = refusals
        self.operations: dict[str, Operation] = {}

    def operation(self, function: Operation) -> Operation:
        """Register an operation, async or not, under its function's name; its parameters are the arguments."""
        self.operations[function.__name__] = function
        return function

    def of_faults(self, word: str, made: type[Fault], faults: Callable[[AnyLab, str], Faults[Any]]) -> None:
        """Register what sets, clears and releases the faults of the device that the argument `word` names."""

        def named(act: Operation) -> Operation:
            return lambda lab, **given: act(faults(lab, given.pop(word)), **given)

        self.operations |= {
            "fault": named(lambda found, fault: found.rules.append(made(**fault))),
            "clear_faults": named(lambda found: found.clear()),
            "release": named(lambda found: found.release()),
        }

    def of_ends(self, end: Callable[[AnyLab, str], End]) -> None:
        """Register what lab/fabric.py asks and tells the end that a name finds."""

        async def view(lab: AnyLab, device: str) -> dict[str, Any]:
            return asdict(await end(lab, device).view())

        self.operations |= {"view": view, "hear": lambda lab, device, far: end(lab, device).hear(far)}

    async def serve(self, lab: AnyLab, port: int, host: str = "127.0.0.1") -> asyncio.Server:
        """Open the control port (0: any)."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):  # whoever asked may be gone by then
                while line := await reader.readline():
                    writer.write(json.dumps(await self.answer(lab, line), default=str).encode() + b"\n")
                    await writer.drain()
            writer.close()

        return await asyncio.start_server(talk, host, port, limit=LIMIT)

    async def answer(self, lab: AnyLab, line: bytes) -> dict[str, Any]:
        """Carry out one request; what goes wrong is told, not raised."""
        try:
            request: dict[str, Any] = json.loads(line)
            function = self.operations.get(request.pop("op", ""))
            if function is None:
                raise ValueError(f"the operations are {', '.join(self.operations)}")
            result = function(lab, **request)
            return {"ok": True, "result": await result if inspect.isawaitable(result) else result}
        except WRONG as failure:
            return {"ok": False, "error": f"{type(failure).__name__}: {failure}"}
        except self.refusals as failure:
            return {"ok": False, "error": f"{type(failure).__name__}: {getattr(failure, 'msg', failure)}"}
