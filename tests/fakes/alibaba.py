"""Alibaba Cloud's SMS gateway: real HTTP, real signatures (ACS3-HMAC-SHA256), its error codes, its bad days, its receipts.

    with Alibaba() as gateway:
        Provider.objects.create(kind="aliyun", endpoint=gateway.url, …)
        gateway.next(Refuse("isv.AMOUNT_NOT_ENOUGH"), DropAnswer(), Slow(6))
        …
        gateway.taken      # what it accepted
        gateway.deliver(url)   # sends receipts there

`python -m tests.fakes.alibaba --port 17400 --latency 0.05` is the same in a process of its own, told what to do by HTTP:
`GET /-/taken`, `GET /-/count`, `POST /-/forget`.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import threading
import time
import uuid
from collections import Counter, deque
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

import requests

from tests.fakes.http import Answer, Asked, HttpServer

KEY_ID, KEY_SECRET = "LTAI5tGatehouseTests", "made-up-secret-of-the-tests-0001"
SIGN_NAMES = frozenset({"Gatehouse", "大门"})
TEMPLATES = {"SMS_100000001": {"code", "minutes"}, "SMS_100000002": {"text"}}
BEIJING = ZoneInfo("Asia/Shanghai")
AGE = timedelta(minutes=15)
UNDER_WAY, FAILED, DELIVERED = 1, 2, 3


@dataclass(frozen=True)
class Refuse:
    """Answers with a code. By default as the gateway refuses messages: with status 200."""

    code: str
    status: int = 200
    message: str = "refused"


@dataclass(frozen=True)
class DropAnswer:
    """Takes the message and then closes the connection."""


@dataclass(frozen=True)
class Slow:
    """Takes the message at once, and says so late."""

    seconds: float


@dataclass(frozen=True)
class Broken:
    """A load balancer's page instead of an answer; the message may have been taken."""

    status: int = 502
    taken: bool = False


Mood = Refuse | DropAnswer | Slow | Broken


@dataclass
class Taken:
    """A message the gateway accepted."""

    biz_id: str
    out_id: str
    phone: str
    sign_name: str
    template: str
    parameters: dict[str, str]
    at: float
    segments: int = 1
    status: int = UNDER_WAY
    err_code: str = ""


class Alibaba(HttpServer):
    """The gateway. Everything public may be used from any thread."""

    def __init__(self, port: int = 0, *, latency: float = 0.0, receipts_to: str = "") -> None:
        super().__init__(port)
        self.latency, self.receipts_to = latency, receipts_to
        self.taken: list[Taken] = []
        self.refused: list[str] = []
        self.asked = 0
        self._moods: deque[Mood] = deque()
        self._nonces: set[str] = set()
        self._lock = threading.Lock()

    def next(self, *moods: Mood) -> None:
        """What the next sends meet."""
        self._moods.extend(moods)

    def copies(self) -> int:
        """How many messages it took more than once, counting each copy; a message's tries are `<id>-<number>`."""
        counts = Counter(one.out_id.partition("-")[0] for one in self.taken)
        return sum(count - 1 for count in counts.values())

    def settle(self, status: int = DELIVERED, err_code: str = "DELIVERED") -> None:
        """Let everything that is under way arrive, or not."""
        for one in self.taken:
            if one.status == UNDER_WAY:
                one.status, one.err_code = status, err_code

    def deliver(self, url: str, **headers: str) -> requests.Response:
        """Call back with the receipts of all that arrived or failed."""
        rows = [self._receipt(one) for one in self.taken if one.status != UNDER_WAY]
        body = json.dumps(rows, ensure_ascii=False).encode()
        return requests.post(url, data=body, headers={"Content-Type": "application/json"} | headers, timeout=10)

    async def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/-/"):
            return self._told(asked)
        if wrong := self._unsigned(asked):
            self.refused.append(wrong)
            return _error(wrong, 400 if wrong != "InvalidAccessKeyId.NotFound" else 404)
        self.asked += 1
        match asked.headers.get("x-acs-action"):
            case "SendSms":
                return await self._send(asked.query)
            case "QuerySendDetails":
                return self._details(asked.query)
        return _error("InvalidAction.NotFound", 404)

    # --- signatures ---

    def _unsigned(self, asked: Asked) -> str:
        """Why the signature does not hold; empty when it does."""
        algorithm, _space, rest = asked.headers.get("authorization", "").partition(" ")
        parts = dict(one.partition("=")[::2] for one in rest.split(","))
        if algorithm != "ACS3-HMAC-SHA256" or set(parts) != {"Credential", "SignedHeaders", "Signature"}:
            return "IncompleteSignature"
        if parts["Credential"] != KEY_ID:
            return "InvalidAccessKeyId.NotFound"
        digest = hashlib.sha256(asked.body).hexdigest()
        if asked.headers.get("x-acs-content-sha256") != digest:
            return "SignatureDoesNotMatch"
        names = parts["SignedHeaders"].split(";")
        if names != sorted(names) or not {"host", "x-acs-date", "x-acs-action", "x-acs-signature-nonce"} <= set(names):
            return "SignatureDoesNotMatch"
        query = "&".join(f"{quote(k, safe='~')}={quote(v, safe='~')}" for k, v in sorted(asked.query.items()))
        headers = "".join(f"{name}:{asked.headers.get(name, '')}\n" for name in names)
        canonical = f"{asked.method}\n{asked.path}\n{query}\n{headers}\n{parts['SignedHeaders']}\n{digest}"
        to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(KEY_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signature, parts["Signature"]):
            return "SignatureDoesNotMatch"
        return self._too_old_or_seen(asked)

    def _too_old_or_seen(self, asked: Asked) -> str:
        said = datetime.strptime(asked.headers["x-acs-date"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        if abs(datetime.now(UTC) - said) > AGE:
            return "InvalidTimeStamp.Expired"
        nonce = asked.headers["x-acs-signature-nonce"]
        with self._lock:
            if nonce in self._nonces:
                return "SignatureNonceUsed"
            self._nonces.add(nonce)
        return ""

    # --- sending ---

    async def _send(self, query: dict[str, str]) -> Answer:
        mood = self._moods.popleft() if self._moods else None
        if self.latency:
            await asyncio.sleep(self.latency)
        match mood:
            case Refuse(code, status, message):
                return _error(code, status, message)
            case Broken(status, taken):
                if taken:
                    self._take(query)
                return Answer(b"<html>Bad Gateway</html>", status, kind="text/html")
        if wrong := _wrong_with(query):
            return _error(wrong, 200)
        one = self._take(query)
        if isinstance(mood, DropAnswer):
            return Answer(drop=True)
        if isinstance(mood, Slow):
            await asyncio.sleep(mood.seconds)
        return Answer({"Code": "OK", "Message": "OK", "BizId": one.biz_id, "RequestId": _request_id()})

    def _take(self, query: dict[str, str]) -> Taken:
        one = Taken(
            biz_id=f"{time.time_ns()}^0",
            out_id=query.get("OutId", ""),
            phone=query.get("PhoneNumbers", ""),
            sign_name=query.get("SignName", ""),
            template=query.get("TemplateCode", ""),
            parameters=json.loads(query.get("TemplateParam") or "{}"),
            at=time.time(),
        )
        self.taken.append(one)
        return one

    # --- being asked, and calling back ---

    def _details(self, query: dict[str, str]) -> Answer:
        day, size, page = query["SendDate"], int(query["PageSize"]), int(query["CurrentPage"])
        found = [
            one
            for one in self.taken
            if one.phone == query["PhoneNumber"]
            and datetime.fromtimestamp(one.at, BEIJING).strftime("%Y%m%d") == day
            and query.get("BizId") in {None, "", one.biz_id}
        ]
        rows = [self._detail(one) for one in found[(page - 1) * size : page * size]]
        told = {"SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}, "TotalCount": len(found)}
        return Answer({"Code": "OK", "Message": "OK", "RequestId": _request_id(), **told})

    def _detail(self, one: Taken) -> dict[str, Any]:
        arrived = _clock(one.at + 1) if one.status == DELIVERED else ""
        return {
            "OutId": one.out_id,
            "PhoneNum": one.phone,
            "TemplateCode": one.template,
            "SendDate": _clock(one.at),
            "ReceiveDate": arrived,
            "SendStatus": one.status,
            "ErrCode": one.err_code,
            "Content": "…",
        }

    def _receipt(self, one: Taken) -> dict[str, Any]:
        return {
            "phone_number": one.phone,
            "send_time": _clock(one.at),
            "report_time": _clock(one.at + 1),
            "success": one.status == DELIVERED,
            "err_code": one.err_code,
            "err_msg": "",
            "sms_size": str(one.segments),
            "biz_id": one.biz_id,
            "out_id": one.out_id,
        }

    # --- for those who run it in a process of its own ---

    def _told(self, asked: Asked) -> Answer:
        if asked.path == "/-/forget":
            self.taken.clear()
        if asked.path == "/-/count":
            return Answer({"taken": len(self.taken)})
        return Answer({"taken": [asdict(one) for one in self.taken], "refused": self.refused, "copies": self.copies()})


def _wrong_with(query: dict[str, str]) -> str:
    phone = query.get("PhoneNumbers", "")
    if not phone.isdigit() or not 8 <= len(phone) <= 15:
        return "isv.MOBILE_NUMBER_ILLEGAL"
    if query.get("SignName") not in SIGN_NAMES:
        return "isv.SMS_SIGNATURE_ILLEGAL"
    if query.get("TemplateCode") not in TEMPLATES:
        return "isv.SMS_TEMPLATE_ILLEGAL"
    try:
        given = json.loads(query.get("TemplateParam") or "{}")
    except ValueError:
        return "isv.INVALID_JSON_PARAM"
    if not TEMPLATES[query["TemplateCode"]] <= set(given):
        return "isv.TEMPLATE_MISSING_PARAMETERS"
    return ""


def _error(code: str, status: int, message: str = "refused") -> Answer:
    return Answer({"Code": code, "Message": message, "RequestId": _request_id()}, status)


def _request_id() -> str:
    return str(uuid.uuid4()).upper()


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at, BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(description="Alibaba Cloud's SMS gateway, for tests")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    given = parser.parse_args()
    with Alibaba(given.port, latency=given.latency) as gateway:
        print(gateway.url, flush=True)  # noqa: T201 (whoever started it reads where it is)
        threading.Event().wait()


if __name__ == "__main__":
    main()
