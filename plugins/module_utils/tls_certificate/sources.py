# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the action asks for, turned into files: given PEM text, a source on this host, or a self-signed certificate."""

from __future__ import annotations

import errno
from typing import Any

from ansible_collections.netstack.datacenter.plugins.module_utils.service.transaction import File

from . import openssl
from .files import Block, blocks, source_files
from .pem import LARGEST

__all__ = ["UnreadableError", "inspect", "wanted_file"]

_MODE = 0o600


class UnreadableError(Exception):
    """A source on this host cannot be used any more as it was judged."""


def _read(path: str) -> list[Block]:
    """Return the blocks of a file. Raises OSError, also where it is larger than any certificate."""
    with open(path, encoding="ascii", errors="replace") as stream:
        text = stream.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise OSError(errno.EFBIG, f"it is larger than {LARGEST} octets")
    return blocks(text)


def inspect(path: str) -> dict[str, Any]:
    """Return what a source on this host holds: certificates, and of each private key its public half only."""
    try:
        found = [(str(item), _read(str(item))) for item in source_files(path)]
    except OSError as error:
        return {"error": f"{path}: {error.strerror}", "certificates": "", "keys": []}
    certificates = [block.text for _path, items in found for block in items if block.is_certificate]
    keys = [
        dict(_public(block), file=name, index=index)
        for name, items in found
        for index, block in enumerate(item for item in items if item.is_key)
    ]
    return {"error": "", "certificates": "".join(certificates), "keys": keys}


def _public(key: Block) -> dict[str, Any]:
    if key.label.startswith("ENCRYPTED") or "Proc-Type: 4,ENCRYPTED" in key.text:
        return {"public_key": "", "problem": "encrypted"}
    try:
        return {"public_key": openssl.public_key(key.text), "problem": ""}
    except openssl.MissingError:
        return {"public_key": "", "problem": "openssl missing"}
    except openssl.OpensslError as error:
        return {"public_key": "", "problem": str(error)}


def wanted_file(bundle: dict[str, Any], path: str, key: str, check_mode: bool) -> File:
    """Return the combined file of one certificate.

    Raises UnreadableError where a source on this host changed since it was judged, OpensslError, OSError.
    """
    makers = {"given": _given, "remote": _remote, "self_signed": _self_signed}
    content = makers[bundle["kind"]](bundle, path, key, check_mode)
    return File(path, content.encode("ascii"), _MODE, secret=True)


def _given(bundle: dict[str, Any], _path: str, key: str, _check_mode: bool) -> str:
    return str(bundle["certificates"]) + key


def _remote(bundle: dict[str, Any], _path: str, _key: str, _check_mode: bool) -> str:
    known = {}
    for item in source_files(bundle["path"]):
        known.update({block.digest("sha256"): block.text for block in _read(str(item)) if block.is_certificate})
    keys = [block.text for block in _read(bundle["key_file"]) if block.is_key]
    missing = [digest for digest in bundle["order"] if digest not in known]
    if missing or len(keys) <= bundle["key_index"]:
        raise UnreadableError(f"{bundle['path']} changed while it was being read; run again")
    return "".join(known[digest] for digest in bundle["order"]) + keys[int(bundle["key_index"])]


def _self_signed(bundle: dict[str, Any], path: str, _key: str, check_mode: bool) -> str:
    """Keep the certificate on disk while it is fit; check mode makes no key, it only says that one would be made."""
    existing = _existing(bundle, path, check_mode)
    if existing:
        return existing
    if check_mode:
        return f"(a new self-signed certificate for {', '.join(bundle['names'])})\n"
    return openssl.self_signed(bundle["names"], str(bundle["key_type"]), int(bundle["valid_days"]))


def _existing(bundle: dict[str, Any], path: str, check_mode: bool) -> str:
    """Return the certificate and key on disk where they are fit, else "".

    Check mode runs before openssl is installed: a pair that is there is then taken for fit, as it mostly is.
    """
    try:
        found = _read(path)
    except OSError:
        return ""
    if [block.is_key for block in found] != [False, True]:
        return ""
    certificate, key = found[0].text, found[1].text
    try:
        fit = openssl.is_fit(certificate, bundle["names"], bundle["key_type"], bundle["minimum_days"])
        return certificate + key if fit and _belongs(key, certificate) else ""
    except openssl.MissingError:
        if not check_mode:
            raise
        return certificate + key


def _belongs(key: str, certificate: str) -> bool:
    try:
        return openssl.public_key(key) == openssl.certificate_key(certificate)
    except openssl.MissingError:
        raise
    except openssl.OpensslError:
        return False
