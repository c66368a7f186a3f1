"""How Django answers HTTP here: in one thread for each request, from the first middleware to the view.

Django's own ASGI handler goes to and fro between the event loop and that thread for every middleware that is not written for both;
each change costs more than what most middlewares do. Views that are coroutines still run in the loop.
"""

from collections.abc import Callable
from typing import ClassVar

from asgiref.sync import async_to_sync, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from servestatic.middleware import ServeStaticMiddleware


class OneThreadHandler(ASGIHandler):
    """Django's ASGI handler with a chain that is not async."""

    def load_middleware(self, is_async: bool = False) -> None:
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = await sync_to_async(self.get_response, thread_sensitive=True)(request)
        return answer


class StaticFilesMiddleware:
    """servestatic's, which is async, for the addresses that may be files of its own; no others go through the loop for it."""

    sync_capable = True
    async_capable = False
    files: ClassVar[type[ServeStaticMiddleware]] = ServeStaticMiddleware

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._files = self.files(sync_to_async(get_response, thread_sensitive=True))
        self._serve = async_to_sync(self._files)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info.startswith(self._files.static_prefix):
            file: HttpResponseBase = self._serve(request)
            return file
        return self.get_response(request)
