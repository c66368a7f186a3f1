"""Views: `hudson.model.View`, `AllView` and `ListView`."""

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from xml.sax.saxutils import escape

from tests.fakes.jenkins.config import Config
from tests.fakes.jenkins.stapler import Bean, Failure, Refused, Request, Response, exported, for_people, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.items import Group

ALL = "<hudson.model.AllView><name>all</name></hudson.model.AllView>"


class View(Bean):
    def __init__(self, owner: "Group", name: str, config: Config | None = None) -> None:
        self.owner, self.label = owner, name
        self.config = config or Config(ALL)

    @property
    def java(self) -> str:  # type: ignore[override]  # most beans have one for all
        return self.config.root.tag

    name = exported("name", 2)(lambda self: self.label)
    description = exported("description")(lambda self: self.config.get("description") or None)
    properties = exported("property", inline=True)(lambda self: [])
    configure = web("configure")(for_people)

    @exported("url", 2)
    def url(self) -> str:
        is_primary = self.label == "all"
        return self.owner.url() if is_primary else f"{self.owner.url()}view/{quote(self.label)}/"

    @exported("jobs")
    def jobs(self) -> list[Any]:
        if self.java == "hudson.model.AllView":
            return self.owner.jobs()
        names = {each.text for each in self.config.each("jobNames/string")}
        pattern = self.config.get("includeRegex")
        inside = f"{self.owner.full_name()}/".lstrip("/")
        found = self.owner.everything() if self.config.get("recurse") == "true" else self.owner.jobs()
        names_of = {item.full_name().removeprefix(inside): item for item in found}
        return [item for name, item in names_of.items() if name in names or (pattern and re.fullmatch(pattern, name))]

    def renamed(self, old: str, new: str) -> None:
        """`ListView.Listener.onLocationChanged`: a renamed job stays in its lists."""
        old_line, new_line = (f"<string>{escape(name)}</string>" for name in (old, new))
        self.config = Config(self.config.text.replace(old_line, new_line))

    def child(self, name: str, rest: list[str]) -> Bean | None:
        return self.owner.item(rest.pop(0)) if name == "job" and rest else None

    @web("config.xml")
    def config_xml(self, request: Request) -> Response:
        """`View.doConfigDotXml`."""
        if request.method == "GET":
            return Response.xml(self.config.text)
        config = Config(request.body.decode())
        if config.root.tag != self.config.root.tag:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"Expecting {self.java} but got {config.root.tag}")
        self.config = config
        return Response()

    @web("doDelete", post=True)
    def delete(self, request: Request) -> Response:
        """`View.doDoDelete`; the primary view stays."""
        if self.label == "all":
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, "Cannot delete the primary view")
        del self.owner.views[self.label]
        return request.redirect(self.owner.url())


class ViewOwner:
    """`hudson.model.ViewGroupMixIn`."""

    views: dict[str, View]

    def view(self, name: str) -> View | None:
        return self.views.get(name)

    @exported("views", 1)
    def get_views(self) -> list[View]:
        return list(self.views.values())

    @exported("primaryView", 1)
    def primary_view(self) -> View:
        return self.views["all"]

    @web("createView", post=True)
    def create_view(self: Any, request: Request) -> Response:
        """`View.create`, `View.createViewFromXML`."""
        if "content-type" not in request.headers:
            raise Failure("No Content-Type header set")
        name = self.jenkins.good_name(request.get("name"))
        if name in self.views:
            raise Failure(f'A view already exists with the name "{name}"')
        if request.is_xml:
            self.views[name] = View(self, name, Config(request.body.decode()))
            return Response()
        mode = request.get("mode")
        if not mode:
            raise Failure("Mode is required to create a view")
        self.views[name] = View(self, name, Config(f"<{mode}><name>{escape(name)}</name></{mode}>"))
        return request.redirect(f"{self.views[name].url()}configure")
