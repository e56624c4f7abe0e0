# SPDX-License-Identifier: GPL-3.0-or-later
"""A run of a playbook that stands still after each of its tasks; and what a load balancer is at such a moment."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from conftest import ROOT, inside

HERE = Path(__file__).parent

STATE = r"""
find /etc /usr/local /run/netstack /run/haproxy /run/pound /var/lib/netstack /var/lib/haproxy /var/lib/dpkg/status \
  $(find /run -maxdepth 1 ! -type d) -printf '%p %i %m %U %G %s %T@ %l\n' 2>/dev/null | sort
for each in /proc/[0-9]*; do
  line=$(cat "$each/stat" 2>/dev/null) || continue
  rest=${line##*) }; set -- $rest
  case "$2 $(cat "$each/comm")" in
    "1 "*|*" haproxy"|*" pound"|*" keepalived") echo "${each#/proc/} ${20} $(tr '\0' ' ' < "$each/cmdline")" ;;
  esac
done | sort
ip -brief address
nft list ruleset 2>/dev/null
python3 - <<'END'
import glob, socket
for path in sorted(glob.glob("/run/haproxy/*.sock")):
    for command, columns in (("show servers state", slice(0, 13)), ("show ssl cert", None)):
        with socket.socket(socket.AF_UNIX) as asked:
            asked.settimeout(10)
            try:
                asked.connect(path)
            except OSError:
                continue
            asked.sendall(f"{command}\n".encode())
            answer = b"".join(iter(lambda: asked.recv(65536), b"")).decode()
        rows = (line.split() for line in answer.splitlines())
        print(path, command, *(" ".join(row[:6] + row[8:9] if columns else row) for row in rows), sep="\n")
END
"""
"""Files, init's and the daemons' processes, addresses, the firewall, servers' states and certificates in HAProxy."""


class Stepped:
    """A run of ansible-playbook; iterating yields each task that has ended: its play, its name, which of that name."""

    def __init__(self, *words: str) -> None:
        """Start it with these words after `ansible-playbook`."""
        self._folder = tempfile.TemporaryDirectory()
        address = f"{self._folder.name}/stops"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(address)
        self._listener.listen()
        self._output = Path(self._folder.name, "output")
        settings = {
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_CALLBACKS_ENABLED": "stops",
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "plugins" / "callback"),
            "STOPS_SOCKET": address,
        }
        with self._output.open("w") as output:
            self._process = subprocess.Popen(
                ["ansible-playbook", *words],
                cwd=ROOT,
                env={**os.environ, **settings},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def __enter__(self) -> Stepped:
        """Return the run."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Kill what still runs of it."""
        if self._process.poll() is None:
            self.kill()
        self._listener.close()
        self._folder.cleanup()

    def __iter__(self) -> Iterator[tuple[str, str, int]]:
        """Yield what has ended; the run goes on when the next is asked for, and is over after the last."""
        seen: Counter[tuple[str, str]] = Counter()
        self._listener.settimeout(60)
        connection, _address = self._listener.accept()
        with connection, connection.makefile("rw") as lines:
            for line in lines:
                play, task = line.rstrip("\n").split("\t")
                yield play, task, seen[play, task]
                seen[play, task] += 1
                print(file=lines, flush=True)
        self._process.wait()

    def kill(self) -> None:
        """Kill it and its workers, as a machine that loses power does."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    @property
    def status(self) -> int:
        """Its exit status, once it is over."""
        return self._process.returncode

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self._output.read_text()


def state(nodes: tuple[str, ...]) -> list[str]:
    """Return what there is at each of these load balancers, in lines that are the same as long as nothing changes."""
    with ThreadPoolExecutor() as pool:
        return list(pool.map(lambda node: inside(node, "sh", "-c", STATE), nodes))
