"""What has a name and a `config.xml`, and the folders that hold it.

`hudson.model.AbstractItem`, `hudson.model.ItemGroupMixIn`, `com.cloudbees.hudson.plugins.folder.Folder`.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from tests.fakes.jenkins.config import Config
from tests.fakes.jenkins.stapler import Bean, Failure, Refused, Request, Response, exported, for_people, web
from tests.fakes.jenkins.views import View, ViewOwner

if TYPE_CHECKING:
    from tests.fakes.jenkins.controller import Jenkins
    from tests.fakes.jenkins.jobs import Job

UNSAFE = "?*/\\%!@#$^&|<>[]:;"


def check_good_name(name: str | None) -> str:
    """`Jenkins.checkGoodName`."""
    if not name:
        raise Failure("No name is specified")
    if name.strip() in {".", ".."}:
        raise Failure(f"“{name.strip()}” is not an allowed name")
    for letter in name:
        if ord(letter) < 32 or 127 <= ord(letter) < 160:
            raise Failure(f"No control code is allowed: {name!r}")
        if letter in UNSAFE:
            raise Failure(f"‘{letter}’ is an unsafe character")
    if name.strip().endswith("."):
        raise Failure("A name cannot end with ‘.’")
    return name.strip()


class Item(Bean, ABC):
    """`hudson.model.AbstractItem`."""

    root: ClassVar[str]
    """The element its `config.xml` begins with."""

    def __init__(self, parent: "Group", name: str, config: Config) -> None:
        self.parent, self.label, self.jenkins = parent, name, parent.jenkins
        self.config = config
        self.configured()

    def configured(self) -> None:
        """Read what changed in `config`."""

    name = exported("name", 999)(lambda self: self.label)
    url = exported("url", 999)(lambda self: f"{self.parent.url()}job/{quote(self.label)}/")
    description = exported("description")(lambda self: self.config.get("description") or None)
    display_name_or_null = exported("displayNameOrNull")(lambda self: self.config.get("displayName") or None)
    actions = exported("actions")(lambda self: [])
    configure = web("configure")(for_people)

    @exported("displayName")
    def display_name(self) -> str:
        return self.config.get("displayName") or self.label

    @exported("fullName")
    def full_name(self) -> str:
        return "/".join(filter(None, [self.parent.full_name(), self.label]))

    @exported("fullDisplayName")
    def full_display_name(self) -> str:
        return " » ".join(filter(None, [self.parent.full_display_name(), self.display_name()]))

    @abstractmethod
    def jobs_within(self) -> "Iterator[Job]":
        """The jobs that it is, or holds."""

    def check_rename(self) -> None:
        """`AbstractItem.checkRename`."""

    @web("config.xml")
    def config_xml(self, request: Request) -> Response:
        """`AbstractItem.doConfigDotXml` and `updateByXml`."""
        if request.method == "GET":
            return Response.xml(self.config.text)
        if request.method != "POST":
            raise Refused(HTTPStatus.BAD_REQUEST, "Bad Request")
        config = Config(request.body.decode())
        if config.root.tag != self.root:
            said = f"Expecting class {self.java} but got {config.root.tag} instead"
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, said)
        self.config = config
        self.configured()
        return Response()

    @web("doRename", "confirmRename", post=True)
    def confirm_rename(self, request: Request) -> Response:
        """`AbstractItem.doConfirmRename`; `Job.doDoRename` is its old name."""
        name = check_good_name((request.get("newName") or "").strip())
        if name == self.label:
            raise Failure("The new name is the same as the current name.")
        if self.parent.item(name) not in {None, self}:
            raise Failure(f"The name “{name}” is already in use.")
        self.check_rename()
        self.parent.rename(self, name)
        return request.redirect(self.url())

    @web("doDelete", post=True)
    def delete(self, request: Request) -> Response:
        """`AbstractItem.doDoDelete`: builds in progress and in the queue end first."""
        for job in list(self.jobs_within()):
            self.jenkins.queue.forget(job)
            for build in job.running():
                build.finish("ABORTED")
        self.parent.remove(self)
        return request.redirect(self.parent.url())


class Group(Bean, ViewOwner, ABC):
    """`hudson.model.ItemGroup`: names differ by more than upper and lower case."""

    jenkins: "Jenkins"

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}
        self.views: dict[str, View] = {"all": View(self, "all")}

    @abstractmethod
    def url(self) -> str:
        """Where it is."""

    @abstractmethod
    def full_name(self) -> str:
        """What it is called, with all above; "" of the top."""

    @abstractmethod
    def full_display_name(self) -> str:
        """The same as people read it."""

    def item(self, name: str) -> Item | None:
        return self.items.get(name.lower())

    def add(self, item: Item) -> None:
        self.items[item.label.lower()] = item

    def remove(self, item: Item) -> None:
        del self.items[item.label.lower()]

    def rename(self, item: Item, name: str) -> None:
        self.remove(item)
        for view in self.views.values():
            view.renamed(item.label, name)
        item.label = name
        self.add(item)

    @exported("jobs")
    def jobs(self) -> list[Item]:
        return [self.items[name] for name in sorted(self.items)]

    def everything(self) -> Iterator[Item]:
        """Items at every depth: `ItemGroup.getAllItems`."""
        for item in self.jobs():
            yield item
            if isinstance(item, Group):
                yield from item.everything()

    def every_job(self) -> "Iterator[Job]":
        for item in list(self.items.values()):
            yield from item.jobs_within()

    def child(self, name: str, rest: list[str]) -> Bean | None:
        if name == "job" and rest:
            return self.item(rest.pop(0))
        if name == "view" and rest:
            return self.view(rest.pop(0))
        return None

    def create(self, name: str, config: Config) -> Item:
        """`ItemGroupMixIn.createProjectFromXML`: what the XML begins with says what it is."""
        kind = self.jenkins.kinds.get(config.root.tag)
        if kind is None:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"CannotResolveClassException: {config.root.tag}")
        item = kind(self, name, config)
        self.add(item)
        return item

    def copy(self, source: Item, name: str) -> Item:
        """`ItemGroupMixIn.copy`, and `Folder.onCopiedFrom`: a folder with all that is in it."""
        made = self.create(name, source.config)
        if isinstance(source, Group) and isinstance(made, Group):
            for item in source.jobs():
                made.copy(item, item.label)
        return made

    @web("createItem", post=True)
    def create_item(self, request: Request) -> Response:
        """`ItemGroupMixIn.createTopLevelItem`: from XML, as a copy (`mode=copy`), or empty (`mode` a class)."""
        mode, name = request.get("mode"), request.get("name")
        if "content-type" not in request.headers and mode != "copy":
            raise Failure("No Content-Type header set")
        if name is None:
            raise Failure("Query parameter 'name' is required")
        name = check_good_name(name)
        if self.item(name):
            raise Failure(f"A job already exists with the name ‘{name}’")
        if mode == "copy":
            item = self.copy(self._source(request.get("from")), name)
        elif request.is_xml:
            self.create(name, Config(request.body.decode()))
            return Response()
        elif mode is None:
            raise Failure("No mode given")
        else:
            roots = [root for root, kind in self.jenkins.kinds.items() if kind.java == mode]
            if not roots:
                raise Failure(f"No item type ‘{mode}’ is known")
            item = self.create(name, Config(f"<{roots[0]}/>"))
        return request.redirect(f"{item.url()}configure")

    def _source(self, name: str | None) -> Item:
        """`Jenkins.getItem(from, parent)`: from here, or from the top with `/folder/job`."""
        if not name:
            raise Failure("Specify which job to copy")
        found: Bean | None = self.jenkins if name.startswith("/") else self
        for word in name.strip("/").split("/"):
            found = found.item(word) if isinstance(found, Group) else None
        if not isinstance(found, Item):
            raise Failure(f"No such job: {name}")
        return found


class Folder(Item, Group):
    """`com.cloudbees.hudson.plugins.folder.Folder`."""

    java = "com.cloudbees.hudson.plugins.folder.Folder"
    root = java

    def __init__(self, parent: Group, name: str, config: Config) -> None:
        Group.__init__(self)
        Item.__init__(self, parent, name, config)

    health = exported("healthReport")(lambda self: [])

    def jobs_within(self) -> "Iterator[Job]":
        return self.every_job()

    def check_rename(self) -> None:
        if any(job.running() for job in self.every_job()):
            raise Failure("Unable to rename a folder while a job inside it is building.")
