"""What can go wrong anywhere, as a client is told it.

GatehouseError            10001  500   internal error
├── InvalidParameters     10000  400   `fields` says where
├── RemoteCertificate     10002  502
├── RemoteFailed          10003  502
├── Unreachable           10004  503   a needed service cannot be reached; retry
├── Conflict              10005  409   not in the present state
├── TooManyRequests       10007  429   `retry_after` seconds
├── NotFound              10008  404
├── NoPermission          10009  403
├── NotSupported          10010  405
│   ├── NotAcceptable     10010  406
│   └── UnknownMediaType  10010  415
├── TooLarge              10011  413
└── NotSignedIn           20002  401   carries `refresh_url`

Apps derive theirs and keep the code's meaning. docs/errors.md lists all.
"""

from typing import Any, ClassVar

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

TOAST, POPUP = "1", "2"
REFRESH_URL = "/api/v1/auth/refresh"
RETRY_AFTER_SECONDS = 5
"""When to ask a service that was away once more."""


class GatehouseError(Exception):
    """A failure with a code, a status and a sentence for the person who caused or met it.

    `message` may hold `{placeholders}`, filled from `params`. `extra` is added to the error body (for example
    `refresh_url`); `headers` to the answer.
    """

    code: ClassVar[str] = "10001"
    status: ClassVar[int] = 500
    level: ClassVar[str] = TOAST
    retry: ClassVar[bool] = False
    page: ClassVar[str] = ""
    """The page of `errors/` that tells people of it; empty: the status's."""
    message: Any = _("Something went wrong on our side. Please try again later.")
    popup_title: Any = ""
    popup_content: Any = ""

    def __init__(
        self,
        message: Any = None,
        *,
        fields: dict[str, Any] | None = None,
        extra: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
        **params: Any,
    ) -> None:
        if message is not None:
            self.message = message
        self.fields, self.extra, self.headers, self.params = fields or {}, extra or {}, headers or {}, params
        super().__init__(message)

    def __str__(self) -> str:
        text = str(self.message)
        return text.format(**self.params) if self.params else text


class InvalidParameters(GatehouseError):
    code, status = "10000", 400
    message = _("Some of what was sent is not valid.")


class RemoteCertificate(GatehouseError):
    code, status = "10002", 502
    message = _("The other side's certificate cannot be trusted.")


class RemoteFailed(GatehouseError):
    code, status, retry = "10003", 502, True
    message = _("A remote call failed.")


class Unreachable(GatehouseError):
    code, status, retry = "10004", 503, True
    message = _("A needed service cannot be reached. Please try again shortly.")

    def __init__(self, message: Any = None, **rest: Any) -> None:
        super().__init__(message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)}, **rest)


class Conflict(GatehouseError):
    code, status = "10005", 409
    message = _("This cannot be done in the present state.")


class TooManyRequests(GatehouseError):
    code, status, retry = "10007", 429, True
    message = _("Too many requests. Try again in {retry_after} seconds.")

    def __init__(self, message: Any = None, *, retry_after: int = 1, **rest: Any) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)}, retry_after=retry_after, **rest)


class NotFound(GatehouseError):
    code, status = "10008", 404
    message = _("There is no such thing here.")


class NoPermission(GatehouseError):
    code, status = "10009", 403
    message = _("You may not do this.")


class NotSupported(GatehouseError):
    code, status = "10010", 405
    message = _("This method or media type is not supported here.")


class NotAcceptable(NotSupported):
    status = 406
    message = _("An answer of this media type cannot be given here.")


class UnknownMediaType(NotSupported):
    status = 415
    message = _("A body of this media type is not understood here.")


class TooLarge(GatehouseError):
    code, status = "10011", 413
    message = _("This is too large: at most {limit} are accepted.")

    def __init__(self, message: Any = None, *, limit: object = None, **rest: Any) -> None:
        """`limit` as a person reads it; by default the limit of a request's body."""
        limit = filesizeformat(settings.DATA_UPLOAD_MAX_MEMORY_SIZE) if limit is None else limit
        super().__init__(message, limit=limit, **rest)


class NotSignedIn(GatehouseError):
    code, status = "20002", 401
    message = _("This sign-in is no longer valid. Request a new token with the refresh token.")

    def __init__(self, message: Any = None, **rest: Any) -> None:
        super().__init__(message, **{"extra": {"refresh_url": REFRESH_URL}} | rest)
