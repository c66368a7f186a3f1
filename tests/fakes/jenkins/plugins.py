"""Plugins: `hudson.PluginManager`, `hudson.PluginWrapper` and what the update centre offers (`hudson.model.UpdateSite`)."""

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple
from xml.etree import ElementTree

from tests.fakes.jenkins.stapler import Bean, Facts, Refused, Request, Response, exported, for_people, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.controller import Jenkins

INSTALLING = 2
"""Seconds until a new plugin is there; it needs no restart."""


class Offer(NamedTuple):
    version: str
    title: str
    needs: tuple[str, ...] = ()


UPDATE_CENTRE = {
    "cloudbees-folder": Offer("6.1073.va_7888eb_dd514", "Folders Plugin"),
    "workflow-job": Offer("1571.v580f6a_2c4a_44", "Pipeline: Job", ("workflow-api",)),
    "workflow-api": Offer("1413.vcda_07d0cd6ff", "Pipeline: API"),
    "git": Offer("5.10.1", "Git plugin", ("git-client", "credentials")),
    "git-client": Offer("6.5.0", "Git client plugin", ("credentials",)),
    "credentials": Offer("1480.v2246fd131e83", "Credentials Plugin"),
    "ansicolor": Offer("1.0.6", "AnsiColor"),
    "timestamper": Offer("1.30", "Timestamper"),
    "greenballs": Offer("1.15.1", "Green Balls"),
}
AT_FIRST = ("cloudbees-folder", "workflow-job", "workflow-api", "credentials", "timestamper")


class Plugin(Bean):
    """`hudson.PluginWrapper`."""

    def __init__(self, manager: "Plugins", short_name: str, version: str) -> None:
        self.manager, self.short_name, self.installed = manager, short_name, version
        self.offer = UPDATE_CENTRE[short_name]
        self.backup: str | None = None
        self.after_restart = version
        self.is_deleted = False

    short = exported("shortName")(lambda self: self.short_name)
    long = exported("longName")(lambda self: self.offer.title)
    version = exported("version")(lambda self: self.installed)
    url = exported("url")(lambda self: f"https://plugins.jenkins.io/{self.short_name}")
    active = exported("active")(lambda self: True)
    enabled = exported("enabled")(lambda self: True)
    bundled = exported("bundled")(lambda self: False)
    pinned = exported("pinned")(lambda self: False)
    detached = exported("detached")(lambda self: False)
    deleted = exported("deleted")(lambda self: self.is_deleted)
    downgradable = exported("downgradable")(lambda self: self.backup is not None)
    backup_version = exported("backupVersion")(lambda self: self.backup)
    has_update = exported("hasUpdate")(lambda self: order(self.installed) < order(self.offer.version))
    required_core = exported("requiredCoreVersion")(lambda self: "2.479.3")
    dynamic = exported("supportsDynamicLoad")(lambda self: "YES")

    @exported("dependencies")
    def dependencies(self) -> list[Bean]:
        return [
            Facts("", 1, shortName=name, version=UPDATE_CENTRE[name].version, optional=False)
            for name in self.offer.needs
        ]

    @web("doUninstall", post=True)
    def uninstall(self, request: Request) -> Response:
        """`PluginWrapper.doDoUninstall`: its file is gone, itself after the next restart."""
        self.is_deleted = True
        return request.redirect(f"{self.manager.jenkins.url()}manage/pluginManager/installed")


class Plugins(Bean):
    """`hudson.PluginManager`."""

    java = "hudson.LocalPluginManager"

    def __init__(self, jenkins: "Jenkins") -> None:
        self.jenkins = jenkins
        self.installed = {name: Plugin(self, name, UPDATE_CENTRE[name].version) for name in AT_FIRST}
        self.coming: list[tuple[float, str]] = []

    pages = web("updates", "installed")(for_people)
    plugins = exported("plugins")(lambda self: [self.installed[name] for name in sorted(self.installed)])

    def child(self, name: str, rest: list[str]) -> Bean | None:
        return self.installed.get(rest.pop(0)) if name == "plugin" and rest else None

    @web("installNecessaryPlugins", post=True)
    def install_necessary(self, request: Request) -> Response:
        """`PluginManager.doInstallNecessaryPlugins`, `parseRequestedPlugins`.

        The version asked for is the least one: what comes is the one the update centre has, with what it needs. A name
        it does not know, or a version it does not have yet, is only logged. An upgrade shows after a restart.
        """
        for name, least in _requested(request.body).items():
            self._fetch(name, least)
        return request.redirect(f"{self.jenkins.url()}pluginManager/updates/")

    def _fetch(self, name: str, least: str) -> None:
        offer, present = UPDATE_CENTRE.get(name), self.installed.get(name)
        if offer is None or order(least) > order(offer.version):
            return
        for needed in offer.needs:
            self._fetch(needed, "0")
        if present is None:
            self.coming.append((self.jenkins.now + INSTALLING, name))
        elif order(present.installed) < order(least):
            present.after_restart = offer.version

    def catch_up(self) -> None:
        for due, name in list(self.coming):
            if due <= self.jenkins.now:
                self.coming.remove((due, name))
                self.installed.setdefault(name, Plugin(self, name, UPDATE_CENTRE[name].version))

    def restarted(self) -> None:
        self.installed = {name: plugin for name, plugin in self.installed.items() if not plugin.is_deleted}
        for plugin in self.installed.values():
            if plugin.after_restart != plugin.installed:
                plugin.backup, plugin.installed = plugin.installed, plugin.after_restart


def order(version: str) -> list[int]:
    """`hudson.util.VersionNumber`, as far as figures go."""
    return [int(each) for each in re.findall(r"\d+", version.split(".v")[0])]


def _requested(xml: bytes) -> dict[str, str]:
    try:
        root = ElementTree.fromstring(xml)  # noqa: S314 (only tests and the person at the machine send any)
    except ElementTree.ParseError as error:
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Failed to parse XML") from error
    asked = [each.get("plugin", "") for each in root.iter() if each.get("plugin") is not None]
    if not all(re.fullmatch(r"[^@]+@[^@]+", each) for each in asked):
        raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Malformed plugin attribute")
    return dict(each.split("@", 1) for each in asked)
