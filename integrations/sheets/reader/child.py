"""The reading child: `python -S -E -s -c "…child.run()" KIND UNZIPPED ROWS MEMORY SECONDS < upload`.

Answers on standard output, one JSON value a line: first `{"sheet": name}`, then lists of rows `[number, [cells]]`,
at last `{"merged": [...]}`; or, wherever that happens, `{"refused": reason, "params": {...}}`.
"""

import json
import resource
import sys
from collections.abc import Iterable

from integrations.sheets.reader import bounds, xlsx
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.problems import Unreadable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import BinaryIO

    from integrations.sheets.reader import text

ROWS_A_LINE = 200


def main(arguments: list[str]) -> None:
    """Read the file on standard input, within the limits given."""
    kind = arguments[0]
    unzipped, rows, memory, seconds = map(int, arguments[1:5])
    confine(memory, seconds)
    try:
        answer(kind, Limits(unzipped=unzipped, rows=rows))
    except Unreadable as refusal:
        say({"refused": refusal.reason, "params": refusal.params})
    except MemoryError:
        say({"refused": "exhausted", "params": {}})
    except BrokenPipeError:
        raise
    except Exception:  # noqa: BLE001 (whatever it is, the parent logs it and refuses the file)
        import traceback  # noqa: PLC0415 (half a megabyte, for what hardly ever happens)

        say({"refused": "damaged", "params": {}, "details": traceback.format_exc(limit=-5)})


def confine(memory: int, seconds: int) -> None:
    """Give up what reading does not need: memory beyond the limit, time, writing files, core dumps."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(kind: str, limits: Limits) -> None:
    """Write the answer, in lines that stay small whatever the rows hold."""
    file = sys.stdin.buffer
    bounds.examine(file, kind, limits)
    reading = _reading(file, kind, limits)
    say({"sheet": reading.sheet})
    batch: list[object] = []
    size = 0
    for number, values in reading:
        batch.append([number, values])
        size += sum(map(xlsx.size, values))
        if len(batch) >= ROWS_A_LINE or size > limits.line:
            say(batch)
            batch, size = [], 0
    if batch:
        say(batch)
    say({"merged": reading.merged})


def _reading(file: "BinaryIO", kind: str, limits: Limits) -> "xlsx.Reading | text.Reading":
    if kind == bounds.XLSX:
        return xlsx.Reading(file, limits)
    from integrations.sheets.reader import text  # noqa: PLC0415 (a workbook does without)

    return text.Reading(file, limits)


def say(value: dict[str, object] | Iterable[object]) -> None:
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def run() -> None:
    """Be the child."""
    try:
        main(sys.argv[1:])
    except BrokenPipeError:  # the parent has seen enough
        sys.stderr.close()
        sys.exit(1)
