# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A checked configuration as the text of /etc/pound.cfg, for Pound 4.x. Pure: the same text for the same data."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Mapping

from .schema import METHODS, MINIMUM_TLS
from .semantics import seconds

__all__ = ["CONTROL", "MARKER", "bound_in", "certificates_of", "declared_digest", "is_ours", "render"]

MARKER = "# Made by Ansible, netstack.datacenter.pound: changes made here are replaced by the next run."
CONTROL = "/run/poundctl.socket"  # where poundctl looks for it by default
#: The listener that only ours has; the name of its one service carries the digest into the running process.
OWN_LISTENER = "netstack-health"
DIGEST = re.compile(r"netstack-([0-9a-f]{64})\b")
_BLANK = "netstack-" + "0" * 64
_ANY = {"*": "0.0.0.0"}


def render(configuration: Mapping[str, Any], fingerprints: Mapping[str, str]) -> str:
    """Return the text of the configuration.

    Args:
        configuration: what :data:`schema.CONFIGURATION` describes, in its clean form.
        fingerprints: path -> digest of each certificate file's content. Pound reads them at its start only, so a
            renewed certificate is a changed configuration.
    """
    blocks = [MARKER, "\n".join(_global(configuration["global"], configuration["timeouts"]))]
    blocks.append("\n".join(_health(configuration["health"])))
    blocks += ["\n".join(_listener(name, listener)) for name, listener in configuration["listeners"].items()]
    text = "\n\n".join(blocks) + "\n"
    content = "".join(f"{path} {fingerprints.get(path, '')}\n" for path in certificates_of(configuration))
    return text.replace(_BLANK, f"netstack-{hashlib.sha256((text + content).encode()).hexdigest()}", 1)


def certificates_of(configuration: Mapping[str, Any]) -> list[str]:
    """Return the certificate files that the listeners name."""
    listeners = configuration["listeners"].values()
    return sorted({path for listener in listeners if listener["tls"] for path in listener["tls"]["certificates"]})


def declared_digest(text: str) -> str:
    """Return the digest that a configuration of ours, or a running Pound's list, carries; "" for any other text."""
    found = DIGEST.search(text)
    return found.group(1) if found else ""


def is_ours(text: str) -> bool:
    """Tell whether a file was made by this role."""
    return text.startswith(MARKER)


def bound_in(text: str) -> list[tuple[str, int]]:
    """Return address and port of the listeners of a configuration, whoever wrote it; "" means any address."""
    found: list[tuple[str, int]] = []
    for kind, body in re.findall(r"(?ims)^[ \t]*Listen(HTTPS?)\b[^\n]*\n(.*?)^[ \t]*(?:Service|End)\b", text):
        address = re.search(r"(?im)^[ \t]*Address[ \t]+\"?([^\s\"]+)", body)
        port = re.search(r"(?im)^[ \t]*Port[ \t]+\"?([0-9]{1,5})", body)
        number = int(port.group(1)) if port else {"HTTP": 80, "HTTPS": 443}[kind.upper()]
        host = address.group(1) if address else "::"
        found.append(("" if host in ("0.0.0.0", "::", "::0") else host, number))
    return found


def _indented(head: str, lines: list[str]) -> list[str]:
    return [head, *(f"    {line}" for line in lines), "End"]


def _global(options: Mapping[str, Any], timeouts: Mapping[str, Any]) -> list[str]:
    """Return what holds for the whole process. The unit starts it in the foreground, so there is no Daemon here."""
    return [
        f'User "{options["user"]}"',
        f'Group "{options["group"]}"',
        f"LogLevel {options['log_level']}",
        f"LogFacility {options['log_facility']}",
        f"WorkerMaxCount {options['workers']}",
        f"Alive {seconds(options['alive'])}",
        f"Client {seconds(timeouts['client'])}",
        f"TimeOut {seconds(timeouts['backend'])}",
        f"ConnTO {seconds(timeouts['connect'])}",
        f"WSTimeOut {seconds(timeouts['websocket'])}",
        f"Grace {seconds(timeouts['grace'])}",
        f'Control "{CONTROL}"',
        *options["raw"],
    ]


def _health(options: Mapping[str, Any]) -> list[str]:
    """Return the listener that answers 200 as long as Pound serves; it asks no backend."""
    service = _indented(f'Service "{_BLANK}"', [f'Path -exact "{options["uri"]}"', "Error 200"])
    return _indented(
        f'ListenHTTP "{OWN_LISTENER}"', ["Address 127.0.0.1", f"Port {options['port']}", "LogLevel 0", *service]
    )


def _listener(name: str, options: Mapping[str, Any]) -> list[str]:
    """Return one listener. Certificates come first: they must precede what else is said about TLS."""
    tls = options["tls"]
    lines = [f"Address {_ANY.get(options['address'], options['address'])}", f"Port {options['port']}"]
    lines += [f'Cert "{path}"' for path in tls["certificates"]] if tls else []
    lines += [f"Disable {MINIMUM_TLS[tls['minimum']]}"] if tls else []
    lines += [f'Ciphers "{tls["ciphers"]}"', "SSLHonorCipherOrder true"] if tls and tls["ciphers"] else []
    lines.append(f"xHTTP {METHODS[options['methods']]}")
    lines += [f"Client {seconds(options['client_timeout'])}"] if options["client_timeout"] else []
    lines += options["raw"]
    for service in options["services"]:
        lines += _service(service)
    return _indented(f'Listen{"HTTPS" if tls else "HTTP"} "{name}"', lines)


def _service(options: Mapping[str, Any]) -> list[str]:
    lines = _hosts(options["hosts"]) + options["raw"]
    for backend in options["backends"]:
        lines += _backend(backend)
    return _indented(f'Service "{options["name"]}"', lines)


def _hosts(hosts: list[str]) -> list[str]:
    """Return what asks for one of several names; conditions side by side would all have to hold."""
    lines = [f'Host -icase -exact "{host}"' for host in hosts]
    return _indented("Match OR", lines) if len(lines) > 1 else lines


def _backend(options: Mapping[str, Any]) -> list[str]:
    lines = [f"Address {options['address']}", f"Port {options['port']}"]
    words = {"timeout": "TimeOut", "connect_timeout": "ConnTO", "websocket_timeout": "WSTimeOut"}
    lines += [f"{word} {seconds(options[key])}" for key, word in words.items() if options[key]]
    return _indented("BackEnd", lines + options["raw"])
