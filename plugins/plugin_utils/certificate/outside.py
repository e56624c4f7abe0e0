# SPDX-License-Identifier: GPL-3.0-or-later
"""A look from outside: which certificates an endpoint sends in a TLS handshake, compared with the file."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from typing import Any

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import pem
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import fingerprint, title
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import x509

__all__ = ["handshake", "judge_endpoint", "judge_target"]

_TIMEOUT = 10.0  # seconds


def handshake(host: str, port: int, server_name: str) -> list[bytes]:
    """Return the certificates (DER) that an endpoint sends, leaf first. Raises OSError (ssl.SSLError included).

    Nothing is verified here: the question is what is served, and the comparison with the file answers it. Python
    before 3.13 has no documented way to the whole chain; there the leaf alone is returned when the way is missing.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with (
        socket.create_connection((host, port), _TIMEOUT) as plain,
        context.wrap_socket(plain, server_hostname=server_name or None) as connection,
    ):
        chain = getattr(connection, "get_unverified_chain", None)
        if chain is not None:
            return list(chain())
        inner = getattr(getattr(connection, "_sslobj", None), "get_unverified_chain", None)
        if inner is not None:
            return [item.public_bytes(2) for item in inner()]  # 2: ENCODING_DER
        return [connection.getpeercert(binary_form=True) or b""]


def judge_endpoint(endpoint: Mapping[str, Any], expected: str) -> list[str]:
    """Return what is wrong with what an endpoint sends; ``expected`` are the certificates of the file (PEM)."""
    name, where = endpoint["certificate"], f"{endpoint['host']}:{endpoint['port']}"
    try:
        wanted = [x509.load_pem_x509_certificate(block.text) for block in pem.blocks(expected.encode())]
    except ValueError as error:
        return [f"{name}: what the host reports of its file cannot be read: {error}"]
    if not wanted:
        return [f"{name}: there is no certificate of this name to compare {where} with."]
    try:
        sent = handshake(endpoint["host"], endpoint["port"], endpoint["server_name"])
        return _differences(name, where, [x509.load_der_x509_certificate(item) for item in sent], wanted)
    except OSError as error:
        return [f"{name}: no TLS handshake with {where}: {error}"]
    except ValueError as error:
        return [f"{name}: what {where} sends is no certificate: {error}"]


def _differences(name: str, where: str, sent: list[x509.Certificate], wanted: list[x509.Certificate]) -> list[str]:
    if sent[0] != wanted[0]:
        other, own = f"{title(sent[0])} ({fingerprint(sent[0])[:16]})", fingerprint(wanted[0])[:16]
        return [f"{name}: {where} serves {other}, not {title(wanted[0])} ({own})."]
    if len(sent) > 1 or len(wanted) == 1:
        missing = [title(item) for item in wanted if item not in sent]
        return [f"{name}: {where} does not send {item}; clients cannot build the chain." for item in missing]
    return [f"{name}: {where} sends the leaf alone, {len(wanted) - 1} intermediate(s) are missing."]


def judge_target(item: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a file and with what the running HAProxy serves for it."""
    name, path = item["name"], item["path"]
    if not item["exists"]:
        return [f"{name}: {path} does not exist."]
    findings = []
    if item["mode"] != "0600 root:root":
        findings.append(f"{name}: {path} is {item['mode']}, not 0600 root:root.")
    if not item["agrees"]:
        findings.append(f"{name}: HAProxy serves sha1 {item['running']}, not what {path} holds.")
    return findings
