"""Tencent Cloud's SMS gateway: real HTTP, real signatures (TC3-HMAC-SHA256), and the little of it that we use."""

import hashlib
import hmac
import json
import time
import uuid
from collections import Counter, deque
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tests.fakes.http import Answer, Asked, HttpServer

SECRET_ID, SECRET_KEY = "AKIDGatehouseTests", "made-up-secret-of-the-tests-0002"
APP = "1400000001"
LIMIT = 100
REMEMBERED_SECONDS = 7 * 86_400


@dataclass
class Taken:
    """A message the gateway accepted."""

    serial: str
    phone: str
    template: str
    parameters: list[str]
    context: str
    at: float


class Tencent(HttpServer):
    """The gateway. `refusals` answers the next sends: the code of one message's status, or of the whole request.

    `has_queue`: it was opened for the app, as Tencent does for those who ask. Each receipt is in it once.
    """

    def __init__(self, port: int = 0) -> None:
        super().__init__(port)
        self.taken: list[Taken] = []
        self.delivered: set[str] = set()
        self.page, self.pages = b"", 0
        self.refusals: deque[tuple[str, bool]] = deque()
        self.has_queue = False
        self.asked: Counter[str] = Counter()
        self._pulled: set[str] = set()

    def refuse(self, code: str, *, whole: bool = False) -> None:
        """Let the next send be refused."""
        self.refusals.append((code, whole))

    async def answer(self, asked: Asked) -> Answer:
        if not _is_signed(asked):
            return _failed("AuthFailure.SignatureFailure")
        if self.page:
            self.pages += 1
            return Answer(self.page, kind="text/html")
        action = asked.headers.get("x-tc-action", "")
        self.asked[action] += 1
        match action:
            case "SendSms":
                return self._send(asked.json())
            case "PullSmsSendStatus":
                return self._pull(asked.json())
            case "PullSmsSendStatusByPhoneNumber":
                return self._pull_by_number(asked.json())
        return _failed("InvalidAction")

    def _send(self, given: dict[str, Any]) -> Answer:
        code, whole = self.refusals.popleft() if self.refusals else ("Ok", False)
        if whole:
            return _failed(code)
        phone, serial = given["PhoneNumberSet"][0], ""
        if code == "Ok":
            serial = f"{time.time_ns()}:{phone}"
            one = Taken(
                serial, phone, given["TemplateId"], given["TemplateParamSet"], given["SessionContext"], time.time()
            )
            self.taken.append(one)
        status = {"SerialNo": serial, "PhoneNumber": phone, "Fee": 1, "SessionContext": given["SessionContext"]}
        return _well({"SendStatusSet": [status | {"Code": code, "Message": "", "IsoCode": "CN"}]})

    def _pull(self, given: dict[str, Any]) -> Answer:
        if not self.has_queue:
            return _failed("UnauthorizedOperation.RequestPermissionDeny")
        if given["SmsSdkAppId"] != APP or not 0 < given["Limit"] <= LIMIT:
            return _failed("InvalidParameterValue.LimitVerifyFail")
        waiting = [one for one in self.taken if one.serial in self.delivered - self._pulled][: given["Limit"]]
        self._pulled.update(one.serial for one in waiting)
        return _well({"PullSmsSendStatusSet": [_status(one) for one in waiting]})

    def _pull_by_number(self, given: dict[str, Any]) -> Answer:
        if given["BeginTime"] < time.time() - REMEMBERED_SECONDS:
            return _failed("InvalidParameterValue.BeginTimeVerifyFail")
        found = [
            one
            for one in self.taken
            if one.serial in self.delivered
            and one.phone == given["PhoneNumber"]
            and given["BeginTime"] <= one.at <= given["EndTime"]
        ]
        return _well({"PullSmsSendStatusSet": [_status(one) for one in found]})


def _status(one: Taken) -> dict[str, Any]:
    return {
        "UserReceiveTime": int(one.at) + 1,
        "CountryCode": "86",
        "SubscriberNumber": one.phone[3:],
        "PhoneNumber": one.phone,
        "SerialNo": one.serial,
        "ReportStatus": "SUCCESS",
        "Description": "DELIVRD",
        "SessionContext": one.context,
    }


def _is_signed(asked: Asked) -> bool:
    algorithm, _space, rest = asked.headers.get("authorization", "").partition(" ")
    parts = dict(one.strip().partition("=")[::2] for one in rest.split(","))
    if algorithm != "TC3-HMAC-SHA256" or not parts.get("Credential", "").startswith(f"{SECRET_ID}/"):
        return False
    stamp = asked.headers["x-tc-timestamp"]
    day = datetime.fromtimestamp(int(stamp), UTC).strftime("%Y-%m-%d")
    headers = "".join(f"{name}:{asked.headers[name]}\n" for name in parts["SignedHeaders"].split(";"))
    digest = hashlib.sha256(asked.body).hexdigest()
    canonical = f"{asked.method}\n{asked.path}\n\n{headers}\n{parts['SignedHeaders']}\n{digest}"
    to_sign = f"{algorithm}\n{stamp}\n{day}/sms/tc3_request\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"TC3{SECRET_KEY}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signature, parts["Signature"])


def _well(told: dict[str, Any]) -> Answer:
    return Answer({"Response": told | {"RequestId": str(uuid.uuid4())}}, kind="application/json")


def _failed(code: str) -> Answer:
    return _well({"Error": {"Code": code, "Message": "refused"}})


def receipts(gateway: Tencent) -> bytes:
    """What it would call back with: everything arrived."""
    rows = [
        {
            "user_receive_time": "2026-01-01 10:00:00",
            "nationcode": "86",
            "mobile": one.phone[3:],
            "report_status": "SUCCESS",
            "errmsg": "DELIVRD",
            "description": "…",
            "sid": one.serial,
            "ext": one.context,
        }
        for one in gateway.taken
    ]
    return json.dumps(rows).encode()
