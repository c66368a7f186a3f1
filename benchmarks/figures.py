"""A figure, what it was measured on, and where it is written."""

import json
import os
import platform
import re
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results"
PAGE = ROOT / "docs" / "performance.md"


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    what: str
    value: float
    unit: str
    how: str = ""

    def __str__(self) -> str:
        shown = f"{self.value:,.0f}" if self.value >= 100 else f"{self.value:.3g}"
        return f"{shown} {self.unit}"


def machine() -> dict[str, object]:
    """Say what the figures were measured on."""
    model = (
        re.search(r"model name\s*: (.+)", Path("/proc/cpuinfo").read_text()) if Path("/proc/cpuinfo").exists() else None
    )
    return {
        "cores": os.cpu_count(),
        "processor": model[1] if model else platform.processor(),
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def percentile(values: Sequence[float], part: float) -> float:
    """Return the value that `part` of `values` do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * part))]


def median(values: Sequence[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def save(name: str, figures: Sequence[Figure]) -> None:
    """Write what was measured to results/<name>.json."""
    RESULTS.mkdir(exist_ok=True)
    kept = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [asdict(one) for one in figures],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n")


def table(figures: Sequence[Figure]) -> str:
    """Return figures as rows for people."""
    lines = ["| what | figure | how |", "|---|---|---|"]
    return "\n".join(lines + [f"| {one.what} | {one} | {one.how} |" for one in figures])


def publish(block: str, text: str) -> None:
    """Put `text` between `<!-- block -->` and `<!-- /block -->` of docs/performance.md."""
    pattern = rf"<!-- {block} -->\n.*?<!-- /{block} -->"
    page = PAGE.read_text()
    PAGE.write_text(re.sub(pattern, lambda _: f"<!-- {block} -->\n{text}\n<!-- /{block} -->", page, flags=re.DOTALL))
