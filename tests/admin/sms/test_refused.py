"""“Refused”: what the shield refused, for whom it is to read, in the back office."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from integrations.sms.models import Refusal, VerificationCode
from tests.accounts.test_back_office import browser_of

pytestmark = pytest.mark.django_db
LIST = "/admin/sms/refusal/"
PHONE = "+8613800138000"


@pytest.fixture
def refusals():
    """One for too many, one for another country."""
    common = {"purpose": "login", "ip": "203.0.113.7", "network": "203.0.113.0/24"}
    return [
        Refusal.objects.create(limit="phone", rate="5/h", phone=PHONE, prefix=86, opens_at=timezone.now(), **common),
        Refusal.objects.create(limit="not_served", phone="+6581234567", prefix=65, **common),
    ]


@pytest.fixture
def reader(hire, role):
    """Staff who may read what was refused, and no more."""
    return hire("reader", is_staff=True, language="en", roles=[role("readers", 50, "sms.view_refusal")])


class TestPage:
    def test_lists_what_was_refused_and_why(self, reader, refusals):
        page = browser_of(reader).get(LIST).content.decode()

        assert "+86138****8000" in page
        assert PHONE not in page
        assert "too many for one phone" in page
        assert "country not served" in page
        assert "5/h" in page

    def test_says_when_one_may_ask_again(self, reader, refusals):
        Refusal.objects.filter(pk=refusals[0].pk).update(opens_at=timezone.now() + timedelta(seconds=50))

        assert re.search(r">in (4\d|50) seconds<", browser_of(reader).get(LIST).content.decode())

    def test_shows_whole_numbers_to_who_may_see_them(self, boss, refusals):
        page = browser_of(boss).get(LIST).content.decode()

        assert PHONE in page

    def test_tells_the_limits_what_is_spent_and_how_many_are_used(self, boss, refusals, settings):
        settings.SMS_LIMITS = {"phone": [(1, 60), (5, 3600)]}
        settings.SMS_DAILY_BUDGET = Decimal(7)
        past = timezone.now()
        for used in (past, None, None, None, None, None):
            VerificationCode.objects.create(
                phone=PHONE, prefix=86, purpose="login", code_hash="x" * 64, used_at=used, expires_at=past
            )

        page = browser_of(boss).get(LIST).content.decode()

        assert "2 codes were refused." in page
        assert "1 a minute · 5 an hour" in page
        assert "SMS_LIMIT_PHONE" in page
        assert "Text messages cost 0.00 of 7.00 CNY today." in page
        assert "+86: 1 of 6 codes were used (16 %)." in page

    def test_says_so_where_nothing_was_refused(self, boss):
        assert "Nothing was refused" in browser_of(boss).get(LIST).content.decode()

    def test_opens_one(self, reader, refusals):
        page = browser_of(reader).get(f"{LIST}{refusals[0].pk}/change/").content.decode()

        assert "203.0.113.0/24" in page
        assert PHONE not in page

    @pytest.mark.parametrize(("term", "found"), [("8000", 1), ("138001", 0), ("nobody", 0), ("", 2)])
    def test_is_searched_by_what_is_shown(self, reader, refusals, term, found):
        page = browser_of(reader).get(LIST, {"q": term}).content.decode()

        assert page.count("gh-mono") == found

    def test_is_for_who_may_read_it_and_nobody_changes_it(self, clerk, boss, refusals):
        assert browser_of(clerk).get(LIST).status_code == 403
        office = browser_of(boss)
        assert office.get(f"{LIST}add/").status_code == 403
        assert office.post(f"{LIST}{refusals[0].pk}/delete/").status_code == 403

    def test_stands_in_the_sidebar(self, reader):
        assert f'href="{LIST}"' in browser_of(reader).get("/admin/").content.decode()
