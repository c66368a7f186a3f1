"""The build queue: `hudson.model.Queue` and its items."""

from http import HTTPStatus
from typing import TYPE_CHECKING

from tests.fakes.jenkins.builds import Build, actions
from tests.fakes.jenkins.parameters import Value
from tests.fakes.jenkins.stapler import Bean, Refused, Request, Response, exported, web

if TYPE_CHECKING:
    from tests.fakes.jenkins.controller import Jenkins
    from tests.fakes.jenkins.jobs import Job

REMEMBERED = 5 * 60
"""`Queue.leftItems`: how many seconds an item that left can still be asked for."""


class QueueItem(Bean):
    """`Queue.Item`; changes its class with its state, as Jenkins makes a new object of another class."""

    java = "hudson.model.Queue$WaitingItem"
    visibility = 999

    def __init__(self, job: "Job", id: int, due: float, causes: list[dict[str, str]], parameters: list[Value]) -> None:  # noqa: A002 (as Jenkins has it)
        self.job, self.id, self.due = job, id, due
        self.causes, self.parameters = causes, parameters
        self.since = self.ready_since = self.left_at = job.jenkins.now
        self.build: Build | None = None

    number = exported("id")(lambda self: self.id)
    task = exported("task")(lambda self: self.job)
    in_queue_since = exported("inQueueSince")(lambda self: int(self.since * 1000))
    params = exported("params")(lambda self: "".join(f"\n{each.description}" for each in self.parameters))
    actions = exported("actions", 1)(lambda self: actions(self.causes, self.parameters))
    is_blocked = exported("blocked")(lambda self: isinstance(self, BlockedItem))
    is_buildable = exported("buildable")(lambda self: isinstance(self, BuildableItem))

    @exported("url")
    def url(self) -> str:
        return f"queue/item/{self.id}/"

    @exported("stuck")
    def is_stuck(self) -> bool:
        return False

    @exported("why")
    def why(self) -> str | None:
        left = self.due - self.job.jenkins.now
        return f"In the quiet period. Expires in {span(left)}" if left >= 0 else "Finished waiting"

    @web("")
    def index(self, request: Request) -> Response:
        """`Queue.Item.doIndex`."""
        return Response.text(
            f"Queue item exists. For details check, for example, {request.path}api/json?tree=cancelled"
        )


class WaitingItem(QueueItem):
    """`Queue.WaitingItem`: in its quiet period."""

    timestamp = exported("timestamp")(lambda self: int(self.due * 1000))


class NotWaitingItem(QueueItem):
    ready = exported("buildableStartMilliseconds")(lambda self: int(self.ready_since * 1000))


class BlockedItem(NotWaitingItem):
    """`Queue.BlockedItem`: its job must not run twice at a time."""

    java = "hudson.model.Queue$BlockedItem"

    @exported("why")
    def why(self) -> str | None:
        running = self.job.running()
        if not running:
            return "A build is already in progress"
        build = running[0]
        left = max(0.0, self.job.estimated_duration() / 1000 - (self.job.jenkins.now - build.started))
        return f"Build #{build.number} is already in progress (ETA: {span(left) if left else 'N/A'})"


class BuildableItem(NotWaitingItem):
    """`Queue.BuildableItem`: waits for an executor."""

    java = "hudson.model.Queue$BuildableItem"
    pending = exported("pending")(lambda self: False)

    @exported("stuck")
    def is_stuck(self) -> bool:
        nodes, estimated = self.job.jenkins.nodes, self.job.estimated_duration() / 1000
        if self.job.assigned_label and nodes.label(self.job.assigned_label).is_offline():
            return True
        waited = self.job.jenkins.now - self.ready_since
        return waited > max(estimated, 60) * 10 if estimated >= 0 else waited > 24 * 3600

    @exported("why")
    def why(self) -> str | None:
        if self.job.jenkins.is_quieting_down:
            return "Jenkins is about to shut down"
        return self.job.jenkins.nodes.why_nobody_builds(self.job.assigned_label)


class LeftItem(QueueItem):
    """`Queue.LeftItem`: became a build, or was cancelled."""

    java = "hudson.model.Queue$LeftItem"
    executable = exported("executable")(lambda self: self.build)
    cancelled = exported("cancelled")(lambda self: self.build is None)

    @exported("why")
    def why(self) -> str | None:
        return None


class Queue(Bean):
    java = "hudson.model.Queue"

    def __init__(self, jenkins: "Jenkins") -> None:
        self.jenkins = jenkins
        self.items: list[QueueItem] = []
        self.left: dict[int, QueueItem] = {}
        self.last_id = 0

    discoverable = exported("discoverableItems", inline=True)(lambda self: [])

    @exported("items", inline=True)
    def get_items(self) -> list[QueueItem]:
        states = [WaitingItem, BlockedItem, BuildableItem]
        return sorted(self.items, key=lambda item: (states.index(type(item)), -item.id))

    def child(self, name: str, rest: list[str]) -> Bean | None:
        if name != "item" or not rest:
            return None
        number = rest.pop(0)
        waiting = (item for item in self.items if str(item.id) == number)
        return next(waiting, self.left.get(int(number)) if number.isdecimal() else None)

    @web("cancelItem", post=True)
    def cancel_item(self, request: Request) -> Response:
        """`Queue.doCancelItem`: 204; 500 for one that left already, 404 for an unknown one."""
        item = self.child("item", [request.get("id") or ""])
        if item is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"Provided id ({request.get('id')}) not found")
        if item not in self.items:
            raise Refused(HTTPStatus.INTERNAL_SERVER_ERROR, f"Could not cancel run for id {request.get('id')}")
        assert isinstance(item, QueueItem)
        self._leave(item)
        return Response(HTTPStatus.NO_CONTENT)

    def schedule(self, job: "Job", quiet: float, user: str, parameters: list[Value]) -> tuple[QueueItem, bool]:
        """`Queue.scheduleInternal`: the item, and whether it is new; equal parameters are one item with two causes."""
        cause = {"shortDescription": f"Started by user {user}", "userId": user, "userName": user}
        due = self.jenkins.now + quiet
        wished = {value.identity for value in parameters}
        for item in self.items:
            if item.job is job and {value.identity for value in item.parameters} == wished:
                item.causes.append(cause)
                item.due = min(item.due, due) if isinstance(item, WaitingItem) else item.due
                return item, False
        self.last_id += 1
        item = WaitingItem(job, self.last_id, due, [cause], parameters)
        self.items.append(item)
        self.maintain()
        return item, True

    def forget(self, job: "Job") -> None:
        for item in [item for item in self.items if item.job is job]:
            self._leave(item)

    def restarted(self) -> None:
        """The queue is read again from disk; items that left were only in memory."""
        self.left.clear()

    def maintain(self) -> None:
        """`Queue.maintain`: waiting, blocked, buildable, then a build."""
        for item in list(self.items):
            if isinstance(item, WaitingItem) and item.due > self.jenkins.now:
                continue
            if isinstance(item, WaitingItem):
                item.ready_since = self.jenkins.now
            is_free = item.job.is_concurrent or not (item.job.running() or self._is_ready(item))
            item.__class__ = BuildableItem if is_free else BlockedItem
            if isinstance(item, BuildableItem) and not self.jenkins.is_quieting_down:
                self._begin(item)
        for item in [each for each in self.left.values() if each.left_at < self.jenkins.now - REMEMBERED]:
            del self.left[item.id]

    def _is_ready(self, item: QueueItem) -> bool:
        """Whether another item of its job waits for an executor already."""
        return any(
            other.job is item.job and isinstance(other, BuildableItem) for other in self.items if other is not item
        )

    def _begin(self, item: QueueItem) -> None:
        """Give it to an executor; a pipeline takes a one-off executor of the built-in node."""
        computer = (
            self.jenkins.nodes.built_in if item.job.is_pipeline else self.jenkins.nodes.free(item.job.assigned_label)
        )
        if computer:
            item.build = item.job.start(item)
            computer.run(item.build)
            self._leave(item)

    def _leave(self, item: QueueItem) -> None:
        self.items.remove(item)
        item.__class__ = LeftItem
        item.left_at = self.jenkins.now
        self.left[item.id] = item


def span(seconds: float) -> str:
    """`hudson.Util.getTimeSpanString`, of what is shorter than an hour."""
    if seconds >= 60:
        return f"{int(seconds // 60)} min {int(seconds % 60)} sec"
    if seconds >= 10:
        return f"{int(seconds)} sec"
    if seconds >= 1:
        return f"{int(seconds * 10) / 10:g} sec"
    return f"{int(seconds * 100) / 100:g} sec" if seconds >= 0.1 else f"{int(seconds * 1000)} ms"
