"""Every event that is written into the audit trail reads in words there."""

import ast
from collections.abc import Iterator

from accounts.models import LoginSession
from accounts.services.bulk import Action
from integrations.sms.models import ShieldAlarm
from project import env
from project.events import EVENTS

PRODUCT = ("accounts", "integrations", "project", "realtime")
UNNOTED = {LoginSession.Reason.LOGOUT, LoginSession.Reason.EXPIRED}
OF_SEVERAL = {
    "jenkins_build.": {"approved", "rejected"},
    "session.": set(LoginSession.Reason.values) - UNNOTED,
    "sms.": set(ShieldAlarm.Kind.values),
    "users.": set(Action.values),
}
"""Events whose second half is a value of something."""


def functions() -> Iterator[ast.FunctionDef]:
    for folder in PRODUCT:
        for path in sorted((env.ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            yield from (one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))


def recorded(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What `function` hands to `audit.record` as an event."""
    for call in (one for one in ast.walk(function) if isinstance(one, ast.Call)):
        match call.func:
            case ast.Attribute(value=ast.Name("audit"), attr="record"):
                yield call.args[0]


def names(event: ast.expr, function: ast.FunctionDef) -> set[str]:
    """What an event may be called."""
    match event:
        case ast.Constant(str(name)):
            return {name}
        case ast.JoinedStr([ast.Constant(str(first)), _value]):
            return {f"{first}{value}" for value in OF_SEVERAL[first]}
        case ast.IfExp(body=body, orelse=orelse):
            return names(body, function) | names(orelse, function)
        case ast.Name(variable):
            found = [
                one.value
                for one in ast.walk(function)
                if isinstance(one, ast.Assign) and any(getattr(target, "id", "") == variable for target in one.targets)
            ]
            assert found, f"{variable} in {function.name}"
            return {name for one in found for name in names(one, function)}
    raise AssertionError(ast.unparse(event))


def test_have_words_and_no_others_have():
    written = {name for function in functions() for event in recorded(function) for name in names(event, function)} | {
        "demo.loaded"
    }

    assert sorted(written - EVENTS.keys()) == []
    assert sorted(EVENTS.keys() - written) == []
