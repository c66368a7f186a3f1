"""The reading child: `python -S -E -m integrations.sheets.reader.child KIND UNZIPPED ROWS MEMORY SECONDS < upload`.

Answers on standard output, one JSON value a line: first `{"sheet": name}`, then lists of rows `[number, [cells]]`,
at last `{"merged": [...]}`; or, wherever that happens, `{"refused": reason, "params": {...}}`.
"""

import json
import resource
import sys
import traceback
from collections.abc import Iterable

from integrations.sheets.reader import bounds, text, xlsx
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.problems import Unreadable

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
    reading = xlsx.Reading(file, limits) if kind == bounds.XLSX else text.Reading(file, limits)
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


def say(value: dict[str, object] | Iterable[object]) -> None:
    sys.stdout.write(json.dumps(value, separators=(",", ":")) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except BrokenPipeError:  # the parent has seen enough
        sys.stderr.close()
        sys.exit(1)
