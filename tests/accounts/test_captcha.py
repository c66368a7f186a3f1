"""The captcha at the door: when it is asked for, and what is a solution."""

import base64
import json
from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts import captcha, errors
from accounts.captcha import Purpose
from accounts.models import CaptchaUse, LoginEvent
from accounts.tasks import close_run_out
from tests.accounts.captchas import knock_at_page, solved
from tests.accounts.conftest import PASSWORD, code_of, fields_of
from tests.accounts.together import together

pytestmark = pytest.mark.django_db
RIGHT = {"username": "meiling", "password": PASSWORD}
WRONG = {"username": "meiling", "password": "wrong"}


@pytest.fixture(autouse=True)
def before_the_lock(settings):
    settings.CAPTCHA_AFTER_FAILURES = 3


@pytest.fixture
def fail(mei, program):
    """Write down failed attempts, without the work of making them."""

    def note(times, username="meiling", ip="127.0.0.1"):
        for _ in range(times):
            LoginEvent.objects.create(
                username=username, ip=ip, succeeded=False, reason=LoginEvent.Reason.WRONG_PASSWORD, scope="api"
            )

    return note


@pytest.fixture
def refused(fail, program):
    """What somebody is told after three failures: the error with the captcha."""
    fail(3)
    return program().post("auth/login", RIGHT).json()["error"]


class TestAtTheDoor:
    @pytest.mark.every_database
    def test_is_asked_for_after_three_failures_and_comes_with_the_refusal(self, program, mei):
        answers = [program().post("auth/login", WRONG) for _ in range(4)]

        assert [code_of(one) for one in answers] == [(401, "20000")] * 3 + [(403, "20009")]
        told = answers[-1].json()["error"]
        assert told["captcha"]["parameters"]["algorithm"] == "ARGON2ID"
        assert told["expires_in"] == 180
        assert LoginEvent.objects.filter(reason="captcha", succeeded=False).count() == 1
        assert program().post("auth/login", RIGHT | {"captcha": solved(told)}).status_code == 200

    def test_is_no_failure_itself(self, fail, program):
        fail(3)
        for _ in range(5):
            assert code_of(program().post("auth/login", WRONG)) == (403, "20009")

        assert program().knock(RIGHT).status_code == 200

    def test_is_not_asked_for_before(self, fail, program):
        fail(2)

        assert program().post("auth/login", RIGHT).status_code == 200

    def test_ends_with_a_success(self, refused, program):
        assert program().post("auth/login", RIGHT | {"captcha": solved(refused)}).status_code == 200

        assert program().post("auth/login", RIGHT).status_code == 200

    def test_is_the_same_for_names_that_nobody_has(self, fail, program):
        fail(3, "nobody99")

        unknown = program().post("auth/login", {"username": "nobody99", "password": "wrong"})

        assert code_of(unknown) == (403, "20009")
        again = {"username": "nobody99", "password": "wrong", "captcha": solved(unknown.json()["error"])}
        assert code_of(program().post("auth/login", again)) == (401, "20000")

    def test_is_asked_of_an_address_that_tries_many_names(self, fail, program):
        for number in range(30):
            fail(1, f"sprayed{number}", "203.0.113.5")

        assert code_of(program().post("auth/login", RIGHT, REMOTE_ADDR="203.0.113.5")) == (403, "20009")
        assert program().post("auth/login", RIGHT, REMOTE_ADDR="203.0.113.6").status_code == 200

    def test_is_asked_of_whoever_tries_a_name_that_is_guessed_at_from_many_addresses(self, fail, program):
        for number in range(6):
            fail(1, "meiling", f"203.0.113.{number}")

        assert code_of(program().post("auth/login", RIGHT)) == (403, "20009")
        assert code_of(program().post("auth/login", RIGHT | {"username": "nobody99"})) == (401, "20000")

    def test_leaves_who_is_signed_in_alone(self, phone_of, mei, fail):
        phone = phone_of(mei)
        fail(4)

        assert phone.post("auth/confirm", {"password": PASSWORD}).status_code == 200

    def test_can_be_asked_for_always_or_never(self, fail, program, settings):
        settings.CAPTCHA_AFTER_FAILURES = 0
        assert code_of(program().post("auth/login", RIGHT)) == (403, "20009")

        settings.CAPTCHA_AFTER_FAILURES = -1
        fail(4)
        assert program().post("auth/login", RIGHT).status_code == 200

    def test_gets_harder_with_each_failure(self, fail, program):
        costs = []
        for number in (3, 1, 1, 1, 1):
            fail(number)
            costs.append(program().get("auth/captcha?for=login&about=meiling").json()["captcha"]["parameters"]["cost"])

        assert costs == [1, 2, 4, 8, 8]

    def test_holds_without_any_cache(self, fail, program, settings):
        dead = {"LOCATION": "redis://127.0.0.1:9/0"}
        settings.CACHES = {
            "default": {"BACKEND": "project.core.cache.Cache"} | dead,
            "state": {"BACKEND": "project.core.cache.StateCache"} | dead,
        }
        fail(3)
        told = program().post("auth/login", WRONG).json()["error"]
        again = WRONG | {"captcha": solved(told)}

        assert code_of(program().post("auth/login", again)) == (401, "20000")
        assert code_of(program().post("auth/login", again)) == (403, "20009")


class TestASolution:
    def test_is_good_once(self, refused, program):
        given = WRONG | {"captcha": solved(refused)}
        assert code_of(program().post("auth/login", given)) == (401, "20000")

        again = program().post("auth/login", given)

        assert code_of(again) == (403, "20009")
        assert "used before" in again.json()["error"]["message"]

    @pytest.mark.every_database
    @pytest.mark.django_db(transaction=True)
    def test_is_good_once_also_when_many_bring_it_at_the_same_moment(self, refused, program):
        given = WRONG | {"captcha": solved(refused)}

        answers = together(6, lambda _: code_of(program().post("auth/login", given)))

        assert answers.count((401, "20000")) == 1
        assert answers.count((403, "20009")) == 5

    def test_is_good_for_three_minutes(self, refused, program):
        given = RIGHT | {"captcha": solved(refused)}

        with time_machine.travel(timezone.now() + timedelta(seconds=182), tick=True):
            assert code_of(program().post("auth/login", given)) == (403, "20009")

    def test_is_none_for_another_purpose(self, refused, program):
        told = program().get("auth/captcha?for=sms-code&about=meiling").json()

        assert code_of(program().post("auth/login", RIGHT | {"captcha": solved(told)})) == (403, "20009")

    def test_of_an_easier_one_is_not_enough(self, fail, refused, program):
        fail(1)

        answer = program().post("auth/login", RIGHT | {"captcha": solved(refused)})

        assert code_of(answer) == (403, "20009")
        assert program().post("auth/login", RIGHT | {"captcha": solved(answer.json()["error"])}).status_code == 200

    @pytest.mark.parametrize(
        "change",
        [
            lambda one: one["solution"].update(counter=one["solution"]["counter"] + 1),
            lambda one: one["solution"].update(derivedKey="00" * 32),
            lambda one: one["challenge"]["parameters"].update(keyPrefix=""),
            lambda one: one["challenge"]["parameters"].update(expiresAt=2**33),
            lambda one: one["challenge"]["parameters"].update(cost=0),
            lambda one: one["challenge"]["parameters"].update(memoryCost=2**30),
            lambda one: one["challenge"]["parameters"]["data"].update(level=3),
            lambda one: one["challenge"].update(signature="0" * 64),
            lambda one: one["challenge"].pop("signature"),
        ],
    )
    def test_that_was_changed_is_none(self, refused, program, change):
        one = json.loads(base64.b64decode(solved(refused)))
        change(one)

        answer = program().post("auth/login", RIGHT | {"captcha": base64.b64encode(json.dumps(one).encode()).decode()})

        assert code_of(answer) == (403, "20009")
        assert not CaptchaUse.objects.exists()

    @pytest.mark.parametrize(
        "given",
        [
            "x",
            "{}",
            "e30=",
            "bnVsbA==",
            "W10=",
            "/" * 4096,
            base64.b64encode(b'{"challenge": [], "solution": []}').decode(),
            base64.b64encode(b'{"challenge": "x", "solution": 1}').decode(),
            base64.b64encode(b'{"challenge": {"parameters": {}}, "solution": {}}').decode(),
            base64.b64encode(b"[" * 3000).decode(),
            "\u0661\u0662",
        ],
    )
    def test_that_is_nothing_of_the_kind_is_none(self, fail, program, given):
        fail(3)

        assert code_of(program().post("auth/login", RIGHT | {"captcha": given})) == (403, "20009")

    def test_must_be_a_text(self, refused, program):
        for given in (7, ["x"], None, {"a": 1}, "x" * 4097):
            assert fields_of(program().post("auth/login", RIGHT | {"captcha": given})) == {"captcha"}


class TestBeforeItIsAskedFor:
    def test_anybody_gets_one(self, program, mei):
        told = program().get("auth/captcha?for=login").json()

        assert told["due"] is False
        assert program().post("auth/login", RIGHT | {"captcha": solved(told)}).status_code == 200
        assert not CaptchaUse.objects.exists()

    def test_says_when_it_is_due(self, fail, program):
        fail(3)

        told = program().get("auth/captcha?for=login&about=meiling").json()

        assert told["due"] is True
        assert program().post("auth/login", RIGHT | {"captcha": solved(told)}).status_code == 200

    @pytest.mark.parametrize(
        ("query", "field"),
        [("", "for"), ("?for=fun", "for"), ("?for=login&abuot=x", "abuot"), ("?for=login&about=" + "x" * 255, "about")],
    )
    def test_names_what_is_wrong(self, program, db, query, field):
        assert field in fields_of(program().get(f"auth/captcha{query}"))


class TestBeforeOtherDoors:
    """What text messages and password resets call."""

    def ask(self, about="13800138000", given=""):
        captcha.ensure(Purpose.SMS, about, given)

    def told(self, **more):
        with pytest.raises(errors.CaptchaRequired) as problem:
            self.ask(**more)
        return problem.value.extra

    def test_is_always_asked_for(self, db):
        told = self.told()

        self.ask(given=solved(told))
        assert self.told(given=solved(told))["captcha"] != told["captcha"]

    def test_gets_harder_the_oftener_the_same_is_asked_for(self, db):
        self.ask(given=solved(self.told()))

        assert self.told()["captcha"]["parameters"]["cost"] == 2
        assert self.told(about="13900139000")["captcha"]["parameters"]["cost"] == 1

    def test_remembers_nobodys_number(self, db):
        self.ask(given=solved(self.told()))

        kept = CaptchaUse.objects.values().get()
        assert "13800138000" not in str(kept)

    def test_is_off_where_captchas_are(self, db, settings):
        settings.CAPTCHA_AFTER_FAILURES = -1

        self.ask()

    def test_is_forgotten_once_nobody_could_use_it_again(self, db):
        self.ask(given=solved(self.told()))
        close_run_out()
        assert CaptchaUse.objects.count() == 1

        with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=True):
            close_run_out()

        assert not CaptchaUse.objects.exists()


class TestAtTheBackOffice:
    def page(self, browser, **more):
        return browser.get("/admin/login/", headers={"accept-language": "en"}, **more).content.decode()

    def test_is_on_the_page_only_when_it_is_due(self, fail):
        assert "captcha" not in self.page(Client())
        fail(3)

        assert "captcha-challenge" in self.page(Client())
        assert "captcha" not in self.page(Client(), REMOTE_ADDR="203.0.113.9")

    def test_lets_in_who_solved_it(self, boss, fail):
        fail(3, "theboss")

        answer = knock_at_page(Client(), {"username": "theboss", "password": PASSWORD})

        assert (answer.status_code, answer["Location"]) == (302, "/admin/")

    def test_says_so_to_who_did_not(self, boss, fail):
        fail(3, "theboss")

        answer = Client().post(
            "/admin/login/", {"username": "theboss", "password": PASSWORD}, headers={"accept-language": "zh-hans"}
        )

        assert answer.status_code == 200
        assert "需要再做一次验证" in answer.content.decode()

    def test_computes_in_a_worker_with_a_policy_of_its_own(self, client):
        worker = client.get("/static/gatehouse/altcha/argon2id.js")
        page = client.get("/admin/login/")

        assert "script-src 'self' 'wasm-unsafe-eval'" in worker["Content-Security-Policy"]
        assert "wasm" not in page["Content-Security-Policy"]
        assert "blob:" not in page["Content-Security-Policy"].partition("script-src")[2].partition(";")[0]
