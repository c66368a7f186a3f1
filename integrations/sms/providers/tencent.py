"""Tencent Cloud, through its own SDK (`pip install -r requirements-tencent.txt`): the only module that touches it."""

import json
import logging
import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, ClassVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.sms.v20210111 import models
from tencentcloud.sms.v20210111.sms_client import SmsClient

from integrations.sms.models import Provider
from integrations.sms.providers import transport, verdicts
from integrations.sms.providers.interface import Accepted, Client, Delivery, Fate, NotSent, Outgoing

# it tells its logger whole requests
logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)

ENDPOINT = "https://sms.tencentcloudapi.com"
REGION = "ap-guangzhou"
BEIJING = ZoneInfo("Asia/Shanghai")
PAGE = 100
NO_ANSWER = frozenset({"ClientNetworkError", "ServerNetworkError"})
REMEMBERED = timedelta(days=7) - timedelta(minutes=5)
"""What it is asked about may not be older."""


class Tencent(Client):
    """An account of Tencent Cloud. Credentials: `secret_id`, `secret_key`; options: `sdk_app_id`, `region`."""

    can_be_asked: ClassVar[bool] = True  # but it tells of a message only once there is a receipt
    pulled_at_once: ClassVar[int] = PAGE

    def __init__(self, provider: Provider) -> None:
        known = provider.credentials
        self._app = provider.option("sdk_app_id")
        self._sdk = _sdk(
            provider.endpoint or ENDPOINT,
            known.get("secret_id", ""),
            known.get("secret_key", ""),
            provider.option("region", REGION),
            math.ceil(settings.SMS_READ_SECONDS),
        )

    def send(self, outgoing: Outgoing) -> Accepted:
        request = models.SendSmsRequest()
        request.PhoneNumberSet = [outgoing.phone]
        request.SmsSdkAppId = self._app
        request.SignName = outgoing.sign_name
        request.TemplateId = outgoing.code
        request.TemplateParamSet = [outgoing.parameters[name] for name in outgoing.order or sorted(outgoing.parameters)]
        request.SessionContext = outgoing.reference
        answer = _asked(lambda: self._sdk.SendSms(request))
        status = answer.SendStatusSet[0]
        if status.Code != "Ok":
            raise NotSent(verdicts.of_tencent(status.Code), status.Code, status.Message or "", answer.RequestId or "")
        return Accepted(status.SerialNo or "", answer.RequestId or "")

    def find(self, *, phone: str, sent_at: datetime, reference: str, remote_id: str = "") -> Delivery | None:
        now = datetime.now(UTC)
        since = max(sent_at, now - REMEMBERED)
        request = models.PullSmsSendStatusByPhoneNumberRequest()
        request.PhoneNumber, request.SmsSdkAppId = phone, self._app
        request.BeginTime, request.EndTime = int(since.timestamp()) - 1, int(now.timestamp()) + 1
        request.Offset, request.Limit = 0, PAGE
        answer = _asked(lambda: self._sdk.PullSmsSendStatusByPhoneNumber(request))
        for one in answer.PullSmsSendStatusSet or []:
            if reference == one.SessionContext or (remote_id and remote_id == one.SerialNo):
                return _delivery(one)
        return None

    def pull(self) -> list[Delivery]:
        request = models.PullSmsSendStatusRequest()
        request.SmsSdkAppId, request.Limit = self._app, PAGE
        answer = _asked(lambda: self._sdk.PullSmsSendStatus(request))
        return [_delivery(one) for one in answer.PullSmsSendStatusSet or []]

    def read_receipts(self, body: bytes) -> list[Delivery]:
        rows = json.loads(body)
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise ValueError("not a list of receipts")
        return [
            Delivery(
                fate=_fate(row.get("report_status")),
                reference=str(row.get("ext") or ""),
                remote_id=str(row.get("sid") or ""),
                code=_code(row.get("errmsg")),
                at=_moment(row.get("user_receive_time")),
            )
            for row in rows
        ]


@lru_cache(maxsize=16)
def _sdk(endpoint: str, secret_id: str, secret_key: str, region: str, seconds: int) -> SmsClient:
    parts = urlsplit(endpoint)
    http = HttpProfile(
        protocol=parts.scheme, endpoint=parts.netloc, reqTimeout=seconds, keepAlive=True, reqMethod="POST"
    )
    return SmsClient(Credential(secret_id, secret_key), region, ClientProfile(httpProfile=http))


def _asked(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except TencentCloudSDKException as problem:
        code = problem.get_code() or "no_code"
        if code in NO_ANSWER or problem.__context__ is not None:  # it dresses whatever happens to it as its own
            raise transport.not_sent(problem) from None
        raise NotSent(
            verdicts.of_tencent(code), code, problem.get_message() or "", problem.get_request_id() or ""
        ) from None
    except Exception as problem:  # noqa: BLE001 (what is no answer of theirs)
        raise transport.not_sent(problem) from None


def _delivery(row: models.PullSmsSendStatus) -> Delivery:
    at = datetime.fromtimestamp(row.UserReceiveTime, BEIJING) if row.UserReceiveTime else None
    return Delivery(
        _fate(row.ReportStatus), row.SessionContext or "", row.SerialNo or "", _code(row.Description), at
    )  # fmt: skip


def _fate(status: Any) -> Fate:
    return Fate.DELIVERED if status == "SUCCESS" else Fate.FAILED


def _code(text: Any) -> str:
    return "" if text in (None, "", "DELIVRD", "DELIVERED") else str(text)[:60]


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.strptime(str(text), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING) if text else None
    except ValueError:
        return None
