"""What it costs to ask for a campaign: rows a second and memory, for a hundred thousand people."""

from benchmarks.figures import Figure
from benchmarks.sms import ground

RECIPIENTS = 100_000


def measure() -> list[Figure]:
    """Write the rows on each database."""
    return [figure for name, engine in ground.ENGINES.items() for figure in _written(name, engine)]


def _written(name: str, engine: str) -> list[Figure]:
    with ground.settings(engine) as given:
        ground.prepare(given, "http://127.0.0.1:1")
        seen = ground.contestant(given, "benchmarks.sms.campaign", "enqueue", str(RECIPIENTS))
    about = seen["about"]
    how = f"{RECIPIENTS:,} recipients, 500 to a transaction"
    return [
        Figure(f"{name}: asking for a campaign", about["rows"] / about["seconds"], "rows/s", how),
        Figure(f"{name}: per message", 1e6 * about["seconds"] / about["rows"], "µs", "likewise"),
        Figure(f"{name}: memory grows by", about["grown"], "MiB", "at most, looked at after each 500"),
    ]
