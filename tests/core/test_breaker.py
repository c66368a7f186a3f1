"""A sick service is left alone, and given a chance."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from project.core import breaker, errors
from project.core.breaker import CLOSED, HALF_OPEN, OPEN, Breaker, Busy, Degraded, Open


class Clock:
    """Time that passes when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def shift(self, seconds: float) -> None:
        self.now += seconds


def sick():
    raise ConnectionError("refused")


def well():
    return "well"


def call(service, function):
    try:
        return service.call(function)
    except (ConnectionError, Open) as problem:
        return type(problem)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def broken(clock):
    service = Breaker("jenkins", clock=clock)
    for _time in range(10):
        call(service, sick)
    return service


class TestBreaker:
    def test_opens_at_the_tenth_call_when_half_of_them_failed(self, clock):
        service = Breaker("jenkins", clock=clock)

        states = []
        for number in range(10):
            call(service, sick if number % 2 else well)
            states.append(service.state)

        assert states == [CLOSED] * 9 + [OPEN]

    def test_stays_closed_below_half(self, clock):
        service = Breaker("jenkins", clock=clock)

        for number in range(100):
            call(service, sick if number % 5 in (0, 2) else well)

        assert service.state == CLOSED

    def test_forgets_what_is_older_than_its_window(self, clock):
        service = Breaker("jenkins", clock=clock)
        for _time in range(9):
            call(service, sick)
            clock.shift(1.2)

        call(service, sick)

        assert service.state == CLOSED
        assert service.snapshot().failed < 10

    def test_calls_nothing_while_open(self, broken):
        called = []

        with pytest.raises(Open) as refused:
            broken.call(called.append, 1)

        assert called == []
        assert (refused.value.code, refused.value.status) == ("10004", 503)
        assert "jenkins" in str(refused.value)

    def test_closes_when_the_probe_succeeds(self, broken, clock):
        clock.shift(5)
        assert broken.state == HALF_OPEN

        assert call(broken, well) == "well"

        assert broken.state == CLOSED
        assert broken.snapshot().failed == 0

    def test_opens_again_when_the_probe_fails(self, broken, clock):
        clock.shift(5)

        assert call(broken, sick) is ConnectionError

        assert call(broken, well) is Open
        assert broken.snapshot().opened == 2

    def test_sends_one_probe_only(self, broken, clock):
        clock.shift(5)

        inner = []
        broken.call(lambda: inner.append(call(broken, well)))

        assert inner == [Open]

    def test_sends_another_when_the_first_never_came_back(self, broken, clock):
        clock.shift(5)
        probe = broken.watching()
        probe.__enter__()

        assert broken.state == OPEN
        clock.shift(5)

        assert call(broken, well) == "well"

    def test_counts_a_call_that_took_too_long(self, clock):
        service = Breaker("jenkins", clock=clock)

        for _time in range(10):
            service.call(clock.shift, 1.01)

        assert service.state == OPEN

    def test_does_not_count_a_refusal(self, clock):
        service = Breaker("jenkins", clock=clock)

        def refuse():
            raise errors.InvalidParameters

        for _time in range(20):
            with pytest.raises(errors.InvalidParameters):
                service.call(refuse)

        assert service.state == CLOSED

    def test_lets_ten_in_at_once(self):
        service = Breaker("jenkins", timeout=60)
        inside, may_go = threading.Barrier(11), threading.Event()

        def stay():
            inside.wait(30)
            may_go.wait(30)

        with ThreadPoolExecutor(10) as pool:
            staying = [pool.submit(service.call, stay) for _caller in range(10)]
            inside.wait(30)
            with pytest.raises(Busy):
                service.call(well)
            may_go.set()
            for one in staying:
                one.result(30)

        assert service.call(well) == "well"
        assert service.snapshot().running == 0


class TestFallback:
    def test_is_marked_as_degraded(self, broken):
        answer = broken.attempt(well, fallback=lambda: ["stored"])

        assert answer == Degraded(["stored"], str(Open(name="jenkins")))

    def test_is_not_used_when_the_service_answers(self):
        assert Breaker("jenkins").attempt(well, fallback=sick) == "well"

    def test_does_not_hide_a_refusal(self):
        def refuse():
            raise errors.NotFound

        with pytest.raises(errors.NotFound):
            Breaker("jenkins").attempt(refuse, fallback=well)


class TestCoroutines:
    async def test_are_cut_at_the_deadline(self):
        service = Breaker("jenkins", timeout=0.05, volume=1)

        with pytest.raises(TimeoutError):
            await service.acall(asyncio.sleep, 60)

        assert service.state == OPEN
        assert isinstance(await service.aattempt(asyncio.sleep, 0, fallback=well), Degraded)

    async def test_that_are_cancelled_count_as_nothing(self):
        service = Breaker("jenkins", timeout=60, volume=1)
        call_under_way = asyncio.create_task(service.acall(asyncio.sleep, 60))
        await asyncio.sleep(0)

        call_under_way.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call_under_way

        assert (service.state, service.snapshot().running) == (CLOSED, 0)


class TestNamed:
    def test_is_the_same_for_everybody(self):
        one = breaker.named("the-post", volume=3)

        assert breaker.named("the-post") is one
        assert "the-post" in [snapshot.name for snapshot in breaker.snapshots()]
