"""Alibaba Cloud, through its own SDK: the only module that touches it.

The SDK writes parameters, codes among them, into the URL. So no error of its transport is kept or chained: they say the URL.
"""

import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, ClassVar, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from alibabacloud_dysmsapi20170525 import models
from alibabacloud_dysmsapi20170525.client import Client as Sdk
from alibabacloud_tea_openapi.exceptions import AlibabaCloudException
from alibabacloud_tea_openapi.utils_models import Config
from darabonba.runtime import RuntimeOptions
from django.conf import settings

from integrations.sms import phones
from integrations.sms.models import Provider
from integrations.sms.providers import transport, verdicts
from integrations.sms.providers.interface import (
    CONNECT_SECONDS,
    Accepted,
    Client,
    Delivery,
    Fate,
    NotSent,
    Outgoing,
    Verdict,
)

# the SDK gives its logger a terminal of its own, and tells it whole requests
logging.getLogger("darabonba-core").handlers.clear()
logging.getLogger("darabonba-core").setLevel(logging.WARNING)

T = TypeVar("T")
ENDPOINT = "https://dysmsapi.aliyuncs.com"
BEIJING = ZoneInfo("Asia/Shanghai")
PAGE = 50
MOST_PAGES = 10
FATES = {1: Fate.UNDER_WAY, 2: Fate.FAILED, 3: Fate.DELIVERED}
GATEWAY_TIMEOUT = 504


class Aliyun(Client):
    """An account of Alibaba Cloud. Credentials: `access_key_id`, `access_key_secret`."""

    can_be_asked: ClassVar[bool] = True
    knows_at_once: ClassVar[bool] = True

    def __init__(self, provider: Provider) -> None:
        known = provider.credentials
        self._sdk = _sdk(
            provider.endpoint or ENDPOINT, known.get("access_key_id", ""), known.get("access_key_secret", "")
        )
        self._limits = RuntimeOptions(
            autoretry=False,
            connect_timeout=int(CONNECT_SECONDS * 1000),
            read_timeout=int(settings.SMS_READ_SECONDS * 1000),
        )

    def send(self, outgoing: Outgoing) -> Accepted:
        request = models.SendSmsRequest(
            phone_numbers=_their_way(outgoing.phone),
            sign_name=outgoing.sign_name,
            template_code=outgoing.code,
            template_param=json.dumps(dict(outgoing.parameters), ensure_ascii=False),
            out_id=outgoing.reference,
        )
        body = _asked(lambda: self._sdk.send_sms_with_options(request, self._limits).body)
        return Accepted(remote_id=body.biz_id or "", request_id=body.request_id or "")

    def find(self, *, phone: str, sent_at: datetime, reference: str, remote_id: str = "") -> Delivery | None:
        # a request just before midnight may count as the next day's
        days = {
            (sent_at + late).astimezone(BEIJING).strftime("%Y%m%d") for late in (timedelta(0), timedelta(minutes=1))
        }
        for day in sorted(days):
            for one in self._sent_on(day, phone, remote_id):
                if one.out_id == reference:
                    return _delivery(one, remote_id)
        return None

    def _sent_on(self, day: str, phone: str, remote_id: str) -> Iterator[Any]:
        for number in range(1, MOST_PAGES + 1):
            request = models.QuerySendDetailsRequest(
                phone_number=_their_way(phone),
                send_date=day,
                biz_id=remote_id or None,
                page_size=PAGE,
                current_page=number,
            )
            body = _asked(partial(self._details, request))
            listed = body.sms_send_detail_dtos
            found = (listed.sms_send_detail_dto or []) if listed else []
            yield from found
            if len(found) < PAGE:
                return

    def _details(self, request: models.QuerySendDetailsRequest) -> Any:
        return self._sdk.query_send_details_with_options(request, self._limits).body

    def read_receipts(self, body: bytes) -> list[Delivery]:
        rows = json.loads(body)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("not a list of receipts")
        return [
            Delivery(
                fate=Fate.DELIVERED if row.get("success") is True else Fate.FAILED,
                reference=str(row.get("out_id") or ""),
                remote_id=str(row.get("biz_id") or ""),
                code=str(row.get("err_code") or "")[:60],
                at=_moment(row.get("report_time")),
                segments=_segments(row.get("sms_size")),
            )
            for row in rows
        ]


@lru_cache(maxsize=16)
def _sdk(endpoint: str, access_key_id: str, access_key_secret: str) -> Sdk:
    parts = urlsplit(endpoint)
    config = Config(
        access_key_id=access_key_id,
        access_key_secret=access_key_secret,
        endpoint=parts.netloc,
        protocol=parts.scheme,
        max_idle_conns=transport.AT_ONCE,
    )
    return Sdk(config)


def _asked(call: Callable[[], T]) -> T:
    """Return the body of an answer that is well.

    :raises NotSent: for any other, and for none.
    """
    try:
        body: Any = call()
    except AlibabaCloudException as problem:
        raise _refusal(problem) from None
    except Exception as problem:  # noqa: BLE001 (the SDK wraps what its transport raises in many ways)
        raise transport.not_sent(problem) from None
    if body is None or body.code != "OK":
        code = str(getattr(body, "code", None) or "no_code")
        raise NotSent(verdicts.of_alibaba(code), code, str(body.message or "") if body else "", _id(body))
    return body  # type: ignore[no-any-return]  # the SDK's own model


def _refusal(problem: AlibabaCloudException) -> NotSent:
    code, status = str(problem.code or ""), problem.status_code or 0
    verdict = verdicts.of_alibaba(code)
    if status >= 500 and (status == GATEWAY_TIMEOUT or code in {"", "None"} or verdict is not Verdict.LATER):
        verdict = Verdict.NO_ANSWER  # something broke on the way: the message may have gone out
    message = (problem.data or {}).get("Message", "") if isinstance(problem.data, dict) else ""
    return NotSent(verdict, code if code not in {"", "None"} else f"http_{status}", str(message), _id(problem))


def _id(answer: Any) -> str:
    return str(getattr(answer, "request_id", "") or "")


def _delivery(row: Any, remote_id: str) -> Delivery:
    code = row.err_code if row.err_code and row.err_code != "DELIVERED" else ""
    fate = FATES.get(row.send_status or 1, Fate.UNDER_WAY)
    return Delivery(fate, row.out_id or "", remote_id, code[:60], _moment(row.receive_date))


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING) if text else None
    except ValueError:
        return None


def _segments(text: Any) -> int:
    known = str(text or "")
    return int(known) if known.isascii() and known.isdigit() and len(known) < 4 else 0


def _their_way(phone: str) -> str:
    """Chinese numbers without their calling code, others with it and without the plus."""
    return phones.national(phone) if phones.prefix_of(phone) == phones.CHINA else phone.removeprefix("+")
