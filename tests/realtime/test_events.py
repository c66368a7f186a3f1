"""Whatever the server tells is declared, and looks as declared."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema
import pytest

from integrations.sheets import progress
from integrations.sheets.models import ExportJob, ImportJob
from project.env import ROOT
from realtime import asyncapi, events, gateway
from realtime.core import frames
from realtime.topics import DoubleRegistration

SENDS: dict[str, dict[str, int]] = {
    "gateway": {"send": 1, "send_batch": 1, "send_user": 1, "send_group": 1, "broadcast": 0},
    "connection": {"send": 0},
    "hub": {"push": 1},
    "Message": {"push": 0},
}
"""What pushes, and at which place it takes the topic."""
PASSED_ON = {
    "realtime/gateway/orders.py",
    "realtime/hooks.py",
    "realtime/letters.py",
    "realtime/oversight.py",
    "realtime/services.py",
    "realtime/session.py",
    "realtime/core/hub.py",
    "realtime/core/connection.py",
}
"""Where the topic is the caller's."""


class Pushes(ast.NodeVisitor):
    """Finds what a module pushes: topics as written, and the places where they are a caller's."""

    def __init__(self, path: Path) -> None:
        self.topics: set[str] = set()
        self.unknown: list[str] = []
        self._path = str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)
        self._functions: list[ast.AST] = []
        self.visit(ast.parse(path.read_text()))

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self._functions.append(node)
        self.generic_visit(node)
        self._functions.pop()

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 (likewise)

    def visit_Call(self, node: ast.Call) -> None:
        if (place := pushes(node.func)) is not None:
            self._look(node, node.args[place:])
        for number, argument in enumerate(node.args):  # partial(gateway.send_user, …), on_commit(gateway.broadcast, …)
            if (place := pushes(argument)) is not None:
                self._look(node, node.args[number + 1 + place :])
        self.generic_visit(node)

    def _look(self, call: ast.Call, arguments: list[ast.expr]) -> None:
        named = [one.value for one in call.keywords if one.arg == "topic"]
        found = set(self._texts((named or arguments)[0]))
        self.topics |= found
        if not found and self._path not in PASSED_ON:
            self.unknown.append(f"{self._path}:{call.lineno}")

    def _texts(self, topic: ast.expr) -> Iterator[str]:
        """Yield every text that `topic` may be: as it stands there, or as the function sets it."""
        if isinstance(topic, ast.Name):
            for node in ast.walk(self._functions[-1]):
                if isinstance(node, ast.Assign) and any(ast.unparse(one) == topic.id for one in node.targets):
                    yield from self._texts(node.value)
        constant = ast.unparse(topic).rpartition(".")[2]
        if isinstance(topic, ast.Name | ast.Attribute) and isinstance(vars(frames).get(constant), str):
            yield vars(frames)[constant]
        elif isinstance(topic, ast.Constant):
            yield str(topic.value)
        elif isinstance(topic, ast.IfExp):
            yield from self._texts(topic.body)
            yield from self._texts(topic.orelse)


def pushes(function: ast.expr) -> int | None:
    """At which place does `function` take a topic? None: it pushes nothing."""
    if not isinstance(function, ast.Attribute):
        return None
    door = SENDS.get(ast.unparse(function.value).rpartition(".")[2], {})
    return door.get(function.attr, door.get(function.attr.removeprefix("a")))


@cache
def found() -> list[Pushes]:
    return [
        Pushes(path)
        for app in ("accounts", "integrations", "realtime", "project")
        for path in ROOT.glob(f"{app}/**/*.py")
    ]


EVERY_WAY = """
async def tell(user, which):
    await gateway.asend_user(user, "a.b", {})
    on_commit(partial(gateway.send_group, "g", "c.d"))
    on_commit(gateway.broadcast, "e.f", {})
    gateway.send_user(user, topic="g.h")
    topic = "i.j" if user else "k.l"
    gateway.send_user(user, topic)
    connection.send("m.n", {})
    Message.push(frames.KICK, {})
    gateway.send_user(user, which)
"""


class TestDeclarations:
    def test_cover_everything_that_is_pushed(self):
        pushed = {name for one in found() for name in one.topics}

        assert [place for one in found() for place in one.unknown] == [], "write the topic where it is pushed"
        assert pushed - {one.name for one in events.declared()} == set(), "declare it in the app's topics.py"

    def test_are_of_what_is_pushed(self):
        pushed = {name for one in found() for name in one.topics}

        assert {one.name for one in events.declared()} - pushed == {"error"}, "declared, and pushed by nobody"

    def test_are_missed_however_something_is_pushed(self, tmp_path):
        module = tmp_path / "module.py"
        module.write_text(EVERY_WAY)

        told = Pushes(module)

        assert told.topics == {"a.b", "c.d", "e.f", "g.h", "i.j", "k.l", "m.n", "kick"}
        assert told.unknown == [f"{module}:11"]

    def test_name_the_gateways_own(self):
        own = {one.name for one in events.declared() if one.schema.__module__ == "realtime.events"}

        assert own == set(frames.RESERVED)

    def test_are_made_once(self):
        with pytest.raises(DoubleRegistration, match="notice"):
            events.event("notice", events.KickSerializer, about="…", example={})

    def test_have_names_like_topics(self):
        with pytest.raises(ValueError, match="no topic"):
            events.event("Not A Topic", events.KickSerializer, about="…", example={})


def ensure_fits(name: str, data: object) -> None:
    """Compare a frame with what the AsyncAPI document says of it."""
    described = asyncapi.document("localhost", secure=False)
    payload = described["components"]["messages"][asyncapi.event_of(name)]["payload"]
    carries = "error" if name == "error" else "data"
    jsonschema.Draft7Validator({**payload, "components": described["components"]}).validate(
        {"topic": name, carries: data}
    )


class TestWhatIsTold:
    @pytest.mark.parametrize("one", events.declared(), ids=lambda one: one.name)
    def test_looks_like_its_example(self, one):
        ensure_fits(one.name, one.example)

    def test_is_missed_when_it_differs(self):
        with pytest.raises(jsonschema.ValidationError, match="code"):
            ensure_fits("kick", {"reason": "Lunch."})

    def test_at_first_is_the_welcome(self, mei):
        ensure_fits("welcome", mei.welcome)
        assert set(mei.welcome) == set(events.WelcomeSerializer().fields)

    def test_before_the_end_is_why(self, mei):
        gateway.disconnect(mei.id, reason="Lunch.")
        kick = mei.next("kick")

        ensure_fits("kick", kick)
        assert set(kick) == {"code", "reason"}

    def test_before_a_restart_is_when_to_come_back(self, gatehouse, mei):
        gatehouse.stop()
        kick = mei.next("kick")

        ensure_fits("kick", kick)
        assert set(kick) == set(events.KickSerializer().fields)

    def test_of_a_bad_frame_is_what_is_wrong(self, mei):
        mei.send("{")
        ensure_fits("error", mei.frame()["error"])
        answer = mei.ask("join", {})

        ensure_fits("error", answer["error"])
        assert set(answer["error"]) == {"code", "message", "fields"}

    def test_of_what_failed_or_came_too_often_is_a_little_more(self, gate_topics, mei):
        for _ in range(3):
            answer = mei.ask("tests.rare")
        ensure_fits("error", answer["error"])
        assert set(answer["error"]) == {"code", "message", "retry_after"}

        answer = mei.ask("tests.fail")
        ensure_fits("error", answer["error"])
        assert set(answer["error"]) == {"code", "message", "request_id"}

    @pytest.mark.parametrize(("job", "name"), [(ImportJob, "imports"), (ExportJob, "exports")])
    def test_of_a_job_is_how_far_it_got(self, job, name):
        told = progress.about(job(done=10, total=100), rate=5.0)

        ensure_fits(f"{name}.progress", told)
        shape = next(one.schema for one in events.declared() if one.name == f"{name}.progress")
        assert set(told) == set(shape().fields)
