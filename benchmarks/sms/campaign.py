"""Contestants: `python -m benchmarks.sms.campaign enqueue|drain|bare …`, each says what it took."""

import importlib
import os
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psutil

from benchmarks.sheets import meter
from tests.fakes.alibaba import KEY_ID, KEY_SECRET


def enqueue(number: str) -> Mapping[str, float]:
    """Write the rows of a campaign, 500 to a transaction."""
    services, transaction = _ours()
    many = _requests(services, int(number))
    process = psutil.Process()
    before = most = process.memory_info().rss
    began = time.perf_counter()
    batches = services.enqueue_many(many, template="notice", purpose="campaign")
    rows = 0
    while True:
        with transaction.atomic():
            batch: list[Any] = next(batches, [])
        most = max(most, process.memory_info().rss)
        if not batch:
            seconds = time.perf_counter() - began
            return {"rows": float(rows), "seconds": seconds, "grown": (most - before) / meter.MIB}
        rows += len(batch)


def drain(number: str) -> Mapping[str, float]:
    """Send what waits, as a worker's task does."""
    services, _transaction = _ours()
    began = time.perf_counter()
    done = services.drain()
    assert done == int(number), done
    return {"rows": float(done), "seconds": time.perf_counter() - began}


def bare(url: str, number: str, threads: str) -> Mapping[str, float]:
    """A loop over the SDK, and nothing else: no row, no breaker, no second try."""
    models = importlib.import_module("alibabacloud_dysmsapi20170525.models")
    client = importlib.import_module("alibabacloud_dysmsapi20170525.client").Client
    config = importlib.import_module("alibabacloud_tea_openapi.utils_models").Config
    options = importlib.import_module("darabonba.runtime").RuntimeOptions(connect_timeout=2000, read_timeout=5000)
    host = url.removeprefix("http://")
    sdk = client(
        config(access_key_id=KEY_ID, access_key_secret=KEY_SECRET, endpoint=host, protocol="http", max_idle_conns=64)
    )

    def send(one: int) -> None:
        request = models.SendSmsRequest(
            phone_numbers=f"138{one:08}",
            sign_name="Gatehouse",
            template_code="SMS_100000002",
            template_param=f'{{"text": "Lunch {one}"}}',
            out_id=f"{one}-1",
        )
        body = sdk.send_sms_with_options(request, options).body
        assert body.code == "OK", body.code

    began = time.perf_counter()
    with ThreadPoolExecutor(int(threads)) as pool:
        list(pool.map(send, range(int(number))))
    return {"rows": float(number), "seconds": time.perf_counter() - began}


def _requests(services: Any, number: int) -> Any:
    return (services.Request(f"+86138{one:08}", {"text": f"Lunch {one}"}, "zh-hans") for one in range(number))


def _ours() -> tuple[Any, Any]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    importlib.import_module("django").setup()
    importlib.import_module("project.core.jobs").registered()
    importlib.import_module("project.core.logs").configure()
    return importlib.import_module("integrations.sms.services"), importlib.import_module("django.db.transaction")


if __name__ == "__main__":
    meter.contest({"enqueue": enqueue, "drain": drain, "bare": bare})
