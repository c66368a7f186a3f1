"""Paths of the API."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """With or without the slash at the end: people forget it."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
