"""Text messages, their templates and providers in the back office."""

from datetime import timedelta
from typing import Any

import pytest
from auditlog.models import LogEntry
from django.utils import timezone

from accounts.models import LoginSession
from integrations.sms import services
from integrations.sms.models import Attempt, Message, Provider, Template
from tests.admin.conftest import flat

pytestmark = pytest.mark.django_db

LIST = "/admin/sms/message/"
TEMPLATES = "/admin/sms/template/"
PROVIDERS = "/admin/sms/provider/"
PHONE = "+8613812345678"


@pytest.fixture
def provider() -> Provider:
    """Somebody who carries messages."""
    return Provider.objects.create(
        key="memory", name="Memory", kind="memory", sign_name="Gatehouse", cost_per_segment="0.05"
    )


@pytest.fixture
def message(provider: Provider) -> Message:
    """A notice that waits."""
    return services.enqueue(
        phone=PHONE, template="notice", parameters={"text": "Lunch is ready."}, language="en", purpose="notice"
    )


@pytest.fixture
def desk(hire: Any, role: Any) -> Any:
    """Staff who look after messages and see no whole number."""
    powers = ("sms.view_message", "sms.resend_message", "sms.send_message", "sms.view_template", "sms.view_provider")
    return hire("thedesk", is_staff=True, roles=[role("desk", 50, *powers)])


def seen(answer: Any) -> str:
    """A page's text in one line, and its source."""
    html = answer.content.decode()
    return f"{flat(html)} {html}"


class TestMessages:
    def test_shows_numbers_only_to_those_who_may_see_them(self, browser_of, desk, boss, message):
        assert PHONE not in seen(browser_of(desk).get(LIST))
        assert "+86138****5678" in seen(browser_of(desk).get(LIST))
        assert PHONE in seen(browser_of(boss).get(LIST))
        assert PHONE not in seen(browser_of(desk).get(f"{LIST}{message.pk}/change/"))

    @pytest.mark.parametrize(
        ("asked", "found"), [("5678", True), ("1234", False), ("13812345678", False), ("2345", False), ("lunch", False)]
    )
    def test_finds_no_number_by_digits_that_are_not_shown(self, browser_of, desk, message, asked, found):
        assert (f"{LIST}{message.pk}/change/" in seen(browser_of(desk).get(LIST, {"q": asked}))) is found

    def test_finds_numbers_by_any_digits_for_those_who_see_them(self, browser_of, boss, message):
        assert "+8613812345678" in seen(browser_of(boss).get(LIST, {"q": "138 1234"}))

    @pytest.mark.parametrize(
        "query",
        [
            "state__exact=pending",
            "purpose=notice",
            "prefix=86",
            "provider__id__exact=1",
            "created_at_from_0=2020-01-01",
        ],
    )
    def test_is_filtered(self, browser_of, boss, message, query):
        assert browser_of(boss).get(f"{LIST}?{query}").status_code == 200

    def test_tells_what_happened_and_why_in_words(self, browser_of, boss, message, provider):
        Attempt.objects.create(
            message=message, number=1, provider=provider, provider_key="memory", ended_at=timezone.now(),
            outcome=Attempt.Outcome.REFUSED, error_code="isv.BUSINESS_LIMIT_CONTROL", error="Permits:10",
        )  # fmt: skip
        Message.objects.update(state="failed", error_code="isv.BUSINESS_LIMIT_CONTROL", error="Permits:10")

        page = seen(browser_of(boss).get(f"{LIST}{message.pk}/change/"))

        assert "The provider lets only so many messages go to one number within a time." in page
        assert "Memory: refused" in page
        assert "isv.BUSINESS_LIMIT_CONTROL" in page

    def test_never_shows_a_code(self, browser_of, boss, provider):
        code = services.enqueue(
            phone=PHONE, template="verification", parameters={"minutes": "5"}, secret={"code": "314159"},
            language="en", purpose="login",
        )  # fmt: skip
        browser = browser_of(boss)

        pages = [seen(browser.get(LIST)), seen(browser.get(f"{LIST}{code.pk}/change/"))]

        assert not any("314159" in page for page in pages)
        assert "******" in pages[1]

    def test_cancels_one_that_waits(self, browser_of, desk, message):
        browser = browser_of(desk)
        assert "It is not sent." in seen(browser.get(f"{LIST}{message.pk}/cancel/"))

        browser.post(f"{LIST}{message.pk}/cancel/", {"confirmed": "yes", "reason": "a mistake"})

        message.refresh_from_db()
        assert message.state == "cancelled"
        assert LogEntry.objects.get(additional_data__event="sms.cancelled").additional_data["reason"] == "a mistake"

    def test_sends_an_unknown_one_again_only_when_told_that_it_may_arrive_twice(self, browser_of, desk, message):
        Message.objects.update(state="unknown")
        browser, again = browser_of(desk), f"{LIST}{message.pk}/again/"
        assert "this person may get it twice" in seen(browser.get(again))

        browser.post(again, {"confirmed": "yes"})
        message.refresh_from_db()
        assert message.state == "unknown"

        browser.post(again, {"confirmed": "yes", "twice": "on"})
        message.refresh_from_db()
        assert message.state == "pending"

    def test_sends_many_again(self, browser_of, desk, message):
        Message.objects.update(state="failed")
        given = {"action": "send_again", "_selected_action": [str(message.pk)], "confirmed": "yes"}

        assert "1 message is sent again." in seen(browser_of(desk).post(LIST, given, follow=True))

    @pytest.mark.parametrize("step", ["again", "cancel"])
    def test_does_nothing_for_who_only_looks(self, browser_of, hire, role, message, step):
        reader = hire("reader", is_staff=True, roles=[role("readers", 50, "sms.view_message")])

        answer = browser_of(reader).post(f"{LIST}{message.pk}/{step}/", {"confirmed": "yes", "twice": "on"})

        assert answer.status_code == 403

    def test_is_not_there_for_who_does_not_reach_the_person(self, browser_of, hire, message):
        outsider = hire("outsider", is_staff=True)

        assert browser_of(outsider).get(LIST).status_code == 403


class TestSendingOne:
    def test_sends_to_a_person_in_their_language(self, browser_of, desk, hire, provider):
        person = hire("anna", phone="13911112222", language="zh-hans")
        given = {"person": person.pk, "template": "notice", "parameter-text": "开会"}

        browser_of(desk).post(f"{LIST}add/", given)

        message = Message.objects.get()
        assert (message.phone, message.language, message.person, message.created_by) == (
            "+8613911112222", "zh-hans", person, desk,
        )  # fmt: skip

    def test_finds_whose_number_it_is(self, browser_of, boss, hire, provider):
        person = hire("anna", phone="13911112222", language="en")

        browser_of(boss).post(
            f"{LIST}add/", {"phone": "139 1111 2222", "template": "notice", "parameter-text": "Hello"}
        )

        assert Message.objects.get().person == person

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({}, "one of the two"),
            ({"phone": "123"}, "Enter a mobile number"),
            ({"phone": "13911112222", "parameter-text": ""}, "This field is required"),
        ],
    )
    def test_says_what_is_missing(self, browser_of, boss, provider, given, said):
        answer = browser_of(boss).post(f"{LIST}add/", {"template": "notice", "parameter-text": "Hello"} | given)

        assert said in seen(answer)
        assert not Message.objects.exists()

    def test_writes_to_nobody_out_of_reach(self, browser_of, hire, role, provider):
        lone = role("lone", 40, "sms.view_message", "sms.send_message")
        type(lone).objects.filter(pk=lone.pk).update(scope="department")
        sender = hire("sender", is_staff=True, roles=[lone])
        hire("anna", phone="13911112222")

        answer = browser_of(sender).post(
            f"{LIST}add/", {"phone": "13911112222", "template": "notice", "parameter-text": "Hello"}
        )

        assert "None of the people you reach has this number." in seen(answer)
        assert not Message.objects.exists()

    def test_writes_to_any_number_by_a_permission(self, browser_of, hire, role, provider):
        lone = role("lone", 40, "sms.view_message", "sms.send_message", "sms.send_to_number")
        type(lone).objects.filter(pk=lone.pk).update(scope="department")
        sender = hire("sender", is_staff=True, roles=[lone])
        hire("anna", phone="13911112222")

        browser_of(sender).post(
            f"{LIST}add/", {"phone": "13911112222", "template": "notice", "parameter-text": "Hello"}
        )

        message = Message.objects.get()
        assert (message.phone, message.person) == ("+8613911112222", None)


def template_form(**changes: Any) -> dict[str, Any]:
    """What the form of a new template sends."""
    return {
        "key": "parcel",
        "name": "Parcel",
        "enabled": "on",
        "texts-TOTAL_FORMS": 2,
        "texts-INITIAL_FORMS": 0,
        "texts-0-language": "zh-hans",
        "texts-0-text": "您的包裹${number}已到",
        "texts-1-language": "en",
        "texts-1-text": "Your parcel ${number} is here",
        "codes-TOTAL_FORMS": 0,
        "codes-INITIAL_FORMS": 0,
    } | changes


class TestTemplates:
    def test_is_made_with_its_texts(self, browser_of, boss):
        browser_of(boss).post(f"{TEMPLATES}add/", template_form())

        assert Template.objects.get(key="parcel").places == {"number"}
        assert LogEntry.objects.filter(additional_data__event="sms_template.created").exists()

    def test_may_be_made_in_one_language(self, browser_of, boss):
        browser = browser_of(boss)
        rows = [form.initial for form in browser.get(f"{TEMPLATES}add/").context["inline_admin_formsets"][0].formset]
        assert rows == [{"language": "zh-hans"}, {"language": "en"}]

        browser.post(f"{TEMPLATES}add/", template_form(**{"texts-0-text": ""}))

        assert [one.language for one in Template.objects.get(key="parcel").texts.all()] == ["en"]

    @pytest.mark.parametrize(
        ("changes", "said"),
        [
            ({"texts-1-text": "Your parcel is here"}, "the same parameters in all languages"),
            ({"texts-1-text": "Your parcel ${nu mber} is here"}, "is no parameter"),
            ({"texts-0-text": "", "texts-1-text": ""}, "Say it in one language at least."),
        ],
    )
    def test_is_refused_where_its_parameters_do_not_fit(self, browser_of, boss, changes, said):
        answer = browser_of(boss).post(f"{TEMPLATES}add/", template_form(**changes))

        assert said in seen(answer)
        assert not Template.objects.filter(key="parcel").exists()

    def test_takes_the_order_of_a_provider_only_if_it_fits(self, browser_of, boss, provider):
        code = {
            "codes-TOTAL_FORMS": 1, "codes-0-provider": provider.pk, "codes-0-code": "1110", "codes-0-language": "",
            "codes-0-sign_name": "",
        }  # fmt: skip
        answer = browser_of(boss).post(
            f"{TEMPLATES}add/", template_form(**code, **{"codes-0-order": "name"}), follow=True
        )
        assert "must name each parameter of the text once" in seen(answer)

        browser_of(boss).post(f"{TEMPLATES}add/", template_form(**code, **{"codes-0-order": "number"}))
        assert Template.objects.get(key="parcel").codes.get().order == ["number"]

    def test_keeps_its_parameters_while_messages_wait(self, browser_of, boss, message):
        template = message.template
        text = template.texts.get(language="en")
        given = {
            "enabled": "on",
            "texts-TOTAL_FORMS": 1,
            "texts-INITIAL_FORMS": 1,
            "texts-0-id": text.pk,
            "texts-0-template": template.pk,
            "texts-0-language": "en",
            "codes-TOTAL_FORMS": 0,
            "codes-INITIAL_FORMS": 0,
        }
        template.texts.exclude(pk=text.pk).delete()
        browser, page = browser_of(boss), f"{TEMPLATES}{template.pk}/change/"

        assert "Messages with other parameters still wait." in seen(browser.post(page, given | {"texts-0-text": "Hi"}))
        browser.post(page, given | {"texts-0-text": "News: ${text}"})
        text.refresh_from_db()
        assert text.text == "News: ${text}"

    def test_stays_once_it_was_used(self, browser_of, boss, message):
        browser_of(boss).post(f"{TEMPLATES}{message.template_id}/delete/", {"post": "yes"}, follow=True)

        assert Template.objects.filter(pk=message.template_id).exists()

    def test_is_shown_as_it_will_be_read(self, browser_of, boss, provider):
        asked = {"texts": [{"language": "en", "text": "Your parcel ${number} is here"}], "values": {"number": "7"}}

        told = browser_of(boss).post(f"{TEMPLATES}preview/", asked, content_type="application/json").json()

        assert told["previews"][0]["text"] == "Your parcel 7 is here"
        assert (told["previews"][0]["parts"], told["previews"][0]["cost"]) == (1, "0.05 CNY")


ALIYUN = {
    "name": "Hangzhou", "key": "hangzhou", "kind": "aliyun", "enabled": "on", "position": "1",
    "cost_per_segment": "0.045", "sign_name": "门房", "prefixes": "+86, 852", "access_key_id": "LTAI5tAbCdEfGh123456",
    "access_key_secret": "a-very-secret-secret",
}  # fmt: skip


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
            outcome=Attempt.Outcome.ACCEPTED,
        )  # fmt: skip
        Message.objects.update(state="sent", sent_at=timezone.now(), provider=provider)
        Provider.objects.update(trouble_code="isv.AMOUNT_NOT_ENOUGH", trouble="no money", trouble_at=timezone.now())

        page = seen(browser_of(desk).get(PROVIDERS))

        assert "The account at the provider has no money left." in page
        assert "100 %" in page
        assert "0.05 CNY" in page


class TestDashboard:
    def test_tells_of_todays_messages(self, browser_of, boss, message, provider):
        now = timezone.now()
        Message.objects.update(state="delivered", sent_at=now, delivered_at=now, finished_at=now, provider=provider)

        page = seen(browser_of(boss).get("/admin/"))

        assert "SMS today" in page
        assert "100 % of those sent" in page
        assert "0.05 CNY" in page
        assert "state__exact=delivered&amp;created_at_from_0=" in page

    def test_warns_of_a_provider_that_refuses_us(self, browser_of, boss, provider):
        Provider.objects.update(trouble_code="isv.AMOUNT_NOT_ENOUGH", trouble="no money", trouble_at=timezone.now())

        assert "Text messages: no luck with Memory" in seen(browser_of(boss).get("/admin/"))

    def test_says_nothing_to_those_who_may_not_see_messages(self, browser_of, hire, message, provider):
        Provider.objects.update(trouble_code="isv.AMOUNT_NOT_ENOUGH", trouble="no money", trouble_at=timezone.now())

        page = seen(browser_of(hire("porter2", is_staff=True)).get("/admin/"))

        assert "SMS today" not in page
        assert "no luck" not in page

    @pytest.mark.parametrize("narrowed", ["state__in=failed,dead", "state__exact=delivered"])
    def test_leads_to_lists_that_open(self, browser_of, boss, message, narrowed):
        address = f"{LIST}?{narrowed}&created_at_from_0=2020-01-01&created_at_from_1=00:00:00"

        assert browser_of(boss).get(address).status_code == 200
