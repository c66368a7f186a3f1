"""The signing keys in the back office."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts import keys, services
from accounts.models import LoginSession, SigningKey
from tests.admin.conftest import PASSWORD, flat

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/signingkey/"
ROTATE = f"{LIST}rotate/"


@pytest.fixture
def in_rows(signing_key, settings):
    """Keys are rows here."""
    settings.JWT_KEYS_DIR, settings.JWT_ALGORITHM = None, "EdDSA"
    keys.forget()
    keys.ensure()
    yield
    keys.forget()


@pytest.fixture
def keeper(hire, role):
    """Staff who look after the keys."""
    powers = ("accounts.view_signingkey", "accounts.rotate_keys", "auditlog.view_logentry")
    return hire("thekeeper", is_staff=True, roles=[role("keepers", 50, *powers)])


def seen(answer) -> str:
    return flat(answer.content.decode())


@pytest.mark.usefixtures("in_rows")
class TestPage:
    def test_tells_age_and_meaning(self, browser_of, keeper):
        page = seen(browser_of(keeper).get(LIST))

        assert "has signed for 0 days. Another should take over after 90." in page
        assert "There is always exactly one." in page
        assert "Rotate now" in page

    def test_rotates_in_one_go(self, browser_of, keeper):
        browser = browser_of(keeper)
        assert "It takes over by itself at" in seen(browser.get(ROTATE))

        answer = browser.post(ROTATE, {"algorithm": "RS512", "current": keys.current().kid}, follow=True)

        assert "takes over by itself at" in seen(answer)
        waiting = SigningKey.objects.get(state="next")
        assert (waiting.algorithm, waiting.promote_at is not None) == ("RS512", True)

    def test_lets_a_prepared_key_sign(self, browser_of, keeper):
        browser = browser_of(keeper)
        assert "waits." in seen(browser.post(f"{LIST}prepare/", {"algorithm": "EdDSA"}, follow=True))
        SigningKey.objects.filter(state="next").update(created_at=timezone.now() - timedelta(minutes=11))
        assert "has been published for long enough" in seen(browser.get(ROTATE))

        assert "signs from now on" in seen(browser.post(ROTATE, {"current": keys.current().kid}, follow=True))

    def test_refuses_who_saw_another_key(self, browser_of, keeper):
        browser = browser_of(keeper)
        seen_key = keys.current().kid
        services.rotate_keys(by=None, force=True)

        answer = browser.post(ROTATE, {"force": "yes", "current": seen_key})

        assert "Somebody else has rotated the keys" in seen(answer)
        assert SigningKey.objects.count() == 2

    def test_gets_a_stolen_key_out_of_use(self, browser_of, keeper):
        browser = browser_of(keeper)
        stolen = SigningKey.objects.get()
        asked = {"action": "distrust", "_selected_action": [stolen.pk], "index": "0"}
        assert "another one signs at once" in seen(browser.post(LIST, asked))

        done = browser.post(LIST, asked | {"confirmed": "yes", "reason": "found on a USB stick"}, follow=True)

        assert "1 key is out of use" in seen(done)
        assert not SigningKey.objects.filter(pk=stolen.pk).exists()
        assert SigningKey.objects.get().state == "current"
        assert LogEntry.objects.latest("pk").additional_data["reason"] == "found on a USB stick"

    def test_retires_only_keys_that_wait(self, browser_of, keeper):
        browser = browser_of(keeper)
        asked = {
            "action": "retire",
            "_selected_action": [SigningKey.objects.get().pk],
            "index": "0",
            "confirmed": "yes",
        }

        assert "None of these keys waits" in seen(browser.post(LIST, asked, follow=True))
        assert SigningKey.objects.get().state == "current"

    def test_asks_an_old_sign_in_again(self, browser_of, keeper):
        browser = browser_of(keeper)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))
        wanted = {"force": "yes", "current": keys.current().kid}

        assert "Is it you?" in seen(browser.post(ROTATE, wanted))
        assert SigningKey.objects.count() == 1
        proof = {"proof-password": PASSWORD, "proof-then": "post"}
        assert "signs from now on" in seen(browser.post(ROTATE, wanted | proof, follow=True))

    def test_is_only_for_those_who_may(self, browser_of, hire, role):
        watcher = hire("thewatcher", is_staff=True, roles=[role("watchers", 50, "accounts.view_signingkey")])
        browser = browser_of(watcher)

        assert "Rotate now" not in seen(browser.get(LIST))
        assert browser.get(ROTATE).status_code == 403
        assert browser.post(f"{LIST}prepare/", {}).status_code == 403
        browser.post(
            LIST, {"action": "distrust", "_selected_action": [SigningKey.objects.get().pk], "confirmed": "yes"}
        )
        assert SigningKey.objects.get().state == "current"

    def test_says_when_it_is_time(self, browser_of, keeper):
        browser = browser_of(keeper)
        assert "time to rotate" not in seen(browser.get("/admin/")) + seen(browser.get("/admin/health/"))

        SigningKey.objects.update(promoted_at=timezone.now() - timedelta(days=91))
        keys.forget()

        assert "is 91 days old: time to rotate" in seen(browser.get("/admin/"))
        assert "time to rotate" in seen(browser.get("/admin/health/"))
        assert "time to rotate" in seen(browser.get(LIST))


class TestFiles:
    def test_are_shown_with_the_command_to_use(self, browser_of, keeper, key_folder):
        browser = browser_of(keeper)

        page = browser.get(LIST)

        assert "manage.py jwt_keys rotate" in page.content.decode()
        assert keys.current().kid in page.content.decode()
        assert "Rotate now" not in seen(page)
        assert "an operator changes them" in seen(browser.post(ROTATE, {"force": "yes"}, follow=True))

    def test_that_are_broken_say_so(self, browser_of, keeper, tmp_path, settings):
        browser = browser_of(keeper)
        settings.JWT_KEYS_DIR = tmp_path

        assert "holds no keys" in seen(browser.get(LIST))
