# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods of the vSphere API that are simulated, by their names in the WSDL."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import collector, views
from . import host as networking
from .endpoint import Endpoint, Lab, Session
from .host import Host
from .policy import invalid
from .soap import Call
from .thing import Thing
from .vmomi import VmomiSupport, vim, vmodl

# Without a login; RetrieveProperties and Fetch only of the service instance.
ANONYMOUS = ("RetrieveServiceContent", "Login", "CurrentTime")
READABLE = ("RetrieveProperties", "RetrievePropertiesEx", "Fetch")


@dataclass
class Context:
    """What a method may touch."""

    lab: Lab
    endpoint: Endpoint
    session: Session | None
    thing: Thing

    @property
    def things(self) -> dict[str, Thing]:
        """Give all objects that the session sees: the inventory, and its own views, filters and tasks."""
        own = self.session.things if self.session is not None else {}
        return {**self.endpoint.things, **own} if own else self.endpoint.things

    def may(self, thing: Thing, privilege: str) -> bool:
        """Tell whether the session's user has a privilege on an object."""
        return self.endpoint.may(self.session, thing.host, privilege)

    def fetched(self, path: str) -> Any:
        """Give a property.

        Raises:
            NoPermission: the user may not read it.
        """
        privilege = collector.needed(self.thing, path)
        if not self.may(self.thing, privilege):
            raise collector.denied(self.thing.ref, privilege)
        return self.thing.value(path)

    @property
    def mine(self) -> Session:
        """Give the session of a method that needs one."""
        assert self.session is not None
        return self.session

    @property
    def host(self) -> Host:
        """Give the host that the object belongs to."""
        assert self.thing.host is not None
        return self.thing.host


Method = Callable[..., Any]
METHODS: dict[tuple[Any, str], Method] = {}


def method(kind: Any, name: str) -> Callable[[Method], Method]:
    """Register a method of a type."""

    def keep(function: Method) -> Method:
        METHODS[(kind, name)] = function
        return function

    return keep


def invoke(lab: Lab, endpoint: Endpoint, session: Session | None, call: Call) -> Any:
    """Carry out one call.

    Raises:
        MethodFault: what the host answers.
    """
    own = session.things if session is not None else {}
    thing = own.get(call.target._moId) or endpoint.things.get(call.target._moId)
    _admit(endpoint, session, call)
    if thing is None:
        raise collector.gone(call.target)
    context = Context(lab, endpoint, session, thing)
    if call.method == "Fetch":
        return context.fetched(call.arguments["prop"])
    for kind in type(thing.ref).__mro__:
        if (kind, call.method) in METHODS:
            return METHODS[(kind, call.method)](context, **_complete(call))
    name = f"{VmomiSupport.GetWsdlName(type(thing.ref))}.{call.method}"
    raise vmodl.fault.NotSupported(msg=f"SIM TEXT: the method {name} is not simulated")


def _complete(call: Call) -> dict[str, Any]:
    """Give the arguments; one that is not optional must be there.

    Raises:
        InvalidRequest: it is not.
    """
    for each in call.info.params:
        if not each.flags & VmomiSupport.F_OPTIONAL and each.name not in call.arguments:
            raise vmodl.fault.InvalidRequest(msg=f"{call.method} misses its argument {each.name}")
    return call.arguments


def _admit(endpoint: Endpoint, session: Session | None, call: Call) -> None:
    """Refuse who has not logged in, who may not, and what the licence does not allow."""
    privilege = _privilege(call)
    if session is None:
        own = call.method in READABLE and _only_service(call)
        if call.method not in ANONYMOUS and not own:
            text = "The session is not authenticated."
            raise vim.fault.NotAuthenticated(msg=text, object=call.target, privilegeId=privilege)
        return
    thing = endpoint.things.get(call.target._moId)
    host = thing.host if thing is not None else None
    if not endpoint.may(session, host, privilege):
        raise collector.denied(call.target, privilege)
    if not privilege.startswith("System.") and host is not None and host.license == "free":
        text = "Current license or ESXi version prohibits execution of the requested operation."
        raise vim.fault.RestrictedVersion(msg=text)


def _privilege(call: Call) -> str:
    """Give what a method asks for; where pyVmomi names none, its reference names this one for every change."""
    if call.info is not None and call.info.privId:
        return str(call.info.privId)
    changes = call.info is not None and isinstance(call.target, vim.host.NetworkSystem)
    return "Host.Config.Network" if changes else "System.View"


def _only_service(call: Call) -> bool:
    """Tell whether a read asks for nothing but the service instance."""
    if call.method == "Fetch":
        return isinstance(call.target, vim.ServiceInstance)
    chosen = [each for spec in call.arguments.get("specSet", []) for each in spec.objectSet]
    return all(isinstance(each.obj, vim.ServiceInstance) and not each.selectSet for each in chosen)


@method(vim.ServiceInstance, "RetrieveServiceContent")
def retrieve_service_content(context: Context) -> Any:
    """Give the entry to everything else."""
    return context.thing.value("content")


@method(vim.ServiceInstance, "CurrentTime")
def current_time(context: Context) -> datetime.datetime:
    """Tell the time."""
    return datetime.datetime.fromtimestamp(context.lab.clock.now(), datetime.UTC)


@method(vim.SessionManager, "Login")
def login(context: Context, userName: str, password: str, locale: str | None = None) -> Any:  # noqa: N803 # WSDL's
    """Begin a session; the web side sends its cookie."""
    if context.session is not None:
        raise vmodl.fault.InvalidRequest(msg="The session is already logged in.")
    context.session = context.endpoint.login(userName, password, context.lab.clock.now())
    return _user_session(context.session)


def _user_session(session: Session) -> Any:
    moments = [datetime.datetime.fromtimestamp(each, datetime.UTC) for each in (session.began, session.last)]
    return vim.UserSession(
        key=session.token,
        userName=session.user,
        fullName=session.user,
        loginTime=moments[0],
        lastActiveTime=moments[1],
        locale="en",
        messageLocale="en",
        extensionSession=False,
        ipAddress="127.0.0.1",
        userAgent="",
        callCount=session.calls,
    )


@method(vim.SessionManager, "Logout")
def logout(context: Context) -> None:
    """End the session."""
    context.endpoint.sessions.pop(context.mine.token, None)


@method(vim.SessionManager, "SessionIsActive")
def session_is_active(context: Context, sessionID: str, userName: str) -> bool:  # noqa: N803 # WSDL's
    """Tell whether a session lives."""
    found = context.endpoint.sessions.get(sessionID)
    return found is not None and found.user == userName


@method(vim.host.NetworkSystem, "AddVirtualSwitch")
def add_virtual_switch(context: Context, vswitchName: str, spec: Any = None) -> None:  # noqa: N803 # WSDL's
    """Make a virtual switch."""
    _change(context, networking.add_switch, vswitchName, spec)


@method(vim.host.NetworkSystem, "UpdateVirtualSwitch")
def update_virtual_switch(context: Context, vswitchName: str, spec: Any) -> None:  # noqa: N803 # WSDL's
    """Replace the specification of a virtual switch."""
    _change(context, networking.update_switch, vswitchName, spec)


@method(vim.host.NetworkSystem, "RemoveVirtualSwitch")
def remove_virtual_switch(context: Context, vswitchName: str) -> None:  # noqa: N803 # WSDL's
    """Remove a virtual switch."""
    _change(context, networking.remove_switch, vswitchName)


@method(vim.host.NetworkSystem, "AddPortGroup")
def add_port_group(context: Context, portgrp: Any) -> None:
    """Make a port group."""
    _change(context, networking.add_group, portgrp)


@method(vim.host.NetworkSystem, "UpdatePortGroup")
def update_port_group(context: Context, pgName: str, portgrp: Any) -> None:  # noqa: N803 # WSDL's
    """Replace the specification of a port group."""
    _change(context, networking.update_group, pgName, portgrp)


@method(vim.host.NetworkSystem, "RemovePortGroup")
def remove_port_group(context: Context, pgName: str) -> None:  # noqa: N803 # WSDL's
    """Remove a port group."""
    _change(context, networking.remove_group, pgName)


def _change(context: Context, operation: Callable[..., None], *arguments: Any) -> None:
    """Change a draft of the networking; only one that is right as a whole becomes the host's."""
    draft = context.host.draft()
    operation(context.host, draft, *arguments)
    context.host.replace(draft)


@method(vim.host.NetworkSystem, "UpdateNetworkConfig")
def update_network_config(context: Context, config: Any, changeMode: str) -> Any:  # noqa: N803 # WSDL's
    """Change virtual switches and port groups in one step: all of it, or nothing."""
    if changeMode != "modify":
        raise vmodl.fault.NotSupported(msg=f"SIM TEXT: changeMode {changeMode} is not simulated")
    for each in config._GetPropertyList():
        given = getattr(config, each.name)
        if each.name not in ("vswitch", "portgroup") and given is not None and given != []:
            raise vmodl.fault.NotSupported(msg=f"SIM TEXT: {each.name} in a network configuration is not simulated")
    draft = context.host.draft()
    for each in config.vswitch:
        _one_switch(context.host, draft, each)
    for each in config.portgroup:
        _one_group(context.host, draft, each)
    context.host.replace(draft)
    return vim.host.NetworkConfig.Result()


def _one_switch(host: Host, draft: networking.Network, change: Any) -> None:
    if change.changeOperation == "add":
        networking.add_switch(host, draft, change.name, change.spec)
    elif change.changeOperation == "remove":
        networking.remove_switch(host, draft, change.name)
    elif change.changeOperation == "edit" and change.spec is not None:
        networking.update_switch(host, draft, change.name, change.spec)
    else:
        raise invalid("config.vswitch.changeOperation", f"{change.changeOperation}")


def _one_group(host: Host, draft: networking.Network, change: Any) -> None:
    if change.spec is None:
        raise invalid("config.portgroup.spec", "it is needed: it holds the name")
    if change.changeOperation == "add":
        networking.add_group(host, draft, change.spec)
    elif change.changeOperation == "remove":
        networking.remove_group(host, draft, change.spec.name)
    elif change.changeOperation == "edit":
        networking.update_group(host, draft, change.spec.name, change.spec)
    else:
        raise invalid("config.portgroup.changeOperation", f"{change.changeOperation}")


@method(vim.host.NetworkSystem, "QueryNetworkHint")
def query_network_hint(context: Context, device: list[str] | None = None) -> list[Any]:
    """Tell what the neighbours say."""
    return views.hints(context.host, device or [])


@method(vim.host.NetworkSystem, "RefreshNetworkSystem")
def refresh(context: Context) -> None:
    """Read the hardware anew: nothing to do."""
