# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the CA of a pair's peers on the controller, in a file that is encrypted where a vault password is given."""

from __future__ import annotations

import os
from datetime import datetime, timezone
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.action import Action
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import authority, third_party
from ansible_collections.netstack.datacenter.plugins.plugin_utils.options.peers_ca import SPEC


class ActionModule(Action):
    """No connection is opened."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return what was made; a CA that is there already is never replaced."""
        result = super().run(tmp, task_vars)
        _validated, arguments = self.validate_argument_spec(argument_spec=SPEC)
        file = os.path.abspath(os.path.expanduser(arguments["file"]))
        if third_party.MISSING:
            return {**result, "failed": True, "msg": third_party.MISSING}
        if os.path.lexists(file):
            return {**result, "failed": True, "msg": _there(file)}
        lines = authority.variable(arguments["pair"], datetime.now(timezone.utc))
        vault = self._loader._vault  # there is no public way to what encrypts
        told = {"changed": True, "file": file, "variable": lines.name, "secret": lines.secret}
        result.update(told, encrypted=bool(vault.secrets))
        if not self._task.check_mode:
            text = lines.text.encode()
            try:
                _write(file, vault.encrypt(text) if vault.secrets else text)
            except OSError as error:
                result.update(failed=True, changed=False, msg=f"{file} cannot be written: {error.strerror}")
        return result


def _there(file: str) -> str:
    return (
        f"{file} is there already, and nothing was changed. Another CA has to come to both nodes of the pair, whose "
        "stick tables do not travel in between; for that name another file, or remove this one"
    )


def _write(file: str, content: bytes) -> None:
    """Write a new file that only its owner reads. Raises OSError."""
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
