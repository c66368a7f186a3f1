"""Rules made ready for looking up: for each place one line of addresses, cut where the rule that speaks for them changes.

A look-up is one binary search, however many rules there are and however they overlap.
"""

import heapq
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from accounts.addresses.patterns import Address, Span


class Rule(NamedTuple):
    """What a look-up needs of an address rule."""

    pk: int
    denies: bool
    span: Span
    places: tuple[str, ...]
    expires_at: datetime | None


class Decision(NamedTuple):
    """May it pass? `rule` is the rule that decided; None when no rule speaks for the address."""

    passes: bool
    rule: int | None = None


OPEN = Decision(passes=True)
NOT_LISTED = Decision(passes=False)


class Line:
    """All addresses of one version, each with the narrowest span that covers it."""

    def __init__(self, spans: Iterable[tuple[Span, int]]) -> None:
        self._starts: list[int] = []
        self._owners: list[int | None] = []
        ordered = sorted((span.first, span.last, pk) for span, pk in spans)
        cuts = sorted({first for first, _last, _pk in ordered} | {last + 1 for _first, last, _pk in ordered})
        over: list[tuple[int, int, int]] = []  # (width, pk, last): the narrowest first
        begun = 0
        for cut in cuts:
            while begun < len(ordered) and ordered[begun][0] <= cut:
                first, last, pk = ordered[begun]
                heapq.heappush(over, (last - first, pk, last))
                begun += 1
            while over and over[0][2] < cut:
                heapq.heappop(over)
            owner = over[0][1] if over else None
            if not self._owners or self._owners[-1] != owner:
                self._starts.append(cut)
                self._owners.append(owner)

    def find(self, number: int) -> int | None:
        """Return whose span covers `number`."""
        place = bisect_right(self._starts, number)
        return self._owners[place - 1] if place else None


class Table:
    """The rules of one place."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        rules = list(rules)
        self.is_empty = not rules
        self.lists_allowed = not all(rule.denies for rule in rules)
        """Is there any rule that allows? Then only those that one names may pass."""
        self._denied = _lines(rule for rule in rules if rule.denies)
        self._allowed = _lines(rule for rule in rules if not rule.denies)

    def decide(self, address: Address | None) -> Decision:
        """May `address` pass? None is an address nobody knows: no rule names it."""
        if address is not None:
            number = int(address)
            if (rule := self._denied[address.version].find(number)) is not None:
                return Decision(passes=False, rule=rule)
            if (rule := self._allowed[address.version].find(number)) is not None:
                return Decision(passes=True, rule=rule)
        return NOT_LISTED if self.lists_allowed else OPEN


def _lines(rules: Iterable[Rule]) -> dict[int, Line]:
    rules = list(rules)
    return {version: Line((rule.span, rule.pk) for rule in rules if rule.span.version == version) for version in (4, 6)}
