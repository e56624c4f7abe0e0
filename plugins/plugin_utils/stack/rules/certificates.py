# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules on certificates and on who uses them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.catalogue import rule
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.finding import Fault
from ansible_collections.netstack.datacenter.plugins.plugin_utils.stack.model import Certificate, Site

_COMMON = {"source", "names", "minimum_days", "waive"}
_TAKES: dict[str, set[str]] = {
    "pem": {"file", "certificate_file", "key_file", "chain_file", "ca_file", "password_secret"},
    "pkcs12": {"file", "chain_file", "ca_file", "password_secret"},
    "secret": {"secret", "chain_file", "ca_file", "password_secret"},
    "remote": {"path", "ca_file"},
    "self_signed": {"key_type", "valid_days"},
}
"""What the role tls_certificate takes for each source."""
_NEEDS: dict[str, tuple[str, ...]] = {
    "pem": (),
    "pkcs12": ("file",),
    "secret": ("secret",),
    "remote": ("path",),
    "self_signed": ("names",),
}


def _given(certificate: Certificate) -> list[str]:
    return sorted(certificate.model_dump(exclude_defaults=True))


@rule("CERTIFICATE_KEY_FOREIGN")
def certificate_key_foreign(site: Site) -> Iterator[Fault]:
    """A certificate has a key that its source does not use.

    Breaks: it would be ignored; often the source is the wrong one.
    Why: each source has its own files and secrets (role tls_certificate).
    Mend: set the source that is meant, or remove the key.
    """
    for name, certificate in sorted(site.certificates.items()):
        for key in _given(certificate):
            if key not in _COMMON | _TAKES[certificate.source]:
                users = " or ".join(source for source, keys in _TAKES.items() if key in keys)
                yield Fault(
                    ("certificates", name, key),
                    f"source {certificate.source} does not use {key} and would ignore it; set source {users}, or "
                    "remove it",
                )


@rule("CERTIFICATE_KEY_MISSING")
def certificate_key_missing(site: Site) -> Iterator[Fault]:
    """A certificate lacks what its source needs.

    Breaks: there is nothing to install.
    Why: role tls_certificate; a self-signed certificate without names fits no client.
    Mend: add the key.
    """
    for name, certificate in sorted(site.certificates.items()):
        for key in _NEEDS[certificate.source]:
            if not getattr(certificate, key):
                yield Fault(
                    ("certificates", name),
                    f"source {certificate.source} needs {key}, so there is nothing to install; add it",
                )
        pieces = bool(certificate.certificate_file) and bool(certificate.key_file)
        if certificate.source == "pem" and bool(certificate.file) == pieces:
            yield Fault(
                ("certificates", name),
                "source pem needs either file (all in one) or certificate_file with key_file; give one of the two",
            )


@rule("PKCS12_WITHOUT_PASSWORD", waivable=True)
def pkcs12_without_password(site: Site) -> Iterator[Fault]:
    """A PKCS#12 file without the name of its password.

    Breaks: the file cannot be opened.
    Why: IIS and Exchange always export with a password; the secret's name stands here, its value in the vaulted
    dictionary.
    Mend: add password_secret; waive it for a file without a password.
    """
    for name, certificate in sorted(site.certificates.items()):
        if certificate.source == "pkcs12" and certificate.password_secret is None:
            yield Fault(
                ("certificates", name),
                "a PKCS#12 file opens with a password, and none is named; add password_secret with the name of the "
                "secret, or waive it for a file without one",
            )


@rule("CERTIFICATE_UNKNOWN")
def certificate_unknown(site: Site) -> Iterator[Fault]:
    """A service names a certificate that is not declared.

    Breaks: HAProxy does not start without the file.
    Why: "missing crt" is fatal on every release (measured).
    Mend: declare the certificate, or correct the name.
    """
    known = sorted(site.declared.get("certificates", ()))
    for name, service in sorted(site.services.items()):
        for certificate in service.tls.certificate:
            if not site.knows("certificates", certificate):
                close = difflib.get_close_matches(certificate, known, 1)
                mend = f"did you mean {close[0]}?" if close else "declare it under certificates"
                yield Fault(
                    ("services", name, "tls", "certificate"),
                    f"certificate {certificate} is not declared, and HAProxy would not start without it; {mend}",
                )


@rule("CERTIFICATE_UNUSED", severity="warning", waivable=True)
def certificate_unused(site: Site) -> Iterator[Fault]:
    """No service uses a certificate.

    Breaks: it is installed nowhere; often a service names another one by mistake.
    Why: a load balancer gets the certificates of its services only.
    Mend: name it at a service, or remove it.
    """
    used = {certificate for service in site.services.values() for certificate in service.tls.certificate}
    if not site.complete or set(site.services) != set(site.declared.get("services", ())):
        return
    for name in sorted(set(site.certificates) - used):
        yield Fault(
            ("certificates", name), "no service uses it, so it is installed nowhere; name it at a service or remove it"
        )


@rule("CERTIFICATE_WITHOUT_TLS")
def certificate_without_tls(site: Site) -> Iterator[Fault]:
    """A service has a certificate and ends no TLS.

    Breaks: the certificate is not used; its author believes that the service is encrypted.
    Why: with `at: none` TLS is passed through, or there is none.
    Mend: set `at: haproxy`, or remove the certificate.
    """
    for name, service in sorted(site.services.items()):
        if service.tls.at == "none" and service.tls.certificate:
            yield Fault(
                ("services", name, "tls", "certificate"),
                "no TLS ends here (at: none), so the certificate would not be used; set at: haproxy or remove it",
            )


@rule("CLIENT_CERTIFICATES_WITHOUT_TLS")
def client_certificates_without_tls(site: Site) -> Iterator[Fault]:
    """A service asks clients for certificates and ends no TLS.

    Breaks: whoever comes is let in; its author believes that nobody without a certificate is.
    Why: a client shows its certificate to the one who ends TLS (RFC 8446, 4.3.2).
    Mend: set `at: haproxy`, or remove client_certificates and let the servers ask.
    """
    for name, service in sorted(site.services.items()):
        if service.tls.at == "none" and service.tls.client_certificates is not None:
            yield Fault(
                ("services", name, "tls", "client_certificates"),
                "no TLS ends here (at: none), so nobody would be asked for one; set at: haproxy, or let servers ask",
            )


@rule("TLS_WITHOUT_CERTIFICATE")
def tls_without_certificate(site: Site) -> Iterator[Fault]:
    """A service ends TLS and names no certificate.

    Breaks: HAProxy refuses the configuration, and so does Pound.
    Why: `bind ... ssl` needs `crt`, ListenHTTPS needs `Cert`.
    Mend: name a certificate.
    """
    for name, service in sorted(site.services.items()):
        if service.tls.ends_here and not service.tls.certificate:
            yield Fault(
                ("services", name, "tls"),
                "TLS is to end here and no certificate is named, so the configuration would be refused; add "
                "certificate: NAME",
            )


def covers(names: Iterable[str], wanted: str) -> bool:
    """Tell whether one of the names, or a wildcard among them, stands for the wanted one, whatever the case."""
    plain, lower = {name.lower() for name in names}, wanted.lower()
    return lower in plain or f"*.{lower.partition('.')[2]}" in plain


@rule("NAME_NOT_IN_CERTIFICATE", waivable=True)
def name_not_in_certificate(site: Site) -> Iterator[Fault]:
    """A service is asked for by a name that none of its certificates declares.

    Breaks: clients refuse the connection (name mismatch).
    Why: RFC 9525; names are compared without regard to case (RFC 4343).
    Mend: add the name to the certificate's `names`, or name the right certificate.
    """
    for name, service in sorted(site.services.items()):
        used = [site.certificates[item] for item in service.tls.certificate if item in site.certificates]
        if not used or any(not certificate.names for certificate in used):
            continue
        names = {name for certificate in used for name in certificate.names}
        for index, wanted in enumerate(service.server_names):
            if not covers(names, wanted):
                yield Fault(
                    ("services", name, "server_names", index),
                    f"{wanted} is among the names of none of its certificates, so clients would refuse it; add it "
                    "to names or name the right certificate",
                )
