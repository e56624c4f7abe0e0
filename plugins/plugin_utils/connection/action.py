# SPDX-License-Identifier: GPL-3.0-or-later
"""The base of the actions that talk to a device from the controller: options, connections, errors as results."""

from __future__ import annotations

import gc
import multiprocessing
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from ansible.constants import LOCALHOST, MAGIC_VARIABLE_MAPPING
from ansible.utils.display import Display

from ..action import Action
from ..contract.driver import Driver
from ..contract.errors import AuthenticationError, DeviceError
from ..contract.finding import RefusalError
from ..declared.arguments import validated
from ..progress import Progress
from .model import API, Connection
from .resolve import resolve
from .ssh_arguments import shown

PASSWORDS = ("ansible_password", "ansible_ssh_pass", "ansible_ssh_password")
_OMITTED = "AnsibleValueOmittedError"
"""Raised from ansible-core 2.19 on by a template that is `omit`; 2.17 returns the variable `omit` as text."""


class DeviceAction(Action):
    """Resolves the connection variables itself and never opens Ansible's connection.

    The device is the host of the task. A task with `delegate_to` goes to the host that it is delegated to, by that
    host's variables; delegated to the controller it stays with the host of the play, for that is where it runs anyway.
    """

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    SPEC: ClassVar[dict[str, Any]]
    NEEDS: ClassVar[list[tuple[str, str, list[str]]]]
    ERRORS: ClassVar[tuple[type[Exception], ...]] = ()
    """What else but a ValueError or an OSError ends the task with a message that says it all."""

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result; a refusal or a failure carries the message that says what the device has now."""
        result = super().run(tmp, task_vars)
        arguments = validated(self, self.SPEC, self.NEEDS)
        self._task_vars = task_vars or {}
        self._warnings: list[str] = []
        self._others: dict[str, Mapping[str, Any]] = {}
        causes: tuple[type[Exception], ...] = (*self.ERRORS, ValueError, OSError)
        try:
            refuse_template("run_id", arguments.get("run_id"))
            result.update(self.outcome(arguments))
        except RefusalError as refusal:
            findings = [str(finding) for finding in refusal.findings]
            result.update(failed=True, changed=False, msg=refusal.text(), findings=findings)
        except causes as error:
            result.update(self._failure(error))
        if self._warnings:
            result["warnings"] = [*self._warnings, *result.get("warnings", [])]
        return result

    def _failure(self, error: Exception) -> dict[str, Any]:
        return {"failed": True, "changed": False, "msg": str(error)}

    @abstractmethod
    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what the task did."""

    def waiting(self, doing: str) -> Progress:
        """Return what says in a `with` block that the device is waited for."""
        return Progress(self.device, Display().display, doing)

    @property
    def device(self) -> str:
        """Return the inventory's name of the device."""
        delegate = self._task.delegate_to
        return str(self._task_vars.get("inventory_hostname", "") if delegate in (None, *LOCALHOST) else delegate)

    def connection(self, protocol: str) -> Connection:
        """Return how the device is reached."""
        return self._used(self._resolved(self.device, self._variables(), {"port": self._task.port}, protocol), protocol)

    def connection_of(self, host: str, protocol: str) -> Connection:
        """Return how another device of the same task is reached: by its own variables, and by what holds for all.

        The keyword `port` is that of the device of the task; here it would be the port of another protocol.

        Raises:
            ValueError: there is no such host.

        """
        return self._used(self._resolved(host, self._variables_of(host), {}, protocol), protocol)

    def reach_of(self, host: str, protocol: str) -> Connection:
        """Return the same of a host that nobody logs in to: no password is decrypted."""
        variables = {name: value for name, value in self._variables_of(host).items() if name not in PASSWORDS}
        return self._resolved(host, variables, {}, protocol)

    def variable_of(self, host: str, name: str) -> Any:
        """Return a variable of another host, templated there; None where there is none, or an empty one."""
        return self._templated(self._variables_of(host), name)

    def _resolved(self, host: str, variables: Mapping[str, Any], keywords: dict[str, Any], protocol: str) -> Connection:
        keywords = {**keywords, "remote_user": self._task.remote_user, "password": self._asked_password()}
        added = self._added() if variables is self._task_vars else frozenset()
        return resolve(
            host, lambda name: None if name in added else self._templated(variables, name), keywords, protocol
        )

    def _used(self, found: Connection, protocol: str) -> Connection:
        """Say with -vvv where it comes from, and to everybody what of it this protocol cannot use."""
        told = ", ".join(f"{field} from {source}" for field, source in found.sources.items() if source != "default")
        Display().vvv(f"{protocol} to {found.host} port {found.port} as {found.user} ({told})", host=found.name)
        if protocol == API and found.via and "via" in found.set_for_host:
            self._warnings.append(
                f"{found.name}: the SSH arguments ({found.sources['via']}) name the jump {shown(found.via)}, which an "
                f"API does not use; {found.host} is reached directly. With transport ssh the jump is used."
            )
        return found

    def _added(self) -> frozenset[str]:
        """Return the variables that ansible-core itself has set, from keywords and ansible.cfg, as far as can be told.

        It makes an `ansible_port` of an `ansible_ssh_port` too, which is no port of an API. The process of the task has
        the variables as they were.
        """
        given = getattr(multiprocessing.current_process(), "_task_vars", None)
        names = {name for each in MAGIC_VARIABLE_MAPPING.values() for name in each}
        return frozenset() if given is None else frozenset(names - given.keys())

    def _asked_password(self) -> str | None:
        """Return the password of `-k`.

        The context that an action is given has the password of its host in that place, where a variable sets one; that
        one must go to no other device. The process of the task still has what was given.
        """
        given = getattr(multiprocessing.current_process(), "_play_context", None)
        if given is None and any(self._task_vars.get(name) for name in PASSWORDS):
            return None
        return getattr(given or self._play_context, "password", None) or None

    def _variables(self) -> Mapping[str, Any]:
        delegate = self._task.delegate_to
        if delegate in (None, *LOCALHOST):
            return self._task_vars
        known: Mapping[str, Any] = self._task_vars.get("ansible_delegated_vars", {}).get(delegate, {})
        return known

    def _variables_of(self, host: str) -> Mapping[str, Any]:
        hosts = self._task_vars["hostvars"]
        if host not in hosts:
            raise ValueError(f"{host} is no host of the inventory; both ends of a link belong to one.")
        if host not in self._others:
            self._others[host] = {**hosts.raw_get(host), "hostvars": hosts}
        return self._others[host]

    def _templated(self, variables: Mapping[str, Any], name: str) -> Any:
        """Return a variable, with templates and vault values resolved among the variables of its own host."""
        if name not in variables:
            return None
        before = self._templar.available_variables
        self._templar.available_variables = variables
        try:
            value = self._templar.template(variables[name])
        except Exception as error:
            if type(error).__name__ != _OMITTED:
                raise
            return None
        finally:
            self._templar.available_variables = before
        return None if value in ("", variables.get("omit")) else value


class DriverAction(DeviceAction):
    """Hands its task to the driver of a device kind, which has a method for each state."""

    DRIVER: ClassVar[type[Driver]]
    ERRORS = (DeviceError,)

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the task's result."""
        # This process is a fork that ends with the task. What it inherited is no garbage, and looking through it would
        # copy its memory.
        gc.freeze()
        return super().run(tmp, task_vars)

    def outcome(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Return what the driver found or did."""
        return self.DRIVER(self, arguments).result()

    @property
    def check_mode(self) -> bool:
        """Tell whether nothing may be changed."""
        return bool(self._task.check_mode)

    def _failure(self, error: Exception) -> dict[str, Any]:
        """Return a failure; or that the device is away, where the task only reads.

        A login that is refused is a failure: the device answers, so that nobody goes on without it.
        """
        result = super()._failure(error)
        if isinstance(error, AuthenticationError):
            result["login_refused"] = True
        elif isinstance(error, self.DRIVER.AWAY) and self._task.args.get("state") == "gathered":
            result["unreachable"] = result.pop("failed")
        return {**result, **error.evidence()} if isinstance(error, DeviceError) else result


def refuse_template(name: str, value: Any) -> None:
    """Refuse a value in which a template is left: it would tie together what does not belong together.

    Raises:
        ValueError: there is one.

    """
    if "{{" in str(value or ""):
        mend = "Ansible left it as it is, because it comes from where nothing is templated. Give the value itself."
        raise ValueError(f"{name} still holds a template: {value}. {mend}")
