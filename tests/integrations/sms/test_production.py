"""In production text messages reach telephones, or the product does not start."""

import pytest
from django.core.management import CommandError, call_command

from integrations.sms.models import Provider
from project import boot

pytestmark = pytest.mark.django_db


@pytest.fixture
def production(settings):
    settings.ENVIRONMENT = "prod"


@pytest.fixture(params=["console", "memory"])
def plaything(request):
    return Provider.objects.create(key="toy", name="Toy", kind=request.param)


class TestStart:
    def test_is_refused_while_messages_would_be_printed(self, plaything, production):
        with pytest.raises(boot.NotForProduction, match="sms disable toy"):
            boot.ensure_telephones()

    def test_goes_on_once_that_is_switched_off(self, plaything, production, capsys):
        call_command("sms", "disable", "toy")

        boot.ensure_telephones()

    def test_does_not_ask_for_a_provider(self, production):
        boot.ensure_telephones()

    def test_does_not_mind_elsewhere(self, plaything):
        boot.ensure_telephones()


class TestCommand:
    def test_shows_who_carries_messages(self, aliyun, plaything, production, capsys):
        Provider.objects.filter(key="aliyun").update(trouble_code="isv.AMOUNT_NOT_ENOUGH")
        call_command("sms", "providers")

        lines = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert ["aliyun", "aliyun", "on", "0", "today", "isv.AMOUNT_NOT_ENOUGH"] in lines
        assert next(line for line in lines if line[0] == "toy")[2] == "off"

    def test_switches_one(self, aliyun, capsys):
        call_command("sms", "disable", "aliyun")
        aliyun.refresh_from_db()
        assert not aliyun.enabled

        call_command("sms", "enable", "aliyun")
        aliyun.refresh_from_db()
        assert aliyun.enabled

    def test_says_that_there_is_none(self):
        with pytest.raises(CommandError, match="nobody"):
            call_command("sms", "disable", "nobody")
