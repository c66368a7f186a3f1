"""What signing in adds to a request, and how many sign-ins a second there are."""

import tempfile
from pathlib import Path

from benchmarks import load
from benchmarks.figures import Figure, median, percentile
from tests.office import Office

SECONDS = 8.0
CLIENTS = 4
PASSWORD = "Bench1word"


def measure() -> list[Figure]:
    """Ask an open office as nobody, as somebody, and at the door."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Office(Path(folder) / "home", LOG_LEVEL="warning", MULTI_LOGIN="true") as office,
    ):
        administrator = office.sign_in()
        for number in range(CLIENTS):
            person = {"username": f"bench{number:04}", "password": PASSWORD, "real_name": "Bench"}
            administrator.post("users/", person).raise_for_status()
        anonymous = load.Request("GET", "/.well-known/jwks.json", {})
        signed_in = load.Request(
            "GET", "/api/v1/auth/me", {"Authorization": f"Bearer {administrator.tokens['access']}"}
        )
        at_the_door = [
            [load.json_request("/api/v1/auth/login", {"username": f"bench{number:04}", "password": PASSWORD})]
            for number in range(CLIENTS)
        ]
        return [
            _figure(
                "anonymous request (`/.well-known/jwks.json`)", load.run(office.url, [[anonymous]] * CLIENTS, SECONDS)
            ),
            _figure("authenticated request (`auth/me`)", load.run(office.url, [[signed_in]] * CLIENTS, SECONDS)),
            _figure("sign-in (`auth/login`, Argon2id)", load.run(office.url, at_the_door, SECONDS)),
        ]


def _figure(what: str, seen: load.Load) -> Figure:
    milliseconds = [one * 1000 for one in seen.times]
    latency = f"half within {median(milliseconds):.1f} ms, 99 % within {percentile(milliseconds, 0.99):.0f} ms"
    return Figure(what, seen.per_second, "/s", f"{latency}; {CLIENTS} clients beside it on the machine")
