# SPDX-License-Identifier: GPL-3.0-or-later
"""The managed objects of an ESXi host and of a vCenter, as far as they are simulated."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any

from . import hardware, views
from .host import Host
from .releases import NEWEST, RELEASES
from .thing import Thing
from .vmomi import vim, vmodl

Things = dict[str, Thing]
Collector = vmodl.query.PropertyCollector
# Unset on a host as it is delivered, or without a meaning here.
UNSET = frozenset({"customValue", "declaredAlarmState", "triggeredAlarmState", "tag", "value", "availableField"})


def about(kind: str, name: str, version: str = NEWEST) -> Any:
    """Tell what product answers."""
    release = RELEASES[version]
    center = kind == "vcenter"
    product = "VMware vCenter Server" if center else "VMware ESXi"
    return vim.AboutInfo(
        name=product,
        fullName=f"{product} {version} build-{release.build}",
        vendor="VMware, Inc.",
        version=version,
        build=release.build,
        localeVersion="INTL",
        localeBuild="000",
        osType="linux-x64" if center else "vmnix-x86",
        productLineId="vpx" if center else "embeddedEsx",
        apiType="VirtualCenter" if center else "HostAgent",
        apiVersion=release.api,
        instanceUuid=str(uuid.uuid5(uuid.NAMESPACE_DNS, name)) if center else None,
    )


def constant(value: Any) -> Callable[[], Any]:
    """Give a property that never changes."""
    return lambda: value


def add(things: Things, ref: Any, whose: Host | None = None, **props: Any) -> Thing:
    """Add an object; a property that can be called is asked anew each time."""
    made = {
        name: value if callable(value) and not isinstance(value, list) else constant(value)
        for name, value in props.items()
    }
    things[ref._moId] = Thing(ref, made, whose, UNSET)
    return things[ref._moId]


def entity(things: Things, ref: Any, name: str, parent: Any, whose: Host | None = None, **props: Any) -> Thing:
    """Add an object of the inventory."""
    common = {"name": name, "parent": parent, "overallStatus": "green", "configStatus": "green", "permission": []}
    common |= {
        "configIssue": [],
        "effectiveRole": [-1],
        "disabledMethod": [],
        "alarmActionsEnabled": True,
        "recentTask": [],
    }
    return add(things, ref, whose, **{**common, **props})


def esxi(host: Host) -> Things:
    """Make the objects of a host of its own."""
    things: Things = {}
    root, center, folder = vim.Folder("ha-folder-root"), vim.Datacenter("ha-datacenter"), vim.Folder("ha-folder-host")
    compute, ref = vim.ComputeResource("ha-compute-res"), vim.HostSystem("ha-host")
    _service(things, "esxi", host.name, root, lambda: host.version)
    entity(things, root, "ha-folder-root", None, childEntity=[center], childType=["Datacenter"])
    _datacenter(things, center, "ha-datacenter", root, folder, "ha-folder")
    entity(things, folder, "host", center, childEntity=[compute], childType=["ComputeResource"])
    pool = vim.ResourcePool("ha-root-pool")
    entity(things, compute, host.name, folder, host=[ref], resourcePool=pool, network=[], datastore=[])
    entity(things, pool, "Resources", compute, owner=compute, resourcePool=[], vm=[])
    _host(things, host, ref, compute, vim.host.NetworkSystem("networkSystem"), "esxi")
    return things


def vcenter(name: str, hosts: list[Host]) -> Things:
    """Make the objects of a vCenter: one datacenter with one cluster that holds all `hosts`."""
    things: Things = {}
    root, center, folder = vim.Folder("group-d1"), vim.Datacenter("datacenter-2"), vim.Folder("group-h4")
    cluster, pool = vim.ClusterComputeResource("domain-c8"), vim.ResourcePool("resgroup-9")
    _service(things, "vcenter", name, root, lambda: NEWEST)
    entity(things, root, "Datacenters", None, childEntity=[center], childType=["Folder", "Datacenter"])
    _datacenter(things, center, "DC0", root, folder, "group")
    entity(things, folder, "host", center, childEntity=[cluster], childType=["Folder", "ComputeResource"])
    refs = [vim.HostSystem(f"host-{100 + number}") for number in range(len(hosts))]
    entity(things, cluster, "C0", folder, host=refs, resourcePool=pool, network=[], datastore=[])
    entity(things, pool, "Resources", cluster, owner=cluster, resourcePool=[], vm=[])
    for host, ref in zip(hosts, refs, strict=True):
        _host(things, host, ref, cluster, vim.host.NetworkSystem(f"networkSystem-{ref._moId[5:]}"), "vcenter")
    return things


def _service(things: Things, kind: str, name: str, root: Any, version: Callable[[], str]) -> None:
    """Add the service instance and its managers."""
    host = kind == "esxi"
    collector = Collector("ha-property-collector" if host else "propertyCollector")
    session = vim.SessionManager("ha-sessionmgr" if host else "SessionManager")
    view = vim.view.ViewManager("ViewManager")
    search = vim.SearchIndex("ha-searchindex" if host else "SearchIndex")
    license_manager = vim.LicenseManager("ha-license-manager" if host else "LicenseManager")
    managers = {"propertyCollector": collector, "viewManager": view, "sessionManager": session, "searchIndex": search}
    managers["licenseManager"] = license_manager

    def content() -> Any:
        return vim.ServiceInstanceContent(rootFolder=root, about=about(kind, name, version()), **managers)

    add(things, vim.ServiceInstance("ServiceInstance"), content=content)
    add(things, collector, filter=[])
    add(things, session, defaultLocale="en", messageLocaleList=["en"], supportedLocaleList=["en"])
    add(things, view, viewList=[])
    add(things, search)
    add(things, license_manager)


def _datacenter(things: Things, ref: Any, name: str, root: Any, folder: Any, prefix: str) -> None:
    """Add a datacenter with its four folders; all but `folder` are empty."""
    others = {key: vim.Folder(f"{prefix}-{key[0]}{key[-7:]}".replace("Folder", "")) for key in FOLDERS}
    entity(things, ref, name, root, hostFolder=folder, network=[], datastore=[], **others)
    for key, other in others.items():
        entity(things, other, key.removesuffix("Folder"), ref, childEntity=[], childType=[])


FOLDERS = ("vmFolder", "datastoreFolder", "networkFolder")


def _host(things: Things, host: Host, ref: Any, parent: Any, system: Any, kind: str) -> None:
    """Add a host with its network system; networkInfo is made once for each revision of its state."""
    shown: dict[int, Any] = {}
    nics = vim.host.VirtualNicManager(system._moId.replace("networkSystem", "virtualNicManager"))

    def info() -> Any:
        if host.revision not in shown:
            shown.clear()
            shown[host.revision] = views.info(host)
        return shown[host.revision]

    def product() -> Any:
        return about("esxi", host.name, host.version)

    thing = entity(
        things,
        ref,
        host.name,
        parent,
        host,
        runtime=lambda: _runtime(host, kind),
        summary=lambda: _summary(host, ref, kind, product()),
        config=lambda: vim.host.ConfigInfo(
            host=ref, product=product(), network=info(), virtualNicManagerInfo=views.services(host)
        ),
        hardware=lambda: hardware.info(host),
        configManager=vim.host.ConfigManager(networkSystem=system, virtualNicManager=nics),
        network=[],
        datastore=[],
        vm=[],
    )
    _add_parts(thing, host, info, product)
    add(things, nics, host, info=lambda: views.services(host))
    made = add(things, system, host, networkInfo=info, networkConfig=lambda: views.config(host))
    made.silent = frozenset({"capabilities", "offloadCapabilities", "consoleIpRouteConfig"})
    made.props["dnsConfig"] = lambda: info().dnsConfig
    made.props["ipRouteConfig"] = lambda: info().ipRouteConfig


def _add_parts(thing: Thing, host: Host, info: Callable[[], Any], product: Callable[[], Any]) -> None:
    """Give the parts of `config` that are asked for by themselves."""
    thing.props["config.network"] = info
    thing.props["config.product"] = product
    for part in ("vswitch", "portgroup", "pnic", "vnic"):
        thing.props[f"config.network.{part}"] = functools.partial(_part, info, part)
    thing.props["config.virtualNicManagerInfo"] = lambda: views.services(host)
    thing.props["config.virtualNicManagerInfo.netConfig"] = lambda: views.services(host).netConfig


def _part(info: Callable[[], Any], name: str) -> Any:
    return getattr(info(), name)


def _runtime(host: Host, kind: str) -> Any:
    lost = kind == "vcenter" and host.reach.seen != "up"
    return vim.host.RuntimeInfo(
        connectionState="notResponding" if lost else "connected",
        powerState="unknown" if lost else "poweredOn",
        inMaintenanceMode=host.maintenance,
    )


def _summary(host: Host, ref: Any, kind: str, product: Any) -> Any:
    """Give the summary with what it must hold."""
    settings = vim.host.Summary.ConfigSummary(
        name=host.name, port=443, product=product, vmotionEnabled=False, faultToleranceEnabled=False
    )
    return vim.host.Summary(
        host=ref,
        hardware=hardware.summary(host),
        runtime=_runtime(host, kind),
        config=settings,
        quickStats=vim.host.Summary.QuickStats(),
        overallStatus="green",
        rebootRequired=False,
    )
