"""The page on which one message is sent."""

import pytest

from integrations.sms.models import Message
from tests.admin.sms.conftest import seen

pytestmark = pytest.mark.django_db

ADD = "/admin/sms/message/add/"


class TestSendingOne:
    def test_sends_to_a_person_in_their_language(self, browser_of, desk, hire, provider):
        person = hire("anna", phone="13911112222", language="zh-hans")
        given = {"person": person.pk, "template": "notice", "parameter-text": "开会"}

        browser_of(desk).post(ADD, given)

        message = Message.objects.get()
        assert (message.phone, message.language, message.person, message.created_by) == (
            "+8613911112222", "zh-hans", person, desk,
        )  # fmt: skip

    def test_finds_whose_number_it_is(self, browser_of, boss, hire, provider):
        person = hire("anna", phone="13911112222", language="en")

        browser_of(boss).post(ADD, {"phone": "139 1111 2222", "template": "notice", "parameter-text": "Hello"})

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
        answer = browser_of(boss).post(ADD, {"template": "notice", "parameter-text": "Hello"} | given)

        assert said in seen(answer)
        assert not Message.objects.exists()

    def test_writes_to_nobody_out_of_reach(self, browser_of, hire, role, provider):
        lone = role("lone", 40, "sms.view_message", "sms.send_message")
        type(lone).objects.filter(pk=lone.pk).update(scope="department")
        sender = hire("sender", is_staff=True, roles=[lone])
        hire("anna", phone="13911112222")

        answer = browser_of(sender).post(ADD, {"phone": "13911112222", "template": "notice", "parameter-text": "Hello"})

        assert "None of the people you reach has this number." in seen(answer)
        assert not Message.objects.exists()

    def test_writes_to_any_number_by_a_permission(self, browser_of, hire, role, provider):
        lone = role("lone", 40, "sms.view_message", "sms.send_message", "sms.send_to_number")
        type(lone).objects.filter(pk=lone.pk).update(scope="department")
        sender = hire("sender", is_staff=True, roles=[lone])
        hire("anna", phone="13911112222")

        browser_of(sender).post(ADD, {"phone": "13911112222", "template": "notice", "parameter-text": "Hello"})

        message = Message.objects.get()
        assert (message.phone, message.person) == ("+8613911112222", None)
