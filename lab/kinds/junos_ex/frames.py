# SPDX-License-Identifier: GPL-3.0-or-later
"""NETCONF on the wire: hello, framing of base 1.0, requests in, replies out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from lxml import etree

from .errors import Report

Element = etree._Element
BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
XNM = "http://xml.juniper.net/xnm/1.1/xnm"
END = b"]]>]]>"
LARGEST = 16 * 1024 * 1024
# Published hellos of 18.2R3 and 21.x (facts, section 11): base 1.0 alone, so framing is by the end mark.
CAPABILITIES = (
    "urn:ietf:params:netconf:base:1.0",
    "urn:ietf:params:netconf:capability:candidate:1.0",
    "urn:ietf:params:netconf:capability:confirmed-commit:1.0",
    "urn:ietf:params:netconf:capability:validate:1.0",
    "urn:ietf:params:netconf:capability:url:1.0?scheme=http,ftp,file",
    "urn:ietf:params:xml:ns:netconf:base:1.0",
    "urn:ietf:params:xml:ns:netconf:capability:candidate:1.0",
    "urn:ietf:params:xml:ns:netconf:capability:confirmed-commit:1.0",
    "urn:ietf:params:xml:ns:netconf:capability:validate:1.0",
    "urn:ietf:params:xml:ns:netconf:capability:url:1.0?scheme=http,ftp,file",
    "urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring",
    "http://xml.juniper.net/netconf/junos/1.0",
    "http://xml.juniper.net/dmi/system/1.0",
)


def hello(session: int) -> bytes:
    """Give the switch's greeting."""
    listed = "".join(f"\n    <capability>{capability}</capability>" for capability in CAPABILITIES)
    text = (
        "<!-- No zombies were killed during the creation of this user interface -->\n"
        f'<hello xmlns="{BASE}">\n  <capabilities>{listed}\n  </capabilities>\n'
        f"  <session-id>{session}</session-id>\n</hello>\n"
    )
    return text.encode() + END + b"\n"


class Splitter:
    """Cuts the incoming bytes into messages at the end mark."""

    def __init__(self) -> None:
        self.buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes; give the messages that are complete.

        Raises:
            ValueError: a message is larger than `LARGEST` bytes.
        """
        self.buffer += data
        while (at := self.buffer.find(END)) >= 0:
            message = bytes(self.buffer[:at])
            del self.buffer[: at + len(END)]
            yield message
        if len(self.buffer) > LARGEST:
            raise ValueError("a message has no end")


def parse(message: bytes) -> Element:
    """Read one message.

    Raises:
        lxml.etree.XMLSyntaxError: it is not XML.
    """
    parser = etree.XMLParser(
        remove_comments=True, remove_pis=True, resolve_entities=False, no_network=True, huge_tree=True
    )
    return etree.fromstring(message.strip(), parser)


def attributes_of(element: Element) -> dict[str, str]:
    """Give the attributes as plain text."""
    return {str(name): str(element.get(name)) for name in element.attrib}


def outermost(name: str, space: str, **prefixes: str) -> Element:
    """Make an element whose default namespace is `space`."""
    spaces = cast("dict[str, str]", {None: space, **prefixes})  # the stubs know no default namespace
    return etree.Element(name, nsmap=spaces)


def report_element(report: Report) -> Element:
    """Make an `<rpc-error>`; Junos wraps the texts in line ends."""
    element = etree.Element("rpc-error")
    parts = {
        "error-type": report.kind,
        "error-tag": report.tag,
        "error-severity": report.severity,
        "source-daemon": report.daemon,
        "error-path": report.path,
        "error-message": report.message,
    }
    for name, text in parts.items():
        if text:
            etree.SubElement(element, name).text = (
                text if name.startswith("error-t") or name.endswith("severity") else f"\n{text}\n"
            )
    if report.bad:
        info = etree.SubElement(element, "error-info")
        etree.SubElement(info, "bad-element").text = f"\n{report.bad}\n"
    return element


def reply(request: Element | None, release: str, content: list[Element], ok: bool) -> bytes:
    """Give `<rpc-reply>` with the request's attributes.

    The elements carry no namespace, so they fall into the reply's default one: base 1.0, as `rpc-error` and `ok` must.
    """
    attributes = attributes_of(request).items() if request is not None else ()
    given = "".join(f" {name}={_quoted(value)}" for name, value in attributes if not name.startswith("{"))
    inner = b"".join(etree.tostring(element, encoding="utf-8") + b"\n" for element in content)
    head = f'<rpc-reply xmlns="{BASE}" xmlns:junos="http://xml.juniper.net/junos/{release}/junos"{given}>\n'
    return head.encode() + inner + (b"<ok/>\n" if ok else b"") + b"</rpc-reply>\n" + END + b"\n"


def _quoted(value: str) -> str:
    """Write an attribute's value."""
    for raw, escaped in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;"), ("\n", " ")):
        value = value.replace(raw, escaped)
    return f'"{value}"'
