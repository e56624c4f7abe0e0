# SPDX-License-Identifier: GPL-3.0-or-later
"""The way over SSH: OpenSSH's own client, one login that several commands share, host keys verified."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cached_property

from ansible_collections.netstack.datacenter.plugins.plugin_utils.contract.finding import Finding, RefusalError

from ..config import printed
from ..declared.model import HostState, Nic
from ..run.plan import Step
from ..run.request import ITSELF
from . import errors, esxcli
from .host_keys import is_known_unchecked
from .target import Target

_ASKPASS = "#!/bin/sh\nprintf '%s\\n' \"$NETSTACK_PASSWORD\"\n"
_FAILED = 255
"""The exit status of ssh itself; every other one is the command's."""
_BATCH = 40
"""Commands in one line; a host with a hundred port groups needs more than one."""


class Shell:
    """A session with one ESXi host over SSH."""

    moves = False
    """No command moves a port group to another virtual switch."""
    away: Mapping[str, errors.HostError] = {}
    """One host alone is never one of many."""

    def __init__(self, target: Target) -> None:
        if shutil.which("ssh") is None:
            raise errors.ConnectError("OpenSSH's client is not installed on the controller.", "Install ssh.")
        self.target = target
        self.folder = tempfile.mkdtemp(prefix="nst-")
        self._json = True
        try:
            self.run("esxcli --formatter=json network nic list", connecting=True)
        except errors.RefusedError:
            # An old esxcli without that formatter: its text says the same.
            self._json = False
            self._refuse_older()
        except errors.HostError:
            self.drop()
            raise

    def _refuse_older(self) -> None:
        """Raise RefusedError for ESX(i) 4, whose esxcli knows nothing of virtual switches."""
        try:
            self.run("esxcli network nic list")
        except errors.RefusedError as error:
            what = f"The esxcli of {self._where} has no `network nic list`: ESX(i) 4 is without it."
            raise errors.RefusedError(what, "Use transport: api.", error.words) from None

    def _command(self) -> list[str]:
        target = self.target
        shared = {"ControlMaster": "auto", "ControlPath": f"{self.folder}/c", "ControlPersist": "60"}
        options = {
            "ConnectTimeout": str(target.connect_timeout),
            "ServerAliveInterval": "15",
            "NumberOfPasswordPrompts": "1",
            "LogLevel": "ERROR",
            "BatchMode": "no" if target.password else "yes",
            "StrictHostKeyChecking": "yes" if target.host_key_checking else "no",
        }
        # The first value of an option counts: the user's arguments come before what is only our default.
        words = ["ssh", "-T", "-x", *_options(shared | self._strict), *target.ssh_arguments, *_options(options)]
        if not target.host_key_checking and not self._is_known:
            words.append("-oUserKnownHostsFile=/dev/null")
        return [*words, *self._login(), "--", target.host]

    def _login(self) -> list[str]:
        target = self.target
        words = ["-i", os.path.expanduser(target.key_file)] if target.key_file else []
        return [*words, *(["-p", str(target.port)] if target.port else []), "-l", target.user or "root"]

    @property
    def _strict(self) -> dict[str, str]:
        """Return what has a known host key compared though host key checking is off."""
        return {"StrictHostKeyChecking": "yes"} if self._is_known else {}

    @cached_property
    def _is_known(self) -> bool:
        off = [] if self.target.host_key_checking else ["-oStrictHostKeyChecking=no"]
        if not off and "stricthostkeychecking" not in " ".join(self.target.ssh_arguments).lower():
            return False  # it is compared anyway
        return is_known_unchecked([*self.target.ssh_arguments, *off, *self._login()], self.target.host)

    def _environment(self) -> dict[str, str]:
        environment = dict(os.environ)
        if self.target.password:
            file = os.path.join(self.folder, "askpass")
            with open(file, "w", encoding="utf-8") as stream:
                stream.write(_ASKPASS)
            os.chmod(file, 0o700)
            password = {"SSH_ASKPASS": file, "SSH_ASKPASS_REQUIRE": "force", "NETSTACK_PASSWORD": self.target.password}
            environment |= {"DISPLAY": ":", **password}
        return environment

    def run(self, line: str, *, connecting: bool = False) -> str:
        """Run a line in the host's shell and return what it prints.

        Raises:
            errors.HostError: there is no way in, the line failed, or no answer came.

        """
        seconds = self.target.call_timeout + (self.target.connect_timeout if connecting else 0)
        try:
            done = subprocess.run(
                [*self._command(), line],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
                env=self._environment(),
                check=False,
            )
        except subprocess.TimeoutExpired:
            what = f"{self._where} gave no answer in {seconds} s."
            raise (errors.UnreachableError if connecting else errors.LostError)(
                what, "Look at the way to it."
            ) from None
        said = (done.stdout + done.stderr).strip()
        if done.returncode == _FAILED:
            raise self._cause(said, connecting)
        if done.returncode:
            raise errors.RefusedError("The host refused a command.", "", said[-2000:])
        return done.stdout

    @property
    def _where(self) -> str:
        return f"{self.target.host} (ssh{f' port {self.target.port}' if self.target.port else ''})"

    def _cause(self, said: str, connecting: bool) -> errors.HostError:
        """Return why ssh failed."""
        if "REMOTE HOST IDENTIFICATION HAS CHANGED" in said or "Host key verification failed" in said:
            mend = "Compare its fingerprint with the console's, then add it with ssh-keyscan. Nothing was sent to it."
            return errors.HostKeyError(f"The host key of {self._where} is unknown or not the known one.", mend, said)
        if "Permission denied" in said:
            mend = "Look at ansible_user, the key (ansible_private_key_file, the agent) or ansible_password."
            return errors.AuthenticationError(f"{self._where} answers, and refuses the login.", mend, said)
        if connecting:
            mend = "Is SSH switched on (the service TSM-SSH)?"
            return errors.UnreachableError(f"{self._where} cannot be reached.", mend, said)
        return errors.LostError(f"The connection to {self._where} broke.", "", said)

    def read(self, names: Sequence[str] | None) -> dict[str, HostState]:
        """Return the state of the host.

        Raises:
            RefusalError: hosts of a vCenter are asked for.
            errors.HostError: reading failed.

        """
        if names is not None:
            why = "A vCenter has no esxcli."
            raise RefusalError([Finding("hosts", "SSH_TO_VCENTER", "ssh with hosts", why, "Connect to each host.")])
        outputs = self._outputs(list(printed.LISTS))
        outputs |= self._outputs(printed.details(outputs))
        return {ITSELF: printed.host_state(self.target.host, outputs)}

    def nics(self) -> list[Nic]:
        """Return the NICs of the host.

        Raises:
            errors.HostError: reading failed.

        """
        return list(printed.nics(self._outputs([printed.NICS])).values())

    def _outputs(self, commands: list[str]) -> dict[str, str]:
        """Return what commands print: as JSON many at once, for each document ends by itself; as text one by one."""
        if not self._json:
            return {command: self.run(f"esxcli {_quoted(command)}") for command in commands}
        found: dict[str, str] = {}
        for start in range(0, len(commands), _BATCH):
            batch = commands[start : start + _BATCH]
            text = self.run(" && ".join(f"esxcli --formatter=json {_quoted(command)}" for command in batch))
            found |= dict(zip(batch, printed.documents(text, len(batch)), strict=True))
        return found

    def lines(self, steps: Sequence[Step]) -> list[str]:
        """Return the command lines."""
        return esxcli.lines(steps)

    def carry_out(self, host: str, steps: Sequence[Step], together: bool) -> None:
        """Carry out steps; `together` in one line, which the host's shell finishes when the connection breaks in it.

        Raises:
            errors.HostError: with the host's own words.

        """
        for batch in [steps] if together else [[step] for step in steps]:
            self.run(" && ".join(esxcli.lines(batch)))

    def close(self) -> None:
        """End the shared connection."""
        self.drop()

    def drop(self) -> None:
        """End the shared connection; its socket goes with the folder."""
        words = self._command()
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [*words[:1], "-O", "exit", *words[1:]],
                capture_output=True,
                timeout=self.target.connect_timeout,
                check=False,
            )
        shutil.rmtree(self.folder, ignore_errors=True)


def _options(values: dict[str, str]) -> list[str]:
    return [f"-o{name}={value}" for name, value in values.items()]


def _quoted(command: str) -> str:
    """Return a command with its last option's value quoted for a shell."""
    head, equals, value = command.partition("=")
    return f"{head}={shlex.quote(value)}" if equals else command
