"""How many text messages a worker sends in a second, beside a bare loop over the vendor's SDK with as many threads.

The gateway is a process of its own on the same machine and answers after LATENCY. What counts is its clock: the time from the
first message to the last.
"""

from benchmarks.figures import Figure
from benchmarks.sms import ground
from tests.environment import need

MESSAGES, THREADS, LATENCY = 3_000, 16, 0.05
WANTED = 0.8


def measure() -> list[Figure]:
    """Send the same campaign on each database and with each broker, the bare loop before each."""
    figures: list[Figure] = []
    with ground.gateway(LATENCY) as gateway:
        for database, engine in ground.ENGINES.items():
            for broker in ("memory", "Redis"):
                figures += _beside(gateway, database, engine, broker)
    return figures


def _beside(gateway: ground.Gateway, database: str, engine: str, broker: str) -> list[Figure]:
    where = f"{database}, {broker}"
    redis = {"REDIS_URL": need("REDIS_URL"), "REDIS_PREFIX": "bench-sms"} if broker == "Redis" else {}
    with ground.settings(engine, SMS_AT_ONCE=str(THREADS), **redis) as given:
        bare = _bare(gateway, given)
        ground.prepare(given, gateway.url)
        ground.contestant(given, "benchmarks.sms.campaign", "enqueue", str(MESSAGES))
        gateway.forget()
        with ground.open_house(given):
            gateway.wait_for(MESSAGES)
            rate, copies = _rate(gateway.told())
    how = f"{MESSAGES:,} messages, {THREADS} at once, {1000 * LATENCY:.0f} ms each"
    return [
        Figure(f"{where}: bare loop over the SDK", bare, "/s", how),
        Figure(f"{where}: our worker", rate, "/s", f"likewise; {copies} went out twice"),
        Figure(f"{where}: our worker against the bare loop", rate / bare, "×", f"wanted: {WANTED} or more"),
    ]


def _bare(gateway: ground.Gateway, given: dict[str, str]) -> float:
    gateway.forget()
    ground.contestant(given, "benchmarks.sms.campaign", "bare", gateway.url, str(MESSAGES), str(THREADS))
    return _rate(gateway.told())[0]


def _rate(told: dict[str, object]) -> tuple[float, int]:
    taken, copies = told["taken"], told["copies"]
    assert isinstance(taken, list)
    assert isinstance(copies, int)
    moments = sorted(one["at"] for one in taken)
    return (len(moments) - 1) / (moments[-1] - moments[0]), copies
