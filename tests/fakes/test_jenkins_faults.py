"""What goes wrong on demand."""

import contextlib
import gzip
import http.client
import socket

import pytest
import requests

from tests.clients import until
from tests.fakes.jenkins import Simulator


def get(simulator, path="api/json", **more):
    auth = (simulator.user, simulator.token)
    return requests.get(simulator.url + path, auth=auth, allow_redirects=False, timeout=10, **more)


@pytest.mark.parametrize(
    ("kind", "status", "said"),
    [
        ("html", 200, "<form name='login'"),
        ("crumb", 403, "No valid crumb"),
        ("unauthorized", 401, "Unauthorized"),
        ("forbidden", 403, "is missing the Overall/Read permission"),
        ("not_found", 404, "Not Found"),
        ("error", 500, "NullPointerException"),
        ("starting", 503, "getting ready to work"),
        ("empty", 200, ""),
        ("broken", 200, '"jobs":[{"na'),
    ],
)
def test_answers_something_else(simulator, kind, status, said):
    simulator.faults.add(kind, times=1)
    answer = get(simulator)

    assert answer.status_code == status
    assert said in answer.text
    assert get(simulator).json()["mode"] == "NORMAL"


def test_leads_to_another_host(simulator):
    simulator.faults.add("redirect", to="http://example.org/")

    assert get(simulator).headers["Location"] == "http://example.org/"


def test_refuses_connections_until_cleared(simulator):
    with requests.Session() as session:
        session.get(simulator.url, timeout=5)
        simulator.faults.down()
        with pytest.raises(requests.ConnectionError):
            session.get(simulator.url, timeout=5)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", simulator.port), timeout=5)

    simulator.faults.clear()
    assert get(simulator).status_code == 200


def test_says_nothing_for_ever(simulator):
    simulator.faults.add("black_hole")

    with pytest.raises(requests.ReadTimeout):
        requests.get(simulator.url, timeout=0.1)


def test_sends_byte_by_byte(simulator):
    simulator.faults.add("drip", 0.001, path="crumbIssuer")

    assert get(simulator, "crumbIssuer/api/json").json()["crumbRequestField"] == "Jenkins-Crumb"
    simulator.faults.clear()
    simulator.faults.add("drip", 60)
    with pytest.raises((requests.ConnectionError, requests.Timeout)):  # before the first byte or after
        requests.get(f"{simulator.url}login", timeout=0.1)


def test_sends_much(simulator):
    simulator.faults.add("huge", 3)
    with get(simulator, stream=True) as answer:
        assert "Content-Length" not in answer.headers
        assert sum(map(len, answer.iter_content(1 << 20))) > 3 << 20


@pytest.mark.parametrize("kind", ["huge", "cut"])
def test_sends_in_chunks_what_it_does_not_know_the_length_of(simulator, kind):
    simulator.faults.add(kind, 1)
    with get(simulator, stream=True) as answer:
        assert answer.headers["Transfer-Encoding"] == "chunked"


def test_cuts_in_the_middle(simulator):
    simulator.faults.add("cut", 7)

    with get(simulator, stream=True) as answer, pytest.raises(requests.exceptions.ChunkedEncodingError):
        list(answer.iter_content(1 << 20))


def test_says_nowhere_how_much_it_sends(simulator):
    simulator.faults.add("endless")

    answer = get(simulator)

    assert not {"Content-Length", "Transfer-Encoding"} & answer.headers.keys()
    assert answer.json()["mode"] == "NORMAL"


def test_sends_what_unpacks_to_much(simulator):
    simulator.faults.add("gzip_bomb", 3)
    with get(simulator, stream=True) as answer:
        packed = answer.raw.read(decode_content=False)

    assert len(packed) < 100_000
    assert len(gzip.decompress(packed)) > 3 << 20


def test_carries_out_what_it_does_not_answer(simulator):
    simulator.faults.add("lost", path="/build", times=1)
    with pytest.raises(requests.ConnectionError):
        requests.post(f"{simulator.url}job/lint/build", auth=(simulator.user, simulator.token), timeout=5)

    assert simulator.job("lint").queued()


def test_is_slow_for_some_addresses(simulator):
    simulator.faults.add("latency", 20)
    slow = simulator.faults.add("slow", 60, path="queue", method="GET")

    assert get(simulator).status_code == 200
    with pytest.raises(requests.ReadTimeout):
        requests.get(f"{simulator.url}queue/", timeout=0.1)
    until(lambda: slow.met == 1, "it is met")


def test_is_driven_from_outside(simulator):
    where = f"{simulator.url}__sim__/faults"
    assert (
        requests.post(where, {"kind": "not_found", "path": "api"}, timeout=5).json()["faults"][0]["kind"] == "not_found"
    )
    assert get(simulator).status_code == 404

    requests.delete(where, timeout=5)
    assert get(simulator).status_code == 200
    assert requests.post(where, {"kind": "nonsense"}, timeout=5).status_code == 400
    assert requests.get(where, timeout=5).json()["requests"]["GET /api/json"] == 2


def test_comes_back_by_itself(simulator):
    simulator.faults.down(0.05)
    simulator.faults.timer.join()

    assert get(simulator).status_code == 200


def test_ends_with_the_block():
    with Simulator() as running:
        running.faults.add("black_hole")
        waiting = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
        waiting.request("GET", "/")
        until(lambda: running.requests, "the request is there")
    with contextlib.closing(waiting), pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        waiting.getresponse()
