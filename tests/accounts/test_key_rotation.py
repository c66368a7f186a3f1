"""The next signing key takes over: by the API, by itself, at the shell; and what a stolen one is good for."""

from datetime import timedelta

import jwt
import pytest
import time_machine
from auditlog.models import LogEntry
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import keys, services, tasks
from accounts.errors import KeyProblem
from accounts.models import LoginSession, SigningKey
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.test_keys import run
from tests.accounts.together import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten(signing_key, settings):
    """Keys are rows here, and read again for each test and after it."""
    settings.JWT_KEYS_DIR = None
    settings.JWT_ALGORITHM = "EdDSA"
    keys.forget()
    yield
    keys.forget()


@pytest.fixture
def keeper(hire, role):
    """Staff who look after the keys."""
    return hire(
        "thekeeper",
        is_staff=True,
        roles=[role("keepers", 50, "accounts.view_signingkey", "accounts.rotate_keys")],
    )


@pytest.fixture
def watcher(hire, role):
    """Staff who may look at the keys."""
    return hire("thewatcher", is_staff=True, roles=[role("watchers", 50, "accounts.view_signingkey")])


def publish() -> None:
    """Let ten minutes pass for the keys that wait."""
    SigningKey.objects.filter(state="next").update(created_at=timezone.now() - timedelta(minutes=11))


def events() -> list[str]:
    rows = LogEntry.objects.order_by("pk").values_list("additional_data", flat=True)
    return [row["event"] for row in rows if row and str(row.get("event", "")).startswith("signing_key.")]


def states() -> list[str]:
    return sorted(SigningKey.objects.values_list("state", flat=True))


@pytest.mark.every_database
class TestOverTheApi:
    def test_the_next_key_is_made_published_and_takes_over_by_itself(self, phone_of, keeper, mei):
        staff, phone = phone_of(keeper), phone_of(mei)
        before = jwt.get_unverified_header(phone.tokens["access"])["kid"]

        answer = staff.post("keys/rotate")

        assert answer.status_code == 200, answer.content
        told = answer.json()
        assert (told["state"], told["signs_since"]) == ("next", None)
        assert told["kid"] in {key["kid"] for key in keys.jwks()["keys"]}
        assert staff.post("keys/rotate").json() == told
        assert tasks.rotate_keys() == ""

        with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
            assert tasks.rotate_keys() == told["kid"]
            assert tasks.rotate_keys() == ""
            assert phone.get("auth/me").status_code == 200
            phone.tokens = phone.refresh().json()
        assert jwt.get_unverified_header(phone.tokens["access"])["kid"] == told["kid"] != before
        assert events() == ["signing_key.generated", "signing_key.scheduled", "signing_key.promoted"]

    @pytest.mark.attack("T-RT-4")
    def test_a_lost_answer_comes_once_more_to_the_byte_though_another_key_signs_meanwhile(self, phone_of, keeper, mei):
        staff, phone = phone_of(keeper), phone_of(mei)
        lost = phone.refresh().json()

        rotated = staff.post("keys/rotate", {"force": True}).json()

        again = phone.refresh().json()
        assert (again["refresh"], again["access"]) == (lost["refresh"], lost["access"])
        phone.tokens = again
        assert phone.get("auth/me").status_code == 200
        assert jwt.get_unverified_header(phone.refresh().json()["access"])["kid"] == rotated["kid"]

    def test_a_lost_answer_is_never_signed_again_by_a_stolen_key(self, phone_of, keeper, mei):
        staff, phone = phone_of(keeper), phone_of(mei)
        stolen = jwt.get_unverified_header(phone.refresh().json()["access"])["kid"]

        assert staff.post(f"keys/{stolen}/retire", {"stolen": True}).status_code == 204

        again = phone.refresh().json()
        assert jwt.get_unverified_header(again["access"])["kid"] == keys.current().kid != stolen

    def test_a_retired_key_is_closed_when_no_answer_needs_it_any_more(self, keeper):
        before = keys.current().kid
        services.rotate_keys(by=keeper, force=True)

        assert keys.signer(before).kid == before
        with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
            keys.forget()
            assert keys.signer(before).kid == keys.current().kid != before
            assert keys.find(before).private is None

    def test_a_key_that_everybody_knows_signs_at_once(self, phone_of, keeper):
        services.prepare_key(by=keeper)
        publish()

        told = phone_of(keeper).post("keys/rotate").json()

        assert (told["state"], told["takes_over_at"]) == ("current", None)
        assert states() == ["current", "retired"]

    def test_somebody_in_a_hurry_does_not_wait(self, phone_of, keeper):
        staff = phone_of(keeper)

        told = staff.post("keys/rotate", {"force": True, "algorithm": "RS512"}).json()

        assert (told["state"], told["algorithm"]) == ("current", "RS512")
        assert keys.current().kid == told["kid"]
        assert LogEntry.objects.latest("pk").actor == keeper

    def test_two_who_press_at_once_make_one_key(self, phone_of, keeper):
        staff = phone_of(keeper)
        current = staff.get("keys/").json()["results"][0]["kid"]
        given = {"force": True, "current": current}

        assert staff.post("keys/rotate", given).status_code == 200
        assert code_of(staff.post("keys/rotate", given)) == (409, "10005")
        assert SigningKey.objects.count() == 2

    def test_it_lists_public_parts_only(self, phone_of, watcher):
        (line,) = phone_of(watcher).get("keys/").json()["results"]

        assert set(line["public"]) == {"kty", "crv", "x", "kid", "use", "alg"}
        assert (line["state"], line["counts_until"]) == ("current", None)
        assert line["rotate_at"] > line["signs_since"]
        assert "private" not in line

    def test_a_stolen_key_that_signs_is_replaced_and_refused(self, phone_of, keeper, mei):
        staff, phone = phone_of(keeper), phone_of(mei)
        stolen = keys.current().kid

        assert staff.post(f"keys/{stolen}/retire", {"stolen": True, "reason": "laptop"}).status_code == 204

        assert code_of(phone.get("auth/me")) == (401, "20002")
        assert stolen not in {key["kid"] for key in keys.jwks()["keys"]}
        phone.tokens = phone.refresh().json()
        assert phone.get("auth/me").status_code == 200
        assert LogEntry.objects.latest("pk").additional_data["reason"] == "laptop"

    def test_bad_input_is_named(self, phone_of, keeper):
        staff = phone_of(keeper)

        assert fields_of(staff.post("keys/rotate", {"force": "yes"})) == {"force"}
        assert fields_of(staff.post("keys/rotate", {"algorithm": "HS256"})) == {"algorithm"}
        assert fields_of(staff.post("keys/rotate", {"hurry": True})) == {"hurry"}
        assert code_of(staff.post("keys/nope/retire")) == (404, "10008")
        assert code_of(staff.post(f"keys/{keys.current().kid}/retire")) == (409, "10005")
        assert states() == ["current"]

    def test_others_may_not(self, phone_of, watcher, mei):
        for program, status in ((phone_of(watcher), 200), (phone_of(mei), 403)):
            assert program.get("keys/").status_code == status
            assert code_of(program.post("keys/rotate")) == (403, "10009")
            assert code_of(program.post(f"keys/{keys.current().kid}/retire", {"stolen": True})) == (403, "10009")
        assert states() == ["current"]

    def test_an_old_sign_in_is_asked_again(self, phone_of, keeper):
        staff = phone_of(keeper)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))

        assert code_of(staff.post("keys/rotate", {"force": True})) == (403, "20008")
        assert code_of(staff.post(f"keys/{keys.current().kid}/retire", {"stolen": True})) == (403, "20008")

    def test_a_machine_rotates_nothing(self, program, hire, role):
        powers = ("accounts.view_signingkey", "accounts.rotate_keys", "accounts.add_apitoken")
        owner = hire("theowner", is_staff=True, roles=[role("owners", 50, *powers)])
        made = services.create_api_token(
            owner=owner,
            name="rotator",
            scopes=["accounts.view_signingkey", "accounts.rotate_keys"],
            expires_at=timezone.now() + timedelta(days=1),
        )
        machine = program()
        machine.tokens = {"access": made.text}

        assert machine.get("keys/").status_code == 200
        assert code_of(machine.post("keys/rotate", {"force": True})) == (403, "10009")
        assert code_of(machine.post(f"keys/{keys.current().kid}/retire", {"stolen": True})) == (403, "10009")
        assert states() == ["current"]

    def test_keys_in_files_are_the_operators(self, phone_of, keeper, key_folder, settings):
        settings.JWT_KEYS_DIR = key_folder
        keys.forget()
        staff = phone_of(keeper)

        assert [line["state"] for line in staff.get("keys/").json()["results"]] == ["current"]
        answer = staff.post("keys/rotate", {"force": True})
        assert code_of(answer) == (409, "10005")
        assert "manage.py jwt_keys" in answer.json()["error"]["message"]


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_two_promotions_leave_one_current_key(self, hire):
        boss = hire("theboss", is_staff=True, is_superuser=True)
        keys.ensure()
        waiting = [services.generate_key(by=boss).kid for _ in range(4)]

        answers = together(4, lambda number: services.promote_key(by=boss, kid=waiting[number]))

        assert [one for one in answers if isinstance(one, Exception)] == []
        assert states().count("current") == 1


class TestByItself:
    def test_nothing_rotates_unasked(self):
        keys.ensure()

        with time_machine.travel(timezone.now() + timedelta(days=400), tick=True):
            assert tasks.rotate_keys() == ""
        assert states() == ["current"]

    def test_an_old_key_is_replaced_where_the_house_wants_that(self, settings):
        settings.JWT_KEY_AUTO_ROTATE, settings.JWT_KEY_ROTATE_DAYS = True, 30
        keys.ensure()

        assert tasks.rotate_keys() == ""
        with time_machine.travel(timezone.now() + timedelta(days=31), tick=True) as clock:
            made = tasks.rotate_keys()
            assert tasks.rotate_keys() == ""
            assert states() == ["current", "next"]
            clock.shift(timedelta(minutes=11))
            assert tasks.rotate_keys() == made
            assert tasks.rotate_keys() == ""
        assert states() == ["current", "retired"]

    def test_keys_in_files_are_left_alone(self, settings, key_folder):
        settings.JWT_KEYS_DIR, settings.JWT_KEY_AUTO_ROTATE = key_folder, True

        with time_machine.travel(timezone.now() + timedelta(days=400), tick=True):
            assert tasks.rotate_keys() == ""


class TestAtTheShell:
    def test_rotates_like_the_page(self):
        keys.ensure()

        assert "takes over by itself at" in run("rotate")
        publish()
        assert "signs from now on" in run("rotate")
        assert "signs from now on" in run("rotate", "--force")
        assert states() == ["current", "retired", "retired"]

    def test_says_when_a_key_is_too_old(self, settings):
        keys.ensure()
        assert "in order" in run("check")

        with time_machine.travel(timezone.now() + timedelta(days=91), tick=True):
            assert "jwt_keys rotate" in run("check")
            assert "91 days" in run("list")

    def test_of_files_says_when_to_come_again(self, tmp_path, settings):
        settings.JWT_KEYS_DIR = tmp_path
        run("generate", "--promote")

        with pytest.raises(CommandError, match="run this again after"):
            run("rotate")
        assert "signs from now on" in run("rotate", "--force")
        with time_machine.travel(timezone.now() + timedelta(minutes=11), tick=True):
            run("generate")
        assert [key.state for key in keys.store().load()].count(keys.State.CURRENT) == 1

    def test_gets_a_stolen_key_out_of_use(self):
        keys.ensure()
        stolen = keys.current().kid

        said = run("retire", stolen, "--stolen")

        assert "signs instead" in said
        assert not SigningKey.objects.filter(kid=stolen).exists()

    def test_cannot_promote_what_another_secret_key_sealed(self, settings):
        keys.ensure()
        kid = services.generate_key(by=None).kid
        settings.SECRET_KEY = "another secret key that is long enough for this test, surely"

        with pytest.raises(KeyProblem, match="another SECRET_KEY"):
            services.promote_key(by=None, kid=kid)
        with pytest.raises(CommandError):
            call_command("jwt_keys", "promote", kid)
