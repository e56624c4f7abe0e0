# SPDX-License-Identifier: GPL-3.0-or-later
"""The methods that read: property collector, container views, search, and the tasks that can be waited for."""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from . import collector
from .api import Context, method
from .thing import Thing
from .vmomi import VmomiSupport, vim, vmodl

Collector = vmodl.query.PropertyCollector


@method(Collector, "RetrieveProperties")
def retrieve_properties(context: Context, specSet: list[Any]) -> list[Any]:  # noqa: N803 # WSDL's
    """Give everything in one answer."""
    return collector.contents(context.things, specSet, context.may)


@method(Collector, "RetrievePropertiesEx")
def retrieve_properties_ex(context: Context, specSet: list[Any], options: Any) -> Any:  # noqa: N803 # WSDL's
    """Give the first page."""
    found = collector.contents(context.things, specSet, context.may)
    size = options.maxObjects or (collector.PAGE if context.endpoint.kind == "vcenter" else 0)
    if size < 0:
        raise vmodl.fault.InvalidArgument(msg="maxObjects is negative", invalidProperty="options.maxObjects")
    return _page(context, found, size) if found else None


def _page(context: Context, found: list[Any], size: int) -> Any:
    """Give one page, and a token for the rest; without a login there is no rest."""
    made = Collector.RetrieveResult(objects=found[:size] if size else found)
    if size and found[size:] and context.session is not None:
        made.token = str(uuid.uuid4())
        context.session.pages[made.token] = [size, *found[size:]]
    return made


@method(Collector, "ContinueRetrievePropertiesEx")
def continue_retrieve(context: Context, token: str) -> Any:
    """Give the next page."""
    size, *rest = _pages(context, token)
    return _page(context, rest, size)


@method(Collector, "CancelRetrievePropertiesEx")
def cancel_retrieve(context: Context, token: str) -> None:
    """Forget the pages that are left."""
    _pages(context, token)


def _pages(context: Context, token: str) -> list[Any]:
    """Take the pages of a token: each can be fetched once."""
    if token not in context.mine.pages:
        raise vmodl.fault.InvalidArgument(msg="A specified parameter was not correct: token", invalidProperty="token")
    return context.mine.pages.pop(token)


@method(Collector, "CreateFilter")
def create_filter(context: Context, spec: Any, partialUpdates: bool) -> Any:  # noqa: N803 # WSDL's
    """Make a filter of this session."""
    collector.contents(context.things, [spec], context.may)
    ref = Collector.Filter(f"session[{context.mine.token[:8]}]{uuid.uuid4()}")
    context.mine.filters[ref._moId] = (ref, spec)
    made = Thing(ref, {"spec": lambda: spec, "partialUpdates": lambda: partialUpdates})
    context.mine.things[ref._moId] = made
    return ref


@method(Collector.Filter, "DestroyPropertyFilter")
def destroy_filter(context: Context) -> None:
    """Forget a filter."""
    context.mine.filters.pop(context.thing.ref._moId, None)
    context.mine.things.pop(context.thing.ref._moId, None)


@method(Collector, "WaitForUpdatesEx")
def wait_for_updates_ex(context: Context, version: str = "", options: Any = None) -> Any:
    """Tell everything for an empty version, and nothing more after it: tasks end before they can be waited for."""
    if version:
        return None
    context.mine.updates += 1
    return collector.update(context.things, context.mine.updates, list(context.mine.filters.values()), context.may)


@method(Collector, "WaitForUpdates")
def wait_for_updates(context: Context, version: str = "") -> Any:
    """Tell as above; with a version a real host would wait, which would be for ever here.

    Raises:
        InvalidCollectorVersion: a version is given.
    """
    if version:
        raise vmodl.query.InvalidCollectorVersion(msg="SIM TEXT: there are no later updates")
    return wait_for_updates_ex(context)


@method(vim.view.ViewManager, "CreateContainerView")
def create_container_view(context: Context, container: Any, recursive: bool, type: list[Any] | None = None) -> Any:
    """Make a view of what is below a container."""
    if container._moId not in context.things:
        raise collector.gone(container)
    ref = vim.view.ContainerView(f"session[{context.mine.token[:8]}]{uuid.uuid4()}")
    kinds = tuple(type or [vim.ManagedEntity])

    def shown() -> Any:
        below = _below(context.endpoint.things, container, recursive)
        seen = [each for each in below if context.may(context.endpoint.things[each._moId], "System.View")]
        found = [each for each in seen if isinstance(each, kinds)]
        return VmomiSupport.ManagedObject.Array(found)

    props: dict[str, Any] = {"view": shown, "container": lambda: container, "recursive": lambda: recursive}
    context.mine.things[ref._moId] = Thing(ref, props)
    return ref


def _below(things: dict[str, Thing], container: Any, recursive: bool) -> list[Any]:
    """Give the objects below a container, in the order of the inventory."""
    found: list[Any] = []
    for path in ("childEntity", "hostFolder", "host", "resourcePool"):
        thing = things.get(container._moId)
        if thing is None or path not in thing.props:
            continue
        value = thing.value(path)
        for ref in [value] if isinstance(value, VmomiSupport.ManagedObject) else list(value):
            found.append(ref)
            found += _below(things, ref, recursive) if recursive else []
    return found


@method(vim.view.View, "DestroyView")
def destroy_view(context: Context) -> None:
    """Forget a view."""
    context.mine.things.pop(context.thing.ref._moId, None)


@method(vim.SearchIndex, "FindByDnsName")
def find_by_dns_name(context: Context, dnsName: str, vmSearch: bool, datacenter: Any = None) -> Any:  # noqa: N803
    """Find a host by its name."""
    for thing in context.endpoint.things.values():
        if isinstance(thing.ref, vim.HostSystem) and not vmSearch and thing.value("name") == dnsName:
            return thing.ref
    return None


@method(vim.SearchIndex, "FindByInventoryPath")
def find_by_path(context: Context, inventoryPath: str) -> Any:  # noqa: N803 # WSDL's
    """Follow a path of names: DC0/host/C0/NAME."""
    ref = context.endpoint.things["ServiceInstance"].value("content").rootFolder
    for name in inventoryPath.strip("/").split("/"):
        below = _below(context.endpoint.things, ref, False)
        ref = next((each for each in below if context.endpoint.things[each._moId].value("name") == name), None)
        if ref is None:
            return None
    return ref


@method(vim.HostSystem, "EnterMaintenanceMode_Task")
def enter_maintenance_mode(
    context: Context,
    timeout: int,
    evacuatePoweredOffVms: bool | None = None,  # noqa: N803 # WSDL's
    maintenanceSpec: Any = None,  # noqa: N803 # WSDL's
) -> Any:
    """Enter maintenance mode at once; the task is over when its reference comes back."""
    return _task(context, "EnterMaintenanceMode_Task", True)


@method(vim.HostSystem, "ExitMaintenanceMode_Task")
def exit_maintenance_mode(context: Context, timeout: int) -> Any:
    """Leave maintenance mode at once."""
    return _task(context, "ExitMaintenanceMode_Task", False)


def _task(context: Context, name: str, wanted: bool) -> Any:
    """Make the task of a change of maintenance mode; it fails where the host is in that mode already."""
    ref = vim.Task(f"task-{uuid.uuid4()}")
    moment = datetime.datetime.fromtimestamp(context.lab.clock.now(), datetime.UTC)
    state = "error" if context.host.maintenance is wanted else "success"
    info = vim.TaskInfo(
        key=ref._moId,
        task=ref,
        descriptionId=f"HostSystem.{name}",
        entity=context.thing.ref,
        entityName=context.host.name,
        state=state,
        cancelled=False,
        cancelable=False,
        reason=vim.TaskReasonUser(userName=context.mine.user),
        queueTime=moment,
        completeTime=moment,
        eventChainId=0,
    )
    if state == "error":
        info.error = vim.fault.InvalidState(msg="The operation is not allowed in the current state.")
    context.host.maintenance = wanted
    context.mine.things[ref._moId] = Thing(ref, {"info": lambda: info})
    return ref
