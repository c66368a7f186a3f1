"""Many people at the door at once, and how long each answer takes."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import psutil
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import errors, rush
from accounts.models import LoginEvent
from project.core.errors import Unreachable
from tests.accounts.conftest import PASSWORD, code_of
from tests.accounts.hashing import CountingHasher
from tests.clients import PATIENCE, until

CROWD = 100


class TestEqualWork:
    """Time is what a stranger sees; the hashes and the queries are what takes it, and can be counted."""

    @pytest.mark.django_db
    @pytest.mark.attack("T-US-4")
    def test_is_done_for_every_refusal(self, program, mei, hans, hire, settings):
        settings.PASSWORD_HASHERS = ["tests.accounts.hashing.CountingHasher"]
        hans.is_active = False
        hans.save()
        unusable = hire("nopassword")
        unusable.set_unusable_password()
        unusable.save()

        def work_for(username, password):
            CountingHasher.work.clear()
            LoginEvent.objects.all().delete()
            with CaptureQueriesContext(connection) as queries:
                answer = program().post("auth/login", {"username": username, "password": password})
            assert code_of(answer) == (401, "20000")
            return len(CountingHasher.work), len(queries)

        program().post("auth/login", {"username": "warmingup", "password": "x"})
        unknown = work_for("nobody99", "wrong")

        assert unknown[0] == 1
        assert work_for("meiling", "wrong") == unknown
        assert work_for("hansmeier", PASSWORD) == unknown
        assert work_for("hansmeier", "wrong") == unknown
        assert work_for("nopassword", "wrong") == unknown

    @pytest.mark.django_db
    @pytest.mark.attack("T-US-4")
    def test_is_done_at_the_back_office_too(self, mei, boss, settings):
        settings.PASSWORD_HASHERS = ["tests.accounts.hashing.CountingHasher"]

        def work_for(username, password):
            CountingHasher.work.clear()
            page = Client().post("/admin/login/", {"username": username, "password": password})
            assert page.status_code == 200
            return len(CountingHasher.work)

        # the last is right, but no staff
        assert [work_for(*one) for one in (("theboss", "x"), ("nobody99", "x"), ("meiling", PASSWORD))] == [1, 1, 1]

    @pytest.mark.django_db
    def test_is_spared_while_locked_or_before_a_captcha_for_known_and_unknown_names_alike(self, program, mei, settings):
        settings.PASSWORD_HASHERS = ["tests.accounts.hashing.CountingHasher"]
        settings.CAPTCHA_AFTER_FAILURES = 3
        for number, name in [(3, "meiling"), (3, "nobody99"), (5, "hansmeier"), (5, "nobody98")]:
            for _ in range(number):
                LoginEvent.objects.create(
                    username=name, ip="127.0.0.1", succeeded=False, reason="wrong_password", scope="api"
                )
        CountingHasher.work.clear()

        answers = [
            code_of(program().post("auth/login", {"username": name, "password": PASSWORD}))
            for name in ("meiling", "nobody99", "hansmeier", "nobody98")
        ]

        assert answers == [(403, "20009")] * 2 + [(429, "20007")] * 2
        assert CountingHasher.work == []


class TestTheLine:
    def test_lets_in_as_many_as_can_be_dealt_with_and_the_next_as_one_leaves(self):
        door = rush.Door(at_once=2, waiting=5)
        inside, most, lock, dealt_with = 0, 0, threading.Lock(), threading.Event()

        def go_through(_number):
            nonlocal inside, most
            with door.passing():
                with lock:
                    inside += 1
                    most = max(most, inside)
                assert dealt_with.wait(PATIENCE)
                with lock:
                    inside -= 1

        with ThreadPoolExecutor(7) as crowd:
            gone = crowd.map(go_through, range(7))
            until(lambda: (door.people, inside) == (7, 2), "all stand in line, and two are inside")
            dealt_with.set()
            assert len(list(gone)) == 7

        assert (most, inside, door.people) == (2, 0, 0)

    def test_that_is_full_turns_away_at_once_and_says_when_to_come_again(self):
        door = rush.Door(at_once=1, waiting=0)

        with door.passing(), pytest.raises(errors.TooManyAtOnce) as told, door.passing():
            pass

        assert told.value.headers == {"Retry-After": "5"}
        with door.passing():
            pass

    def test_that_stands_still_is_left(self):
        door = rush.Door(at_once=1, waiting=5, patience=0.01)

        with door.passing():
            for _ in range(8):
                with pytest.raises(Unreachable), door.passing():
                    pass

    @pytest.mark.django_db
    def test_that_is_full_is_told_at_both_doors_in_words_and_before_any_query(self, program, boss):
        given = {"username": "theboss", "password": PASSWORD}
        with ThreadPoolExecutor(rush.door.most) as crowd, ExitStack() as inside:
            for _ in range(rush.CORES + 1):
                inside.enter_context(rush.door.passing())
            for _ in range(rush.door.most - rush.door.people):
                crowd.submit(_walk_through, rush.door)
            until(lambda: rush.door.people == rush.door.most, "the line is full")

            with CaptureQueriesContext(connection) as queries:
                answer = program().post("auth/login", given)
            page = Client().post("/admin/login/", given, headers={"accept-language": "en"})

        assert code_of(answer) == (429, "10007")
        assert answer["Retry-After"] == "5"
        assert len(queries) == 0
        assert "Too many people are signing in at this moment" in page.content.decode()
        assert not LoginEvent.objects.exists()
        assert rush.door.people == 0


def _walk_through(door):
    with door.passing():
        pass


class TestNineOClock:
    @pytest.mark.attack("T-F-10")
    def test_a_hundred_at_once_all_get_in_while_the_house_answers_and_keeps_its_size(self, new_office):
        office = new_office(MULTI_LOGIN="true", LOG_LEVEL="warning")
        username, password = office.administrator
        office.sign_in()
        house = psutil.Process(office.process.pid)
        asked_of_health = []

        def sign_in(_number):
            return office.visitor().post("auth/login", {"username": username, "password": password}, timeout=110)

        # who stands in line longer than the door is patient is sent away: to a slow machine fewer come
        began = time.monotonic()
        with ThreadPoolExecutor(8) as first:
            assert [one.status_code for one in first.map(sign_in, range(8))] == [200] * 8
        size = min(CROWD, int(rush.PATIENCE_SECONDS / 2 * 8 / (time.monotonic() - began)))
        before = house.memory_info().rss
        with ThreadPoolExecutor(size) as crowd:
            answers = [crowd.submit(sign_in, number) for number in range(size)]
            sizes = [before]
            while not all(one.done() for one in answers):
                answer = office.visitor().get("/healthz")
                asked_of_health.append(answer.status_code)
                sizes.append(house.memory_info().rss)

        assert [one.result().status_code for one in answers] == [200] * size
        assert set(asked_of_health) == {200}
        # a hundred hashes at once would take 1.9 GB; a hundred threads and their answers take some tens of MB
        assert max(sizes) - before < 300 * 2**20
