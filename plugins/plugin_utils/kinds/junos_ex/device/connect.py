# SPDX-License-Identifier: GPL-3.0-or-later
"""Open a PyEZ device: host keys checked, the user's own SSH configuration respected, each failure by its true cause.

PyEZ reports an unknown host key, a refused port and a missing file alike as ConnectRefusedError; the cause is in the
exception's context (facts of PyEZ 2.8.2). So the socket is made here, and the context is searched.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

from . import bounds, direct, errors
from .proxy import Proxy, words
from .target import NETCONF_PORT, SYSTEM_KNOWN_HOSTS, Target, known_lines, resolved

if TYPE_CHECKING:
    import paramiko  # type: ignore[import-untyped]  # no type information
    from jnpr.junos import Device
    from ncclient.transport.errors import SSHUnknownHostError  # type: ignore[import-untyped]  # likewise

    PYEZ_MISSING = ""
else:
    try:
        import paramiko
        from jnpr.junos import Device
        from ncclient.transport.errors import SSHUnknownHostError

        PYEZ_MISSING = ""
    except ImportError as error:
        paramiko, Device, SSHUnknownHostError, PYEZ_MISSING = None, object, None, str(error)

for _library in ("paramiko", "ncclient"):
    # A logger without a handler writes errors to stderr itself. paramiko does so in a thread of its own, which hangs
    # for good where the process of a task holds the lock of stderr from its start to its end: ansible-core 2.17.
    logging.getLogger(_library).addHandler(logging.NullHandler())

_ALIAS = "switch"
"""The one name that ncclient looks up: literal IPv6 addresses and ports other than 22 cannot confuse it."""


def warm() -> None:
    """Load what each session needs. Called before the workers fork, it is loaded once and not once for each switch.

    What there is by then stays to the end: neither this process nor its forks, which would copy it, look through it
    for garbage any more.
    """
    with suppress(ImportError, AttributeError):
        for name in ("ncclient.transport.ssh", "jnpr.junos.facts.ethernet_mac_table", "jnpr.junos.utils.config"):
            importlib.import_module(name)
        direct.normalizer()
    gc.freeze()


class _Device(Device):  # type: ignore[misc]  # PyEZ has no type information
    """PyEZ's Device with an SSH configuration of ours, so that no other one interferes, and with its ProxyCommand."""

    proxy: Proxy | None = None

    def close(self) -> None:
        """Close the session, and end the program that it went through."""
        try:
            super().close()
        finally:
            if self.proxy:
                self.proxy.end()

    def _sshconf_lkup(self) -> str:
        """Return the file that ncclient reads; it holds nothing but the known_hosts to use."""
        self._conf_auth_user = self._conf_ssh_private_key_file = None
        return str(self._ssh_config)


def open_device(target: Target) -> Any:
    """Return an open device.

    Raises:
        errors.ConnectError: one of its kinds, with what to do.

    """
    target = looked_up(target)
    direct.load_keys_once()
    direct.ask_for_signatures()
    bounds.bound_replies()
    with (
        _file("known_hosts", _aliased(target.known or ())) as known,
        _file("config", f"Host *\n UserKnownHostsFile {known}\n") as config,
    ):
        return _open(target, config)


def looked_up(target: Target) -> Target:
    """Return the target completed by OpenSSH's configuration and the known host keys, read once for all its sessions.

    Raises:
        errors.ConnectError: one of its kinds, with what to do.

    """
    if target.known is not None:
        return target
    if PYEZ_MISSING:
        raise errors.ConnectError(f"PyEZ is not installed on the controller ({PYEZ_MISSING}).", "Install junos-eznc.")
    target = resolved(target, _ssh_config(target))
    names = (*target.known_hosts, SYSTEM_KNOWN_HOSTS)
    found = known_lines(names, target, paramiko.HostKeys.hash_host)
    known = [line for line in found if _is_usable(line)]
    if target.host_key_checking and not known:
        if target.proxy_command is None:
            _refuse_unknown_name(target)
        raise _unknown(target, names)
    return replace(target, known=tuple(known))


def _is_usable(line: str) -> bool:
    """Tell whether the client can compare this known key: old switches have kinds that it has given up (ssh-dss)."""
    try:
        return paramiko.hostkeys.HostKeyEntry.from_line(line) is not None
    except Exception:  # of a damaged line paramiko and cryptography have a dozen kinds
        return False


def _refuse_unknown_name(target: Target) -> None:
    """Say that the name is the trouble: nobody can look up the key of a host that has no address."""
    try:
        socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise _nameless(target, error) from None


def _nameless(target: Target, error: socket.gaierror) -> errors.UnreachableError:
    mend = "Mend ansible_host, or the name service."
    return errors.UnreachableError(f"The name {target.host} is not known: {error.strerror}.", mend)


def _ssh_config(target: Target) -> Any:
    # paramiko fills the tokens in before the line is split, and %p with 22 where the file says no port.
    tokens = {**paramiko.SSHConfig.TOKENS_BY_CONFIG_KEY, "proxycommand": [], "proxyjump": []}
    config = type("_Config", (paramiko.SSHConfig,), {"TOKENS_BY_CONFIG_KEY": tokens})()
    file = os.path.expanduser(target.ssh_config or "~/.ssh/config")
    try:
        with open(file, encoding="utf-8") as stream:
            config.parse(stream)
    except FileNotFoundError:
        if target.ssh_config:
            raise errors.ConnectError(f"The SSH configuration {file} does not exist.", "Mend the path.") from None
    except (OSError, UnicodeDecodeError, paramiko.ConfigParseError) as error:
        raise errors.ConnectError(f"The SSH configuration {file} cannot be read: {error}", "Mend the file.") from None
    return config.lookup(target.host)


def _aliased(lines: Iterable[str]) -> str:
    return "".join(f"{_ALIAS} {line.split(maxsplit=1)[1]}\n" for line in lines)


@contextmanager
def _file(name: str, text: str) -> Iterator[str]:
    """Yield the path of a file with this text; where the system lets it, it is in memory, and nothing is left over.

    Raises:
        errors.ConnectError: no file can be written.

    """
    number = _memory(name)
    stream: Any
    with ExitStack() as stack:
        try:
            if number is None:
                stream = stack.enter_context(NamedTemporaryFile("w", prefix=f"netstack-{name}-", encoding="utf-8"))
            else:
                stream = stack.enter_context(open(number, "w", encoding="utf-8"))
            stream.write(text)
            stream.flush()
        except OSError as error:
            raise errors.ConnectError(f"A file for the client cannot be written: {error}", "Look at TMPDIR.") from None
        yield stream.name if number is None else _path_of(number)


def _memory(name: str) -> int | None:
    """Return the descriptor of a file in memory (Linux); None where there are none, or they are forbidden."""
    with suppress(AttributeError, OSError):
        number = os.memfd_create(name)
        if os.path.exists(_path_of(number)):
            return number
        os.close(number)
    return None


def _path_of(number: int) -> str:
    return f"/proc/self/fd/{number}"


def _open(target: Target, ssh_file: str) -> Any:
    """Open the session before its deadline, which holds for all of it: a peer that sends an octet now and then is late.

    ncclient works on a duplicate of the socket, which a shutdown ends too.
    """
    proxy = Proxy(_proxy_words(target)) if target.proxy_command else None
    with proxy.socket if proxy else _socket(target) as plain, ending(plain, target.connect_timeout) as late:
        try:
            device = _device(target, ssh_file, plain)
            device.open()
        except Exception as error:
            if proxy:
                proxy.end()
            raise (_late(target) if late.is_set() else _cause(error, target)) from error
    device.timeout = target.rpc_timeout
    device.proxy = proxy
    direct.hasten(device._conn._session)
    direct.normalize_at_once(device)
    return device


@contextmanager
def ending(line: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """End a connection after so many seconds unless the block has ended before; the event says whether it was."""
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError):
            line.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _late(target: Target) -> errors.UnreachableError:
    what = f"No NETCONF session with {target.where} within {target.connect_timeout} s (timeouts, connect)."
    return errors.UnreachableError(what, "Look at the way to the switch, and at what it is busy with.")


def _proxy_words(target: Target) -> list[str]:
    return words(target.proxy_command or "", target.host, target.port or NETCONF_PORT, target.user)


def _socket(target: Target) -> socket.socket:
    try:
        return direct.without_delay(target.host, target.port or NETCONF_PORT, target.connect_timeout)
    except socket.gaierror as error:
        raise _nameless(target, error) from None
    except ConnectionRefusedError:
        mend = "Switch it on: set system services netconf ssh; or say the port (ansible_port)."
        raise errors.UnreachableError(f"Nobody listens at {target.where}.", mend) from None
    except OSError as error:
        what = f"{target.where} cannot be reached: {error.strerror or error}."
        raise errors.UnreachableError(what, "Look at the way to the switch.") from None


def _device(target: Target, ssh_file: str, plain: socket.socket) -> Any:
    return _Device(
        host=_ALIAS,
        ssh_config=ssh_file,
        port=target.port or NETCONF_PORT,
        user=target.user,
        passwd=target.password,
        ssh_private_key_file=os.path.expanduser(target.key_file) if target.key_file else None,
        hostkey_verify=bool(target.known),  # a known key is compared with host key checking off, too
        look_for_keys=target.look_for_keys and not target.key_file,
        allow_agent=True,
        sock_fd=plain.fileno(),
        conn_open_timeout=target.connect_timeout,
        gather_facts=False,
        normalize=True,
        huge_tree=True,
    )


def _chain(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        original = getattr(error, "_orig", None)
        error = error.__cause__ or error.__context__ or (original if isinstance(original, BaseException) else None)
    return found


def _cause(error: BaseException, target: Target) -> errors.ConnectError:
    """Return the true cause of a failure to open."""
    chain = _chain(error)
    names = [type(item).__name__ for item in chain]
    for item in chain:
        if isinstance(item, SSHUnknownHostError):
            return _changed(target, f"one with the MD5 fingerprint {getattr(item, 'fingerprint', '')}")
        if "no acceptable host key" in str(item):
            return _changed(target, "none of that kind")
    if "ConnectAuthError" in names or "AuthenticationError" in names:
        why = _key_trouble(target)
        if why:
            mend = "Correct ansible_private_key_file, add the key to an agent (ssh-add), or give its passphrase as "
            return errors.KeyFileError(f"No login at {target.where}: {why}.", f"{mend}ansible_password.")
        what = f"{target.where} answers, and refuses the login of {target.user or 'the current user'}."
        mend = "Look at ansible_user, the key (ansible_private_key_file, the agent) or ansible_password."
        return errors.AuthenticationError(what, mend)
    reasons = [str(item) for item in chain if type(item).__module__ != "jnpr.junos.exception" and str(item)]
    what = f"No NETCONF session with {target.where}: {reasons[0] if reasons else names[0]}"
    return errors.ConnectError(what, "Is NETCONF switched on (set system services netconf ssh)?")


_DEFAULT_KEYS = ("~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519")
"""What ncclient looks for by itself (transport/ssh.py)."""


def _key_trouble(target: Target) -> str:
    """Return why a private key could not even be offered; an empty text where that is not the cause."""
    if target.key_file:
        return _unusable(target.key_file, target.password)
    if target.password is None and target.look_for_keys:
        there = (name for name in _DEFAULT_KEYS if os.path.isfile(os.path.expanduser(name)))
        return next((why for name in there if (why := _unusable(name, None))), "")
    return ""


def _unusable(name: str, password: str | None) -> str:
    """Return what is wrong with a key file: it is missing, unreadable, or its passphrase is."""
    file = os.path.expanduser(name)
    try:
        with open(file, "rb"):
            pass
    except OSError as error:
        return f"the key file {name} cannot be read ({error.strerror})"
    if password and _why_no_key(file, password) is None:
        return ""
    wrong = _why_no_key(file, None)
    if isinstance(wrong, TypeError):  # of cryptography: the key is encrypted, and no passphrase is given
        return f"the key file {name} needs {'another passphrase' if password else 'a passphrase, and none is given'}"
    return f"the key file {name} is no private key ({wrong})" if wrong else ""


def _why_no_key(file: str, passphrase: str | None) -> Exception | None:
    try:
        paramiko.PKey.from_path(file, passphrase.encode() if passphrase else None)
    except Exception as error:  # paramiko and cryptography have a dozen kinds, and the client takes them all alike
        return error
    return None


def _unknown(target: Target, files: tuple[str, ...]) -> errors.ConnectError:
    what = f"The host key of {target.where} is not known ({', '.join(files)})."
    mend = (
        f"Compare its fingerprint with the switch's (show system ssh-host-key-fingerprint, or the console), then "
        f"ssh-keyscan -p {target.port} {target.host} >> {files[0]}. Nothing was sent to it."
    )
    return errors.HostKeyUnknownError(what, mend)


def _changed(target: Target, shown: str) -> errors.ConnectError:
    what = f"The host key of {target.where} is not the known one; it shows {shown}."
    mend = (
        "Another machine answers, or the switch got a new key. If the latter, remove the old one: "
        f"ssh-keygen -R '[{target.host}]:{target.port}'. Nothing was sent to it, whether host keys are checked or not."
    )
    return errors.HostKeyChangedError(what, mend)


def addresses(device: Any) -> tuple[str | None, str | None]:
    """Return the addresses of the controller and of the switch as the socket knows them; None behind a proxy.

    ncclient takes every socket for one of IPv4, so an object that asks the system for the family is made of it.
    """
    with suppress(AttributeError, OSError, TypeError, IndexError):
        number = os.dup(device._conn._session.transport.sock.fileno())
        with socket.socket(fileno=number) as plain:
            ours, theirs = (str(name[0]).partition("%")[0] for name in (plain.getsockname(), plain.getpeername()))
            return ours, theirs
    return None, None
