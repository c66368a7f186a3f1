"""Paths of the API."""

from collections.abc import Sequence
from functools import wraps
from typing import Any

from django.urls import URLPattern, URLResolver
from django.urls.resolvers import RoutePattern
from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """With or without the slash at the end: people forget it."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"


def forgiving(patterns: Sequence[URLPattern | URLResolver]) -> list[URLPattern | URLResolver]:
    """Return `patterns` and, for each that is written as a `path`, the same with the slash at its end, or without.

    What is added comes first, so that `reverse` gives the address that was written down; the schema tells of that only.
    """
    added = [_other(one) for one in patterns if isinstance(one, URLPattern) and isinstance(one.pattern, RoutePattern)]
    return [*added, *patterns]


def _other(one: URLPattern) -> URLPattern:
    route = str(one.pattern)
    other = route.removesuffix("/") if route.endswith("/") else f"{route}/"
    return URLPattern(RoutePattern(other, name=one.name, is_endpoint=True), _same(one.callback), name=one.name)


def _same(view: Any) -> Any:
    @wraps(view, updated=())  # without the marks by which the schema knows a view
    def same(*args: Any, **kwargs: Any) -> Any:
        return view(*args, **kwargs)

    same.csrf_exempt = getattr(view, "csrf_exempt", False)  # type: ignore[attr-defined]  # Django's own mark
    return same
