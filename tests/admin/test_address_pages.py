"""Address rules in the back office: the list, the form, the box to try an address."""

import pytest

from accounts import addresses, services
from accounts.models import AddressRule
from tests.admin.conftest import flat

pytestmark = pytest.mark.django_db

PAGE = "/admin/accounts/addressrule/"
DENY = {"effect": "deny", "for_admin": "on", "for_api": "on", "for_gateway": "on", "is_active": "on"}


def seen(answer) -> str:
    return flat(answer.content.decode())


class TestTheForm:
    def test_adds_a_rule(self, browser_of, boss):
        browser = browser_of(boss)

        answer = browser.post(f"{PAGE}add/", DENY | {"pattern": "203.0.113.*", "comment": "probes"}, follow=True)

        assert answer.status_code == 200
        rule = AddressRule.objects.get()
        assert (str(rule), rule.created_by, rule.places) == ("deny 203.0.113.*", boss, ["admin", "api", "gateway"])
        assert "203.0.113.*" in browser.get(PAGE).content.decode()

    def test_says_what_is_wrong_with_the_addresses(self, browser_of, boss):
        page = seen(browser_of(boss).post(f"{PAGE}add/", DENY | {"pattern": "10.1.2.3/8"}))

        assert "the network is 10.0.0.0/8" in page
        assert not AddressRule.objects.exists()

    def test_locks_nobody_out_who_does_not_know(self, browser_of, boss):
        browser = browser_of(boss)
        rule = DENY | {"pattern": "127.0.0.0/8"}

        page = seen(browser.post(f"{PAGE}add/", rule))
        assert "This would lock you out: 127.0.0.1 could not reach back office, API, sockets any more." in page
        assert not AddressRule.objects.exists()

        browser.post(f"{PAGE}add/", rule | {"i_know": "on"})
        assert AddressRule.objects.get().pattern == "127.0.0.0/8"
        assert browser.get(PAGE).status_code == 403

    def test_changes_a_rule_without_touching_its_hits(self, browser_of, boss):
        rule = services.create_address_rule(by=None, effect="deny", pattern="203.0.113.*")
        AddressRule.objects.update(hits=7)

        browser_of(boss).post(f"{PAGE}{rule.pk}/change/", DENY | {"pattern": "203.0.113.0/25", "hits": "0"})

        rule.refresh_from_db()
        assert (rule.pattern, rule.hits) == ("203.0.113.0/25", 7)

    def test_deletes_no_permission_that_holds_the_door_open(self, browser_of, boss):
        browser = browser_of(boss)
        services.create_address_rule(by=None, effect="allow", pattern="10.1.*", is_active=False)
        mine = services.create_address_rule(by=None, effect="allow", pattern="127.0.0.1")
        services.update_address_rule(by=None, rule=AddressRule.objects.get(pattern="10.1.*"), is_active=True)

        page = browser.post(f"{PAGE}{mine.pk}/delete/", {"post": "yes"}, follow=True)

        assert "would lock you out" in seen(page)
        assert AddressRule.objects.filter(pk=mine.pk).exists()


class TestTryingAnAddress:
    def test_tells_for_each_place_which_rule_decides(self, browser_of, boss):
        services.create_address_rule(by=None, effect="deny", pattern="203.0.113.*", comment="probes", for_gateway=False)
        browser = browser_of(boss)

        page = seen(browser.get(f"{PAGE}test/?address=203.0.113.7"))

        assert page.count("refused") == 2
        assert page.count("deny 203.0.113.* (probes)") == 2
        assert "No rule names it" in page
        assert "is not an address" in seen(browser.get(f"{PAGE}test/?address=10.1"))
        assert "127.0.0.1" in browser.get(f"{PAGE}test/").content.decode()  # one's own

    def test_is_for_those_who_may_look(self, browser_of, porter, boss):
        assert browser_of(porter).get(f"{PAGE}test/?address=10.1.2.3").status_code == 403
        assert "Would this address pass?" in seen(browser_of(boss).get(PAGE))


class TestWhoMayNot:
    def test_neither_sees_nor_changes_anything(self, browser_of, clerk):
        browser = browser_of(clerk)

        for path in (PAGE, f"{PAGE}add/", "/admin/accounts/apitoken/"):
            assert browser.get(path).status_code == 403
        assert browser.post(f"{PAGE}add/", DENY | {"pattern": "10.1.*"}).status_code == 403
        assert addresses.decide("api", "10.1.2.3").passes
