# SPDX-License-Identifier: GPL-3.0-or-later
"""All declared certificates at once: which may be served, which must be looked at on the target, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate import material as materials
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.chain import order
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.findings import Finding, UnusableError
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.judge import Bundle, Verdict, judge
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.material import Material
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.request import Request, parse_request
from ansible_collections.netstack.datacenter.plugins.plugin_utils.certificate.third_party import serialization, x509

__all__ = ["Reader", "Survey", "survey", "with_remote"]

Reader = Callable[[str], bytes]
"""Returns a file of the controller, decrypted where it is vaulted; raises UnusableError where it cannot."""


@dataclass(frozen=True)
class Survey:
    """What is known of all certificates after one look.

    ``remote`` and ``self_signed`` are to be treated on the target; ``findings``, ``notes`` and ``warnings`` (those
    notes that the user is to read) are whole messages.
    """

    bundles: list[Bundle] = field(default_factory=list)
    remote: list[Request] = field(default_factory=list)
    self_signed: list[Request] = field(default_factory=list)
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, name: str, verdict: Verdict) -> None:
        """Add the verdict on one certificate."""
        if verdict.bundle:
            self.bundles.append(verdict.bundle)
        self.findings.extend(finding.text(name) for finding in verdict.findings)
        self.notes.extend(f"{name}: {note}" for note in verdict.notes)
        self.warnings.extend(f"{name}: {warning}" for warning in verdict.warnings)


def survey(declared: Mapping[str, object], read: Reader, secrets: Mapping[str, object], now: datetime) -> Survey:
    """Judge every declared certificate whose files the controller can see; ``now`` is aware."""
    result = Survey()
    for name in sorted(declared, key=str):
        try:
            request = parse_request(str(name), declared[name])
            if request.source == "self_signed":
                result.self_signed.append(request)
            elif request.source == "remote":
                _roots(request, read)
                result.remote.append(request)
            else:
                result.add(request.name, _judge_local(request, read, secrets, now))
        except UnusableError as problem:
            result.findings.extend(finding.text(str(name)) for finding in problem.findings)
    return result


def _judge_local(request: Request, read: Reader, secrets: Mapping[str, object], now: datetime) -> Verdict:
    roots = _roots(request, read)
    return judge(request, _load(request, read, secrets), roots, now)


def _roots(request: Request, read: Reader) -> tuple[x509.Certificate, ...]:
    if not request.ca_file:
        return ()
    return _holding(materials.from_pem(read(request.ca_file), None, request.ca_file), request.ca_file).certificates


def _holding(material: Material, where: str, key: bool = False) -> Material:
    """Return ``material``; raise UnusableError where a file lacks what it was named for."""
    if material.public_key if key else material.certificates:
        return material
    kind = "private key" if key else "certificate"
    why = "It was named for that and would be ignored."
    raise UnusableError(Finding("NOTHING_IN_FILE", f"{where} holds no {kind}", why, "Give the right file."))


def _load(request: Request, read: Reader, secrets: Mapping[str, object]) -> Material:
    """Return all material of a certificate; findings of several files are raised together."""
    parts: list[Material] = []
    findings: list[Finding] = []
    for load in _loaders(request, read, secrets):
        try:
            parts.append(load())
        except UnusableError as problem:
            findings.extend(problem.findings)
    if findings:
        raise UnusableError(*dict.fromkeys(findings))
    return materials.merge(parts)


def _loaders(request: Request, read: Reader, secrets: Mapping[str, object]) -> list[Callable[[], Material]]:
    """Return one function per file, so that the findings on each are found although another one is wrong."""

    def password() -> str | None:
        return _secret(request.password_secret, secrets) if request.password_secret else None

    def nothing(_value: object) -> Material:
        return Material()

    def of_file(path: str, key: bool) -> Callable[[], Material]:
        return lambda: _holding(materials.from_pem(read(path), password(), path), path, key)

    named = [(request.certificate_file, False), (request.key_file, True), (request.chain_file, False)]
    loaders = [lambda: nothing(password()), lambda: nothing(_roots(request, read))]
    loaders += [of_file(path, key) for path, key in named if path]
    if request.source == "pkcs12":
        loaders.append(lambda: materials.from_pkcs12(read(request.file), password(), request.file))
    elif request.source == "secret":
        where = f"the secret {request.secret}"
        loaders.append(lambda: materials.from_pem(_secret(request.secret, secrets).encode(), password(), where))
    elif request.file:
        loaders.append(lambda: materials.from_pem(read(request.file), password(), request.file))
    return loaders


def _secret(name: str, secrets: Mapping[str, object]) -> str:
    """Return a secret by its name. Raises UnusableError where there is no such text; its value is never shown."""
    value = secrets.get(name)
    if isinstance(value, str) and value:
        return value
    what = f"the secret {name!r} is " + ("not known" if name not in secrets else "empty or not a text")
    mend = "Add it to tls_certificate_secrets (by default netstack_secrets), encrypted by ansible-vault."
    raise UnusableError(Finding("NO_SECRET", what, "Passwords and keys are named here and looked up there.", mend))


def with_remote(
    before: Survey, sources: Mapping[str, Mapping[str, object]], read: Reader, now: datetime, check_mode: bool
) -> tuple[Survey, dict[str, tuple[str, int]]]:
    """Judge what the target reported of its own sources.

    Returns a survey of these alone, and the file and index of each private key, which stays on the target.
    """
    result = Survey()
    keys: dict[str, tuple[str, int]] = {}
    for request in before.remote:
        try:
            material, place = _reported(request, sources[request.name], now, check_mode)
            result.add(request.name, judge(request, material, _roots(request, read), now))
            keys[request.name] = place
        except UnusableError as problem:
            result.findings.extend(finding.text(request.name) for finding in problem.findings)
    return result, keys


def _reported(
    request: Request, report: Mapping[str, object], now: datetime, check_mode: bool
) -> tuple[Material, tuple[str, int]]:
    """Return what a target reported as material, with the place of its key."""
    if report["error"]:
        mend = "Let the ACME client or the internal CA put it there first, or mend path."
        why = "The certificate is kept on the host, not on the controller."
        raise UnusableError(Finding("SOURCE_MISSING", f"cannot be read on the host: {report['error']}", why, mend))
    certificates = _certificates(str(report["certificates"]), request.path)
    key = _single_key(request, report["keys"])
    notes: tuple[str, ...] = ()
    if key["problem"] == "openssl missing" and check_mode and certificates:
        notes = ("the program openssl is not installed yet: the real run compares the private key",)
        public = _assumed(certificates, now)
    elif key["problem"]:
        raise UnusableError(_unreadable_key(key))
    else:
        public = _public(str(key["public_key"]), request.path)
    return Material(tuple(certificates), public, b"", notes), (str(key["file"]), int(key["index"]))


def _certificates(text: str, where: str) -> list[x509.Certificate]:
    return materials.parse_certificates(materials.read_blocks(text.encode(), where), where) if text else []


def _assumed(certificates: list[x509.Certificate], now: datetime) -> bytes:
    """Return the leaf's own public key, where nothing on the target can read the private one yet."""
    leaf = order(tuple(certificates), now).leaf
    return materials.public_bytes(leaf.public_key())


def _single_key(request: Request, reported: object) -> Mapping[str, str]:
    keys = {str(key["public_key"] or key["file"]): key for key in reported} if isinstance(reported, list) else {}
    if len(keys) == 1:
        single: Mapping[str, str] = next(iter(keys.values()))
        return single
    if keys:
        files = ", ".join(sorted({str(key["file"]) for key in keys.values()}))
        mend = "Give the file or folder of this certificate alone as path."
        raise UnusableError(
            Finding("SEVERAL_KEYS", f"{len(keys)} private keys in {files}", "Which is meant is open.", mend)
        )
    why = "HAProxy cannot offer TLS without it."
    raise UnusableError(
        Finding("NO_KEY", f"there is no private key at {request.path}", why, "Give a path that holds it.")
    )


def _unreadable_key(key: Mapping[str, str]) -> Finding:
    if key["problem"] == "encrypted":
        mend = "Keep it unencrypted and mode 0600 on the host; it does not leave it."
        what = f"the private key in {key['file']} is encrypted"
        return Finding("KEY_ENCRYPTED", what, "HAProxy cannot ask for a password.", mend)
    what = f"the private key in {key['file']} cannot be read: {key['problem']}"
    return Finding("DAMAGED", what, "HAProxy would not start with it.", "Mend the file, or install openssl.")


def _public(text: str, where: str) -> bytes:
    try:
        return materials.public_bytes(serialization.load_pem_public_key(text.encode()))
    except ValueError:
        why = "It is what the host says of its private key."
        raise UnusableError(
            Finding("DAMAGED", f"no public key comes for {where}", why, "See what openssl pkey -pubout says there.")
        ) from None
