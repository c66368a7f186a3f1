"""What is wanted of the gateway, and whether the figures show it."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.figures import Figure
from benchmarks.gateway import contestants, crowd, fanout, nodes, stuck
from benchmarks.gateway.record import ECHO, FAN, HANDSHAKES, KIB, MEMORY, MS, P50, P99, SECONDS, TIMES, Measure, called

Seen = dict[str, float]


@dataclass(frozen=True)
class Point:
    """A figure: of whom, at how many connections, of what."""

    name: str
    connections: int
    measure: Measure

    def value(self, seen: Seen) -> float | None:
        return seen.get(called(self.name, self.connections, self.measure.name))


@dataclass(frozen=True)
class Goal:
    """`point`, or its ratio to `against`, is at least (or at most) so much; `must` or `aim` may be missing."""

    what: str
    point: Point
    must: float | None
    aim: float | None = None
    against: Point | None = None
    at_most: bool = False
    unit: str = TIMES

    def value(self, seen: Seen) -> float | None:
        mine = self.point.value(seen)
        if self.against is None or mine is None:
            return mine
        theirs = self.against.value(seen)
        return mine / theirs if theirs else None

    def row(self, seen: Seen) -> str:
        value = self.value(seen)
        measured = "not measured" if value is None else f"**{_shown(value, self.unit)}**"
        return f"| {self.what} | {self._bound(self.must)} | {self._bound(self.aim)} | {measured} | {self._verdict(value)} |"

    def _bound(self, bound: float | None) -> str:
        return "" if bound is None else f"{'≤' if self.at_most else '≥'} {_shown(bound, self.unit)}"

    def _verdict(self, value: float | None) -> str:
        if value is None:
            return ""
        if self.aim is not None and self._holds(value, self.aim):
            return "aim met"
        if self.must is None:
            return "aim missed"
        return "met" if self._holds(value, self.must) else "**missed**"

    def _holds(self, value: float, bound: float) -> bool:
        return value <= bound if self.at_most else value >= bound


def _fan(contestant: contestants.Contestant, connections: int, window: int = 1) -> Point:
    return Point(contestant.name, connections, FAN[window])


def _goals() -> list[Goal]:
    mine, redis, stock, pubsub = contestants.MEMORY, contestants.REDIS, contestants.STOCK, contestants.STOCK_PUBSUB
    few, many = fanout.CONNECTIONS, crowd.CONNECTIONS
    found = []
    for number, over_stock, over_ws, over_nchan in (
        (few, 22, (0.95, 1.05), (0.8, 1.0)),
        (many, 28, (0.85, 1.1), (0.7, 1.0)),
    ):
        fan = f"fan-out to {number}, one in flight, against"
        found += [
            Goal(f"{fan} Channels, in memory", _fan(mine, number), over_stock, against=_fan(stock, number)),
            Goal(f"{fan} Channels, Redis pub/sub", _fan(redis, number), over_stock, against=_fan(pubsub, number)),
            Goal(f"{fan} Node ws", _fan(mine, number), *over_ws, against=_fan(contestants.WS, number)),
            Goal(f"{fan} nginx nchan", _fan(mine, number), *over_nchan, against=_fan(contestants.NCHAN, number)),
        ]
    for window, must, aim in ((8, 3, 5), (32, 10, 16)):
        at = f"{window} in flight"
        against = _fan(contestants.NCHAN, few, window)
        found += [
            Goal(f"fan-out to {few}, {at}, against nginx nchan", _fan(mine, few, window), must, aim, against),
            Goal(f"its p50, {at}", Point(mine.name, few, P50[window]), None, 12, at_most=True, unit=MS),
        ]
    nchan = Point(contestants.NCHAN.name, few, P99)
    return [
        *found,
        Goal(f"{P99.name} to {few}, against nginx nchan", Point(mine.name, few, P99), 1.3, 1.0, nchan, at_most=True),
        _against_stock("echo round trips against Channels", ECHO, 2.5, 5),
        _against_stock("handshakes by ticket against Channels by session", HANDSHAKES, 1.5, 4),
        *_of_memory(few),
        *_of_memory(many),
        *_of_nodes_and_readers(few),
    ]


def _against_stock(what: str, measure: Measure, must: float, aim: float) -> Goal:
    mine, stock = (Point(one.name, fanout.CONNECTIONS, measure) for one in (contestants.MEMORY, contestants.STOCK))
    return Goal(what, mine, must, aim, stock)


def _of_memory(connections: int) -> list[Goal]:
    alone, redis = (Point(one.name, connections, MEMORY) for one in (contestants.MEMORY, contestants.REDIS))
    what = f"{MEMORY.name} of {connections}"
    return [
        Goal(what, alone, 32, 20, at_most=True, unit=KIB),
        Goal(f"{what}, Redis", redis, 44, 24, at_most=True, unit=KIB),
    ]


def _of_nodes_and_readers(few: int) -> list[Goal]:
    two, alone = (Point(name, few, FAN[1]) for name in (nodes.TWO, nodes.ALONE))
    before, beside, growth, closed = (
        Point(stuck.NAME, few, measure) for measure in (stuck.BEFORE, stuck.BESIDE, stuck.GROWTH, stuck.CLOSED)
    )
    return [
        Goal("fan-out of two nodes over Redis, each, against a node alone", two, 0.85, 0.95, alone),
        Goal("one stuck reader: p99 of the others, against before", beside, 1.2, None, before, at_most=True),
        Goal("one stuck reader: memory", growth, 1024, at_most=True, unit=KIB),
        Goal("one stuck reader: closed after", closed, 10, at_most=True, unit=SECONDS),
    ]


def table(figures: Sequence[Figure]) -> str:
    """Return the goals, then all figures, then who is missing."""
    seen = {one.what: one.value for one in figures if one.unit}
    lines = ["| goal | must | aim | measured | |", "|---|---|---|---|---|", *(goal.row(seen) for goal in _goals())]
    for connections in dict.fromkeys(one.what.split(": ")[1] for one in figures):
        lines += ["", *_matrix([one for one in figures if one.unit and one.what.split(": ")[1] == connections])]
    missing = dict.fromkeys(f"{one.what.split(': ')[0]} ({one.how})" for one in figures if not one.unit)
    if missing:
        lines += ["", f"Left out: {'; '.join(missing)}."]
    return "\n".join(lines)


def _matrix(figures: Sequence[Figure]) -> list[str]:
    """Rows are contestants, columns what was measured of them at one number of connections."""
    cells: dict[str, dict[str, str]] = {}
    columns: dict[str, str] = {}
    for one in figures:
        name, connections, measure = one.what.split(": ")
        columns.setdefault(measure, f"{measure}, {one.unit}")
        cells.setdefault(name, {})[measure] = _plain(one.value)
    head = figures[0].what.split(": ")[1]
    return [
        f"| {head} | {' | '.join(columns.values())} |",
        f"|---|{'---|' * len(columns)}",
        *(f"| {name} | {' | '.join(row.get(one, '') for one in columns)} |" for name, row in cells.items()),
    ]


def _plain(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _shown(value: float, unit: str) -> str:
    return f"{_plain(value)} ×" if unit == TIMES else f"{_plain(value)} {unit}"
