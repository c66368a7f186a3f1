"""Providers of text messages."""

from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts.models import LoginSession
from integrations.sms.models import Attempt, Message, Provider
from tests.admin.conftest import PASSWORD
from tests.admin.sms.conftest import seen

pytestmark = pytest.mark.django_db

PROVIDERS = "/admin/sms/provider/"
ALIYUN = {
    "name": "Hangzhou", "key": "hangzhou", "kind": "aliyun", "enabled": "on", "position": "1",
    "cost_per_segment": "0.045", "sign_name": "门房", "prefixes": "+86, 852", "access_key_id": "LTAI5tAbCdEfGh123456",
    "access_key_secret": "a-very-secret-secret",
}  # fmt: skip


class TestOrder:
    @pytest.fixture
    def three(self, provider):
        for at, key in enumerate(("second", "third"), start=2):
            Provider.objects.create(key=key, name=key.title(), kind="memory", position=at * 10)
        return ["memory", "second", "third"]

    def test_is_shown(self, browser_of, boss, desk, three):
        listed, page = (seen(browser_of(boss).get(f"{PROVIDERS}{tail}")) for tail in ("", "arrange/"))

        assert f"{PROVIDERS}arrange" in listed
        assert [page.index(f'value="{key}"') for key in three] == sorted(page.index(f'value="{key}"') for key in three)
        assert f"{PROVIDERS}arrange" not in seen(browser_of(desk).get(PROVIDERS))
        assert browser_of(desk).get(f"{PROVIDERS}arrange/").status_code == 403
        assert browser_of(desk).post(f"{PROVIDERS}arrange/", {"key": three}).status_code == 403

    def test_is_saved_as_it_stands(self, browser_of, boss, three):
        answer = browser_of(boss).post(f"{PROVIDERS}arrange/", {"key": ["third", "memory", "second"]}, follow=True)

        assert "they are asked in this order" in seen(answer)
        assert list(Provider.objects.values_list("key", flat=True)) == ["third", "memory", "second"]
        assert LogEntry.objects.filter(additional_data__event="sms_provider.changed").count() == 3

    def test_of_providers_that_are_others_by_now_is_not_saved(self, browser_of, boss, three):
        answer = browser_of(boss).post(f"{PROVIDERS}arrange/", {"key": ["third", "memory"]}, follow=True)

        assert "look at them once more" in seen(answer)
        assert list(Provider.objects.values_list("key", flat=True)) == three

    def test_asks_who_is_there_and_then_goes_on(self, browser_of, boss, three):
        browser = browser_of(boss)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(days=1))
        wanted = {"key": ["third", "second", "memory"]}

        asked = browser.post(f"{PROVIDERS}arrange/", wanted)
        assert "Is it you?" in seen(asked)
        assert list(Provider.objects.values_list("key", flat=True)) == three

        browser.post(f"{PROVIDERS}arrange/", wanted | {"proof-password": PASSWORD, "proof-then": "post"})
        assert list(Provider.objects.values_list("key", flat=True)) == wanted["key"]


class TestProviders:
    def test_keeps_credentials_and_shows_them_to_nobody(self, browser_of, boss):
        browser = browser_of(boss)
        browser.post(f"{PROVIDERS}add/", ALIYUN)
        kept = Provider.objects.get(key="hangzhou")
        assert kept.credentials == {
            "access_key_id": "LTAI5tAbCdEfGh123456", "access_key_secret": "a-very-secret-secret",
        }  # fmt: skip
        assert kept.prefixes == [86, 852]

        page = seen(browser.get(f"{PROVIDERS}{kept.pk}/change/"))
        assert "***3456" in page
        assert "LTAI5tAbCdEfGh123456" not in page
        assert "a-very-secret-secret" not in page
        assert "a-very-secret-secret" not in str(list(LogEntry.objects.values_list("changes", "additional_data")))

        changed = ALIYUN | {"name": "Shanghai", "access_key_id": "", "access_key_secret": ""}
        browser.post(f"{PROVIDERS}{kept.pk}/change/", changed)
        kept.refresh_from_db()
        assert (kept.name, kept.credentials["access_key_secret"]) == ("Shanghai", "a-very-secret-secret")

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            ({"access_key_secret": ""}, "This provider needs it."),
            ({"prefixes": "China"}, "Give country codes as numbers"),
            ({"receipt_addresses": "everywhere"}, "Give addresses or networks"),
        ],
    )
    def test_says_what_is_wrong(self, browser_of, boss, wrong, said):
        assert said in seen(browser_of(boss).post(f"{PROVIDERS}add/", ALIYUN | wrong))
        assert not Provider.objects.filter(key="hangzhou").exists()

    def test_asks_who_is_there_before_it_is_changed(self, browser_of, boss, provider):
        browser = browser_of(boss)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(days=1))

        answer = browser.post(f"{PROVIDERS}{provider.pk}/change/", {"name": "Elsewhere"})

        assert "Is it you?" in seen(answer)

    def test_tells_whether_it_knows_us(self, browser_of, boss, desk, provider):
        browser = browser_of(boss)
        assert "Memory takes our credentials." in seen(browser.get(f"{PROVIDERS}{provider.pk}/check/", follow=True))

        Provider.objects.update(kind="aliyun", endpoint="http://127.0.0.1:9")
        assert "Memory could not be used:" in seen(browser.get(f"{PROVIDERS}{provider.pk}/check/", follow=True))
        assert browser_of(desk).get(f"{PROVIDERS}{provider.pk}/check/").status_code == 403

    def test_sends_a_test_to_ones_own_number_through_it_alone(self, browser_of, hire, provider):
        boss = hire("boss2", is_staff=True, is_superuser=True, phone="13911112222", language="en")
        provider.enabled = False
        provider.save()
        browser = browser_of(boss)
        assert "Send yourself a message by Memory" in seen(browser.get(f"{PROVIDERS}{provider.pk}/test/"))

        browser.post(f"{PROVIDERS}{provider.pk}/test/", {"confirmed": "yes", "template": "notice"})

        message = Message.objects.get()
        assert (message.phone, message.provider, message.pinned, message.purpose) == (
            "+8613911112222", provider, True, "test",
        )  # fmt: skip

    def test_tells_how_it_does(self, browser_of, desk, provider, message):
        Attempt.objects.create(
            message=message, number=1, provider=provider, provider_key="memory", ended_at=timezone.now(),
            outcome=Attempt.Outcome.ACCEPTED, cost="0.05",
        )  # fmt: skip
        Message.objects.update(state="sent", sent_at=timezone.now(), provider=provider)
        Provider.objects.update(trouble_code="isv.AMOUNT_NOT_ENOUGH", trouble="no money", trouble_at=timezone.now())

        page = seen(browser_of(desk).get(PROVIDERS))

        assert "The account at the provider has no money left." in page
        assert "100 %" in page
        assert "0.05 CNY" in page
