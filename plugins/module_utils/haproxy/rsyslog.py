# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drop-in that tells rsyslog where HAProxy's log goes. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from .render import MARKER

__all__ = ["LOG_DROP_IN", "log_drop_in"]

#: Before the 49-haproxy.conf of the package, which opens the socket in HAProxy's chroot and would stop the message.
LOG_DROP_IN = "/etc/rsyslog.d/48-netstack-haproxy.conf"


def log_drop_in(options: Mapping[str, Any] | None) -> str:
    """Return the text of the drop-in, "" where none is wanted."""
    if not options:
        return ""
    actions = []
    if options.get("file"):
        actions.append(f'  action(type="omfile" file="{options["file"]}" fileCreateMode="0640" fileGroup="adm")')
    if options.get("address"):
        actions.append(
            f'  action(type="omfwd" target="{options["address"]}" port="{options["port"]}"'
            f' protocol="{options["protocol"]}" queue.type="LinkedList" action.resumeRetryCount="-1")'
        )
    body = "\n".join([*actions, "  stop"])
    return f'{MARKER}\nif $programname startswith "haproxy" then {{\n{body}\n}}\n'
