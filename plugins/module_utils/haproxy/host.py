# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HAProxy as a program and a service of this host: versions, validation, systemd, file descriptors."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import Mapping, Sequence

from ansible_collections.netstack.datacenter.plugins.module_utils.service.deployment import on_disk
from ansible_collections.netstack.datacenter.plugins.module_utils.service.packaged import candidate
from ansible_collections.netstack.datacenter.plugins.module_utils.service.systemd import CommandError, Run, Systemd

from .answers import first_complaint
from .complaints import Names, complaints, explained
from .dialect import NEWEST, Dialect, parse_version
from .lines import Line
from .mask import masked_message
from .render import FOREIGN, STATE_BASE
from .started import PROPERTIES, Started, started

__all__ = ["MAIN", "STATE_HEADER", "UNIT", "CommandError", "Host", "Run"]

MAIN = "/etc/haproxy/haproxy.cfg"
_FRAGMENTS = f"/etc/haproxy/{FOREIGN}"
_WRONG_FILES = (
    f"the unit reads {{files}}, and it must read {MAIN}, which holds the fragments of {_FRAGMENTS} already, and not "
    "these once more; mend CONFIG or EXTRAOPTS in /etc/default/haproxy, or the unit's drop-in"
)
UNIT = "haproxy.service"
#: An empty state file that no release complains about.
STATE_HEADER = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight srv_iweight "
    "srv_time_since_last_change srv_check_status srv_check_result srv_check_health srv_check_state srv_agent_state "
    "bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord srv_use_ssl srv_check_port srv_check_addr "
    "srv_agent_addr srv_agent_port\n"
)
_CAP_SYS_RESOURCE = 1 << 24
_PATH = "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin"


class Host(Systemd):
    """The programs of this host.

    Args:
        run: runs a command and returns its status, output and error output.
    """

    def __init__(self, run: Run) -> None:
        super().__init__(run, UNIT)
        self.program = shutil.which("haproxy", path=_PATH) or ""
        self.rsyslogd = shutil.which("rsyslogd", path=_PATH) or ""

    def version(self) -> tuple[str, Dialect]:
        """Return the version of the program, or of the package that apt would install, and its dialect.

        Where neither is known the newest dialect is taken, and the version is empty.
        """
        if self.program:
            found = re.search(r"version ([^ \n]+)", self.run([self.program, "-v"])[1])
            version = found.group(1) if found else ""
        else:
            version = candidate(self.run, "haproxy")
        return version, parse_version(version) or NEWEST

    def complaint(
        self,
        text: str,
        fatal_warnings: bool = True,
        stand_ins: Mapping[str, str] | None = None,
        lines: Sequence[Line] = (),
        names: Names | None = None,
    ) -> str:
        """Return what the host's own HAProxy says against a configuration, "" where it accepts it.

        Args:
            text: the configuration.
            fatal_warnings: refuse warnings too.
            stand_ins: path -> what is taken for the content of a file that is not there yet, or that is replaced.
            lines: the lines of ``text`` with the declared object that made each; without them no object is told.
            names: what the user calls these objects.
        """
        unit = self.started()
        options = ["-c", *(["-W"] if unit.master else []), *(["-dW"] if fatal_warnings else [])]
        folder = tempfile.mkdtemp(prefix="netstack-haproxy-")
        try:
            main = self._stage(Path(folder), text, stand_ins or {})
            files = [main if file == MAIN else file for file in unit.files if MAIN in unit.files] or [main]
            command = [self.program, *options, *(word for file in files for word in ("-f", file))]
            variables = unit.named_in(text)
            status, output, errors = self.run(["env", *variables, *command] if variables else command)
        finally:
            shutil.rmtree(folder)
        if status == 0:
            return ""
        said = f"{output}\n{errors}".replace(main, MAIN)
        found = complaints(said, MAIN)
        if not found:
            return masked_message(first_complaint(said)) or f"haproxy -c ended with status {status}"
        return explained(found, lines or [Line(each) for each in text.splitlines()], names or {})

    def started(self) -> Started:
        """Return how the unit starts HAProxy."""
        output = self.run(["systemctl", "show", UNIT, f"--property={PROPERTIES}"])[1]
        return started(output, on_disk)

    def misread(self) -> str:
        """Return that the unit does not read our file, or the fragments once more; "" where it does as it should."""
        files = self.started().files
        right = MAIN in files and _FRAGMENTS not in {file.rstrip("/") for file in files}
        return "" if right or not files else _WRONG_FILES.format(files=", ".join(files))

    def rsyslog_complaint(self, text: str) -> str:
        """Return what the host's rsyslogd says against a drop-in, "" where it accepts it or is not there."""
        if not self.rsyslogd or not text:
            return ""
        with tempfile.TemporaryDirectory(prefix="netstack-rsyslog-") as folder:
            staged = Path(folder) / "drop-in.conf"
            staged.write_text(text)
            status, output, errors = self.run([self.rsyslogd, "-N1", "-f", str(staged)])
        lines = [line for line in f"{errors}\n{output}".splitlines() if "error" in line.lower()]
        return "" if status == 0 else " ".join(lines[:2]) or f"rsyslogd -N1 ended with status {status}"

    @staticmethod
    def _stage(folder: Path, text: str, stand_ins: Mapping[str, str]) -> str:
        """Write the configuration with its own state file and stand-ins; return its path."""
        (folder / "global").write_text(STATE_HEADER)
        text = text.replace(f"server-state-base {STATE_BASE}", f"server-state-base {folder}")
        for index, (path, content) in enumerate(stand_ins.items()):
            substitute = folder / f"stand-in-{index}.pem"
            substitute.write_text(content)
            text = re.sub(rf"(?<=\s){re.escape(path)}(?=\s)", str(substitute), text)
        main = folder / "haproxy.cfg"
        main.write_text(text)
        return str(main)

    @staticmethod
    def configured(pid: int) -> list[str]:
        """Return the configuration files that a process was started with, [] where it is not there or names none."""
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text(errors="replace").split("\0")
        except OSError:
            return []
        paths = [Path(after) for word, after in zip(words, words[1:]) if word == "-f"]
        found = [sorted(path.glob("*.cfg")) if path.is_dir() else [path] for path in paths]
        return [str(path) for files in found for path in files]

    def default_descriptors(self) -> int:
        """Return the hard limit on open files that systemd gives a service that asks for none."""
        output = self.run(["systemctl", "show", "--property=DefaultLimitNOFILE"])[1]
        found = re.search(r"=([0-9]+)", output)
        return int(found.group(1)) if found else 524288

    @staticmethod
    def hard_limit(pid: int) -> int | None:
        """Return a process's hard limit on open files, None where it has none or is not there."""
        try:
            text = Path(f"/proc/{pid}/limits").read_text()
        except OSError:
            return None
        found = re.search(r"^Max open files\s+\S+\s+([0-9]+)", text, re.MULTILINE)
        return int(found.group(1)) if found else None

    @staticmethod
    def may_raise_limits() -> bool:
        """Tell whether this process may raise the hard limit of another (CAP_SYS_RESOURCE, missing in containers)."""
        found = re.search(r"^CapEff:\s+([0-9a-f]+)", Path("/proc/self/status").read_text(), re.MULTILINE)
        return bool(found and int(found.group(1), 16) & _CAP_SYS_RESOURCE)
