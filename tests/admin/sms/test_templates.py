"""Templates of text messages."""

from typing import Any

import pytest
from auditlog.models import LogEntry

from integrations.sms.models import Template
from tests.admin.sms.conftest import seen

pytestmark = pytest.mark.django_db

TEMPLATES = "/admin/sms/template/"


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
