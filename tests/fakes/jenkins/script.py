"""How a build of a job behaves: a marker anywhere in its XML says it.

`sim: seconds=20 lines=100 result=FAILURE colors=yes artifacts=dist/app.zip,report.txt`

seconds    how long it runs; `inf` until it is stopped (10)
lines      how many lines it logs meanwhile (2 each second)
rate       lines each second, instead of `lines`
width      characters of a line, filled up
result     SUCCESS, UNSTABLE, FAILURE, NOT_BUILT, ABORTED
colors     `yes`: lines have ANSI colours
artifacts  files it leaves, with fingerprints
"""

import math
import re
from dataclasses import dataclass

COLORS = {"ERROR": "31;1", "WARN": "33", "INFO": "36", "OK": "32"}
SAID = ["INFO Fetching sources", "INFO Compiling module", "OK Tests passed in package", "WARN Deprecated call in unit"]


@dataclass(frozen=True)
class Script:
    seconds: float = 10
    rate: float = 2
    result: str = "SUCCESS"
    colors: bool = False
    width: int = 0
    artifacts: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> "Script":
        marker = re.search(r"\bsim:((?:\s+\w+=[^\s<]+)+)", text)
        said = dict(re.findall(r"(\w+)=([^\s<]+)", marker[1])) if marker else {}
        seconds = float(said.get("seconds", cls.seconds))
        rate = float(said.get("rate", cls.rate))
        if "lines" in said and seconds and math.isfinite(seconds):
            rate = int(said["lines"]) / seconds
        return cls(
            seconds,
            rate,
            said.get("result", cls.result),
            said.get("colors") == "yes",
            int(said.get("width", 0)),
            tuple(filter(None, said.get("artifacts", "").split(","))),
        )

    def lines_after(self, elapsed: float) -> int:
        """How many lines it has logged by then."""
        return int(min(elapsed, self.seconds) * self.rate + 1e-6)

    def line(self, number: int) -> str:
        level, _, rest = SAID[number % len(SAID)].partition(" ")
        if self.result == "FAILURE" and number % 10 == 9:
            level, rest = "ERROR", "Exit code 1 in step"
        word = f"\x1b[{COLORS[level]}m{level}\x1b[0m" if self.colors else level
        return f"[{number:06}] {word} {rest} {number}".ljust(self.width, ".")
