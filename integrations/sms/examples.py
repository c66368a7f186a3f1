"""Values that stand for parameters where nobody gave any: in previews and tests."""

from collections.abc import Iterable, Mapping

EXAMPLES: Mapping[str, str] = {
    "code": "123456",
    "minutes": "5",
    "name": "李娜",
    "time": "10:30",
    "number": "A7-302",
    "place": "A7",
    "date": "2026-10-01",
    "amount": "128.00",
    "text": "Gatehouse",
}


def of(places: Iterable[str]) -> dict[str, str]:
    """Return a value for each parameter; one that nobody thought of stands for itself."""
    return {name: EXAMPLES.get(name, name) for name in sorted(places)}
