"""Who asked travels with a task: its publisher's request id and user id go in the message's headers, and the worker
enters them again before the task begins. Only ids travel; the context itself is never stored."""

from typing import Any

from celery import signals

from project.core import context, logs
from project.core.context import Context, Identity

HEADER = "gatehouse"


def connect() -> None:
    """Listen to Celery; called once, when the apps are ready."""
    signals.before_task_publish.connect(_pack, dispatch_uid="gatehouse.pack")
    signals.task_prerun.connect(_enter, dispatch_uid="gatehouse.enter")
    signals.task_postrun.connect(_leave, dispatch_uid="gatehouse.leave")
    # any receiver keeps Celery from setting up logging its own way
    signals.setup_logging.connect(_set_up_logging, dispatch_uid="gatehouse.logs")


def _pack(headers: dict[str, Any] | None = None, **_rest: Any) -> None:
    asking = context.current()
    if headers is not None and asking is not None:
        user = asking.user
        headers.setdefault(
            HEADER,
            {
                "request_id": asking.request_id,
                "user_id": user.user_id if user else 0,
                "username": user.username if user else "",
                "actor_id": user.actor_id if user else None,
                "machine": user.machine if user else "",
                "language": asking.language,
            },
        )


def _enter(task: Any = None, **_rest: Any) -> None:
    request = task.request
    if request.is_eager and context.current() is not None:
        return  # runs inside its caller, who is still there
    request.gatehouse_before = context.current()
    context.leave(_unpacked(getattr(request, HEADER, None)))


def _leave(task: Any = None, **_rest: Any) -> None:
    if hasattr(task.request, "gatehouse_before"):
        context.leave(task.request.gatehouse_before)


def _unpacked(carried: Any) -> Context:
    carried = carried if isinstance(carried, dict) else {}
    inner = Context(
        module="task",
        request_id=str(carried.get("request_id") or context.new_request_id()),
        language_code=str(carried.get("language") or ""),
    )
    if user_id := carried.get("user_id"):
        inner.user = Identity(
            user_id,
            str(carried.get("username") or ""),
            actor_id=carried.get("actor_id"),
            machine=str(carried.get("machine") or ""),
        )
    return inner


def _set_up_logging(**_rest: Any) -> None:
    logs.configure()
