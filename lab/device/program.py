# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of a simulator, and its life: it starts, prints one line of JSON, serves until a signal ends it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import tempfile
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

from .client import ask
from .control import Control, port_of
from .ssh import Access


class Program(ABC):
    """One kind's simulator: what a subclass fills in; `doc` is the help that the command line shows.

    Common options of `run`: --control PORT, --user, --password, --password-file, --authorized-keys, --keys (a folder
    that keeps host keys and certificates), --known-hosts (a file that is written).
    """

    doc: str
    control: Control[Any]
    user = "lab"
    password = "lab123"

    @abstractmethod
    def options(self, run: argparse.ArgumentParser) -> None:
        """Add the kind's own options of `run`: its devices above all."""

    @abstractmethod
    async def start(self, given: argparse.Namespace, folder: Path, access: Access) -> tuple[Any, dict[str, Any]]:
        """Let all devices listen; give the lab that `control` is about, and what is printed.

        That is `devices`: {NAME: {"address", "port", and "host_key" where it speaks SSH, at "ssh_port" if that is
        another one, and more}}, and more. `folder` keeps keys and certificates.
        """

    def show(self) -> str:
        """Give what `models` prints; nothing where the kind has none, and no such command."""
        return ""

    def main(self, argv: list[str] | None = None) -> int:
        """Run one command."""
        given = self._arguments(argv)
        if given.command == "models":
            print(self.show())
        elif given.command == "control":
            print(json.dumps(ask(given.port, given.operation, **json.loads(given.json)), indent=1))
        else:
            with contextlib.suppress(KeyboardInterrupt), tempfile.TemporaryDirectory() as made:
                folder = given.keys or Path(made)
                folder.mkdir(parents=True, exist_ok=True)
                asyncio.run(self._run(given, folder))
        return 0

    def _arguments(self, argv: list[str] | None) -> argparse.Namespace:
        parser = argparse.ArgumentParser(description=self.doc, formatter_class=argparse.RawDescriptionHelpFormatter)
        commands = parser.add_subparsers(dest="command", required=True)
        run = commands.add_parser("run")
        self.options(run)
        run.add_argument("--control", type=int, default=0)
        run.add_argument("--user", default=self.user)
        run.add_argument("--password", default=self.password, help="by SSH with an empty one: keys only")
        run.add_argument("--password-file", type=Path, help="file with the password, which is then in no process list")
        run.add_argument("--authorized-keys", type=Path)
        run.add_argument("--keys", type=Path, help="folder in which host keys and certificates are kept")
        run.add_argument("--known-hosts", type=Path)
        send = commands.add_parser("control")
        send.add_argument("port", type=int)
        send.add_argument("operation")
        send.add_argument("json", nargs="?", default="{}")
        if self.show():
            commands.add_parser("models")
        return parser.parse_args(argv)

    async def _run(self, given: argparse.Namespace, folder: Path) -> None:
        """Serve until a signal ends it."""
        if given.password_file:
            given.password = given.password_file.read_text(encoding="utf-8").strip()
        access = Access(given.user, given.password)
        if given.authorized_keys:
            access.read_keys(given.authorized_keys)
        lab, about = await self.start(given, folder, access)
        opened = await self.control.serve(lab, given.control)
        speak = [each for each in about["devices"].values() if "host_key" in each]
        known = [f"[{each['address']}]:{each.get('ssh_port', each['port'])} {each['host_key']}\n" for each in speak]
        if given.known_hosts:
            given.known_hosts.write_text("".join(known), encoding="utf-8")
        print(json.dumps({"control": port_of(opened), **about, "known_hosts": known}), flush=True)
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await ended.wait()
