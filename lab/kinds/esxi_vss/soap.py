# SPDX-License-Identifier: GPL-3.0-or-later
"""SOAP envelopes, read and written with the types of pyVmomi."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from xml.parsers.expat import ExpatError, ParserCreate

from .vmomi import SoapAdapter, VmomiSupport, vmodl

OLDEST = "vim.version.version1"
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<soapenv:Envelope xmlns:soapenc="http://schemas.xmlsoap.org/soap/encoding/"'
    ' xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n<soapenv:Body>\n'
)
TAIL = "\n</soapenv:Body>\n</soapenv:Envelope>\n"
PREFIXES = {VmomiSupport.XMLNS_XSI: "xsi", VmomiSupport.XMLNS_XSD: "xsd"}
BODY = "http://schemas.xmlsoap.org/soap/envelope/ Body"


@dataclass
class Call:
    """One call: the method's name in the WSDL, its description, the object it is for, and its arguments by name."""

    method: str
    target: Any = None
    info: Any = None
    arguments: dict[str, Any] = field(default_factory=dict)


class _Reader(SoapAdapter.ExpatDeserializerNSHandlers):  # type: ignore[misc] # its base is Any
    """Reads a request; the elements inside the arguments are pyVmomi's own deserialiser's."""

    def __init__(self, version: str) -> None:
        super().__init__()
        self.version = version
        self.depth = 0
        self.body = 0
        self.call: Call | None = None
        self.waiting: tuple[Any, str] | None = None
        self.inner: Any = None

    def read(self, text: bytes) -> Call:
        self.parser = ParserCreate(namespace_separator=SoapAdapter.NS_SEP)
        self.parser.buffer_text = True
        SoapAdapter.SetHandlers(self.parser, SoapAdapter.GetHandlers(self))
        self.parser.Parse(text, True)
        self._keep()
        if self.call is None:
            raise ValueError("the body holds no method")
        return self.call

    def StartElementHandler(self, tag: str, attributes: dict[str, str]) -> None:  # noqa: N802 # pyVmomi's name
        self._keep()
        self.depth += 1
        if tag == BODY:
            self.body = self.depth
        elif self.body and self.depth == self.body + 1:
            self.call = Call(tag.rpartition(" ")[2])
        elif self.call is not None and self.depth == self.body + 2:
            self._argument(tag, attributes)

    def _argument(self, tag: str, attributes: dict[str, str]) -> None:
        """Hand one argument's element over to pyVmomi."""
        assert self.call is not None
        name = tag.rpartition(" ")[2]
        kind = VmomiSupport.ManagedObject if name == "_this" else self._type(name)
        self.inner = SoapAdapter.SoapDeserializer(None, self.version)
        self.inner.Deserialize(self.parser, kind, False, self.nsMap)
        self.waiting = (self.inner, name)
        self.depth -= 1  # its end tag is not seen here
        self.inner.StartElementHandler(tag, attributes)

    def _type(self, name: str) -> Any:
        """Give the type of an argument; of an array, that of one element."""
        assert self.call is not None
        self._describe()
        if self.call.method == "Fetch":
            return str
        for parameter in self.call.info.params if self.call.info is not None else ():
            if parameter.name == name:
                return parameter.type.Item if issubclass(parameter.type, list) else parameter.type
        raise vmodl.fault.InvalidRequest(msg=f"{self.call.method} has no argument {name}")

    def _describe(self) -> None:
        """Find the method's description by its object."""
        assert self.call is not None
        if self.call.info is None and self.call.method != "Fetch":
            self.call.info = describe(self.call.target, self.call.method)

    def _keep(self) -> None:
        """Keep the argument that was read last."""
        if self.waiting is None or self.call is None:
            return
        inner, name = self.waiting
        value, self.waiting = inner.GetResult(), None
        if name == "_this":
            self.call.target = value
            self._describe()
            return
        several = self.call.method != "Fetch" and any(
            each.name == name and issubclass(each.type, list) for each in self.call.info.params
        )
        if several:
            self.call.arguments.setdefault(name, []).append(value)
        else:
            self.call.arguments[name] = value

    def EndElementHandler(self, tag: str) -> None:  # noqa: N802 # pyVmomi's name
        self.depth -= 1

    def CharacterDataHandler(self, data: str) -> None:  # noqa: N802 # pyVmomi's name
        pass


def describe(target: Any, method: str) -> Any:
    """Give the description of a managed object's method.

    Raises:
        MethodNotFound: its type has none of that name.
    """
    kinds: tuple[Any, ...] = type(target).__mro__ if target is not None else ()
    for kind in kinds:
        for name in getattr(kind, "_methodInfo", {}):
            found = kind._GetMethodInfo(name)
            if found.wsdlName == method:
                return found
    raise vmodl.fault.MethodNotFound(msg=f"Unable to resolve method {method}", receiver=target, method=method)


def read(text: bytes, version: str) -> Call:
    """Read a request.

    Raises:
        InvalidRequest: it is no SOAP, or names types or arguments that the API does not have.
    """
    try:
        return _Reader(version).read(text)
    except (ExpatError, KeyError, AttributeError, TypeError, ValueError) as failure:
        raise vmodl.fault.InvalidRequest(msg=f"cannot read the request: {failure!r}") from failure


def version_of(action: str) -> str:
    """Give the API version that a SOAPAction asks for (`"urn:vim25/8.0.2.0"`); without one, the oldest."""
    name = action.strip('"').removeprefix("urn:")
    found: str = VmomiSupport.versionMap.get(name, OLDEST)
    return found


def answer(call: Call, version: str, result: Any) -> bytes:
    """Write the answer of a call that went well."""
    body = f'<{call.method}Response xmlns="urn:vim25">'
    if result is not None:
        kind = object if call.method == "Fetch" else call.info.methodResult
        flags = 0 if call.info is None else call.info.resultFlags
        described = VmomiSupport.Object(name="returnval", type=kind, version=version, flags=flags)
        body += _written(result, described, version)
    return f"{HEAD}{body}</{call.method}Response>{TAIL}".encode()


def _written(value: Any, described: Any, version: str) -> str:
    text: str = SoapAdapter.SerializeToStr(value, described, version, {**PREFIXES, "urn:vim25": ""})
    return text


def fault(failure: Any, version: str) -> bytes:
    """Write a fault."""
    kind = VmomiSupport.GetCompatibleType(VmomiSupport.Type(failure), version)
    name = VmomiSupport.GetWsdlName(kind) + "Fault"
    described = VmomiSupport.Object(name=name, type=object, version=version, flags=0)
    detail = SoapAdapter.SerializeFaultDetail(_without_text(failure), described, version, {**PREFIXES, "urn:vim25": ""})
    detail = detail.replace(f"<{name}", f'<{name} xmlns="urn:vim25"', 1)
    text = SoapAdapter.XmlEscape(failure.msg or kind.__name__)
    inside = f"<faultcode>ServerFaultCode</faultcode><faultstring>{text}</faultstring><detail>{detail}</detail>"
    return f"{HEAD}<soapenv:Fault>{inside}</soapenv:Fault>{TAIL}".encode()


def _without_text(failure: Any) -> Any:
    """Give the fault without its text: that stands in the fault's string."""
    bare = VmomiSupport.Type(failure)()
    for each in bare._GetPropertyList():
        if each.name != "msg":
            setattr(bare, each.name, getattr(failure, each.name))
    return bare
