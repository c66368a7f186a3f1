"""One effect per Idempotency-Key: a POST that is sent again is answered, not done, again.

    class Messages(GenericViewSet):
        @idempotency.once
        def create(self, request): ...

For 24 hours a signed-in person's key belongs to the request that brought it: the same request gets the same answer
(`Idempotency-Replayed: true`), another one 422, and one that comes while the first is still running 409. Refusals and
failures are not kept, so they may be tried again. The method's rows and its stored answer commit together: after a
crash either both are there or neither. Without the header, or without a user, nothing changes.
"""

import functools
import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.encoders import JSONEncoder

from project.core import errors
from project.core.models import IdempotencyRecord

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,255}")
KEPT = timedelta(hours=24)
RUNNING = timedelta(minutes=2)
PURGE_ROWS = 1_000

Method = Callable[..., Response]


class KeyReused(errors.GatehouseError):
    """The key belongs to a different request."""

    code, status = "10000", 422
    message = _("This Idempotency-Key was used for a different request.")


class StillRunning(errors.Conflict):
    """The first request with this key is not answered yet."""

    retry = True
    message = _("The first request with this Idempotency-Key is still running.")


def once(method: Method) -> Method:
    """Make a view's method honour the Idempotency-Key header."""

    @functools.wraps(method)
    def honouring(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        user_id = getattr(request.user, "pk", None)
        if key is None or user_id is None:
            return method(view, request, *args, **kwargs)
        record = _claim(key, user_id, request)
        if record.status is not None:
            return _replay(record)
        try:
            with transaction.atomic():
                response = method(view, request, *args, **kwargs)
                _keep(record, response)
        except BaseException:
            _forget(record)
            raise
        if record.status is None:
            _forget(record)
        return response

    return honouring


def purge() -> int:
    """Delete keys whose day is over, some at a time; return how many."""
    over = IdempotencyRecord.objects.filter(created_at__lt=timezone.now() - KEPT).order_by("created_at")
    deleted, _by_model = IdempotencyRecord.objects.filter(
        pk__in=list(over.values_list("pk", flat=True)[:PURGE_ROWS])
    ).delete()
    return deleted


def _claim(key: str, user_id: int, request: Request) -> IdempotencyRecord:
    """Return the key's record: ours and unanswered, or answered.

    :raises KeyReused: :raises StillRunning:
    """
    if not KEY.fullmatch(key):
        wrong = _("Send 1 to 255 visible ASCII characters.")
        raise errors.InvalidParameters(fields={HEADER: [wrong]})
    asked, now = _hash_of(request), timezone.now()
    path = request.path.rstrip("/")  # calls stand with and without a slash at the end
    fresh = IdempotencyRecord(
        digest=_digest(str(user_id), str(request.method), path, key),
        user_id=user_id,
        key=key,
        route=f"{request.method} {path}"[:255],
        request_hash=asked,
        created_at=now,
        running_until=now + RUNNING,
    )
    known = IdempotencyRecord.objects.filter(digest=fresh.digest)
    known.filter(created_at__lt=now - KEPT).delete()
    try:
        with transaction.atomic():
            fresh.save(force_insert=True)
        return fresh
    except IntegrityError:
        record = known.first()
    if record is None:
        raise StillRunning()  # it was given up this very moment
    if record.request_hash != asked:
        raise KeyReused()
    if record.status is None and not _take_over(record):
        raise StillRunning()
    return record


def _take_over(record: IdempotencyRecord) -> bool:
    """Continue a request that died: its effect was rolled back with it."""
    now = timezone.now()
    dead = IdempotencyRecord.objects.filter(pk=record.pk, status=None, running_until__lte=now)
    return dead.update(running_until=now + RUNNING) == 1


def _keep(record: IdempotencyRecord, response: Response) -> None:
    if response.status_code >= 400:
        return
    body = json.loads(json.dumps(response.data, cls=JSONEncoder))
    location = response.headers.get("Location", "")[:500]
    changes = {"status": response.status_code, "body": body, "location": location}
    if IdempotencyRecord.objects.filter(pk=record.pk, status=None).update(**changes) != 1:
        raise StillRunning()  # we took so long that another request took the key over; ours is rolled back
    record.status = response.status_code


def _forget(record: IdempotencyRecord) -> None:
    IdempotencyRecord.objects.filter(pk=record.pk, status=None).delete()


def _replay(record: IdempotencyRecord) -> Response:
    headers = {"Idempotency-Replayed": "true"} | ({"Location": record.location} if record.location else {})
    return Response(record.body, status=record.status, headers=headers)


def _hash_of(request: Request) -> str:
    """Return a hash of what is asked for: query, fields in any order, the content of files."""
    data = request.data
    fields: Any = dict(data.lists()) if hasattr(data, "lists") else data
    if isinstance(fields, dict):
        fields = {name: _hashable(value) for name, value in fields.items()}
    return _digest(request.META.get("QUERY_STRING", ""), json.dumps(fields, sort_keys=True, default=str))


def _hashable(value: Any) -> Any:
    if isinstance(value, list):
        return [_hashable(inner) for inner in value]
    if isinstance(value, UploadedFile):
        content = hashlib.sha256()
        for chunk in value.chunks():
            content.update(chunk)
        value.seek(0)
        return [value.name, content.hexdigest()]
    return value


def _digest(*parts: str) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
