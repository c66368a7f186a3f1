"""A simulated Jenkins with demo jobs, and requests to it as curl sends them."""

import pytest
import requests

from tests.fakes.jenkins import Account, Simulator


@pytest.fixture
def simulator():
    with Simulator(demo_content=True, accounts=[Account("viewer", "looks", may_write=False)]) as running:
        yield running


@pytest.fixture
def ask(simulator):
    """Ask with the API token, or whatever `auth` says; redirects are shown, not followed."""
    with requests.Session() as session:
        session.trust_env = False
        session.auth = (simulator.user, simulator.token)

        def send(method, path, **more):
            return session.request(method, simulator.url + path, allow_redirects=False, timeout=10, **more)

        yield send


@pytest.fixture
def told(ask):
    """What `api/json` says."""

    def read(path="", **query):
        answer = ask("GET", f"{path}api/json", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read
