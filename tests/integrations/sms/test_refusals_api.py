"""What the shield refused, over HTTP."""

import pytest

from integrations.sms.models import Refusal
from tests.access.test_api import person, program_of
from tests.accounts.conftest import code_of, fields_of

pytestmark = pytest.mark.django_db
LIST = "/api/v1/sms/refusals/"
PHONE = "+8613800138000"


@pytest.fixture
def refusals():
    """One for too many, one for another country."""
    common = {"purpose": "login", "ip": "203.0.113.7", "network": "203.0.113.0/24"}
    return [
        Refusal.objects.create(limit="phone", rate="5/h", phone=PHONE, prefix=86, **common),
        Refusal.objects.create(limit="not_served", phone="+6581234567", prefix=65, **common),
    ]


@pytest.fixture
def reader(db):
    """Staff who may read what was refused, and no more."""
    return program_of(person("reader", "sms.view_refusal"))


class TestRefusals:
    def test_lists_and_narrows(self, reader, refusals):
        everything = reader.get(LIST).json()
        some = reader.get(LIST + "?limit=phone&purpose=login&ip=203.0.113.7").json()

        assert [one["limit"] for one in everything["results"]] == ["not_served", "phone"]
        assert [one["phone"] for one in some["results"]] == ["+86138****8000"]
        assert some["results"][0]["rate"] == "5/h"
        assert reader.get(f"{LIST}{refusals[0].pk}/").json() == some["results"][0]

    def test_shows_whole_numbers_to_who_may_see_them(self, refusals):
        seer = program_of(person("seer", "sms.view_refusal", "sms.view_phone"))

        found = seer.get(LIST).json()["results"]

        assert {one["phone"] for one in found} == {PHONE, "+6581234567"}

    def test_is_for_who_may_read_it(self, refusals):
        assert code_of(program_of(person("stranger")).get(LIST)) == (403, "10009")

    @pytest.mark.parametrize("query", ["limit=fun", "since=yesterday", "ip=here", "phone=1"])
    def test_names_what_is_wrong(self, reader, query):
        assert fields_of(reader.get(f"{LIST}?{query}")) == {query.partition("=")[0]}
