"""What staff do with several people at once."""

import pytest
from auditlog.models import LogEntry

from accounts import services, sessions
from accounts.models import LoginSession, User
from tests.admin.conftest import flat
from tests.admin.people import LIST, fresh, signed_in

pytestmark = pytest.mark.django_db


class TestActions:
    def ask(self, browser, action: str, *people: User, **more: str):
        sent = {"action": action, "_selected_action": [one.pk for one in people], "index": 0}
        return browser.post(LIST, sent | more, follow=True)

    def test_ending_sessions_says_what_it_touches(self, browser_of, boss, hire):
        mei, hans = hire("meiling"), hire("hansmeier")
        signed_in(mei)
        signed_in(hans)
        sessions.open(user=hans, scope="admin")

        page = flat(self.ask(browser_of(boss), "end_all_sessions", mei, hans).content.decode())

        assert "End 3 sessions of 2 people" in page
        assert LoginSession.objects.live().filter(user__in=[mei, hans]).count() == 3

    def test_ending_sessions_keeps_the_reason(self, browser_of, boss, mei):
        session = signed_in(mei)

        page = self.ask(browser_of(boss), "end_all_sessions", mei, confirmed="yes", reason="lost phone")

        session.refresh_from_db()
        assert (session.end_reason, session.ended_by) == ("revoked", boss)
        assert "1 session is over" in flat(page.content.decode())
        entry = LogEntry.objects.get(additional_data__event="sessions.ended")
        assert entry.additional_data["reason"] == "lost phone"
        assert entry.actor == boss

    def test_ending_sessions_leaves_those_of_higher_rank(self, browser_of, clerk, boss, mei):
        safe, gone = signed_in(boss), signed_in(mei)

        self.ask(browser_of(clerk), "end_all_sessions", boss, mei, confirmed="yes")

        safe.refresh_from_db()
        gone.refresh_from_db()
        assert safe.ended_at is None
        assert gone.ended_at is not None

    def test_deactivating_asks_and_then_locks_out(self, browser_of, boss, mei):
        browser = browser_of(boss)

        asked = self.ask(browser, "deactivate", mei)
        assert "Deactivate 1 person" in flat(asked.content.decode())
        mei.refresh_from_db()
        assert mei.is_active

        self.ask(browser, "deactivate", mei, confirmed="yes", reason="left the company")
        mei.refresh_from_db()
        assert not mei.is_active

    def test_activating_lets_people_in_again(self, browser_of, boss, mei):
        services.deactivate_user(user=mei, by=None)

        self.ask(browser_of(boss), "activate", mei, confirmed="yes")

        mei.refresh_from_db()
        assert mei.is_active

    def test_giving_a_role_asks_which_and_tells_what_became_of_each(self, browser_of, clerk, hire, role, mei):
        helpers, peer = role("helpers", 3), hire("otherclerk", roles=clerk.roles)
        has_it = hire("zhangwei", roles=[helpers])
        browser = browser_of(clerk)

        asked = flat(self.ask(browser, "give_role", mei, peer, has_it).content.decode())
        assert "Give 2 people a role" in asked
        assert "1 other ranks as high as you and is left alone." in asked

        told = flat(
            self.ask(browser, "give_role", mei, peer, has_it, confirmed="yes", role=str(helpers.pk)).content.decode()
        )
        assert "1 person was changed." in told
        assert "1 was so already." in told
        assert "Left alone: otherclerk." in told
        assert fresh(mei).role_keys == ("helpers",)
        assert fresh(peer).role_keys == ("clerks",)

    def test_taking_a_role_leaves_the_others(self, browser_of, boss, hire, role):
        helpers, guards = role("helpers", 3), role("guards", 5)
        person = hire("zhangwei", roles=[helpers, guards])

        self.ask(browser_of(boss), "take_role", person, confirmed="yes", role=str(helpers.pk))

        assert fresh(person).role_keys == ("guards",)

    def test_offer_no_role_as_high_as_ones_own(self, browser_of, clerk, mei, role):
        high = role("directors", 80)

        page = flat(self.ask(browser_of(clerk), "give_role", mei, confirmed="yes", role=str(high.pk)).content.decode())

        assert "Select a valid choice" in page
        assert fresh(mei).role_keys == ()

    def test_moving_and_managing(self, browser_of, boss, hire):
        north = services.create_department(by=None, name="North")
        mei, hans = hire("meiling"), hire("hansmeier")
        browser = browser_of(boss)

        self.ask(browser, "move", mei, hans, confirmed="yes", department=str(north.pk))
        page = self.ask(browser, "set_manager", mei, hans, confirmed="yes", manager=str(hans.pk))

        assert (fresh(mei).department, fresh(hans).department) == (north, north)
        assert (fresh(mei).manager, fresh(hans).manager) == (hans, None)
        assert "Nobody can be their own manager" in flat(page.content.decode())

    def test_exporting_takes_the_chosen_along(self, browser_of, boss, mei, hire):
        answer = self.ask(browser_of(boss), "export_chosen", mei, hire("hansmeier"))

        assert answer.redirect_chain[-1][0].startswith("/admin/sheets/exportjob/add/?resource=users&ids=")
        assert answer.status_code == 200

    def test_are_not_there_for_those_who_only_look(self, browser_of, hire, role, mei):
        viewer = hire("lookonly", is_staff=True, roles=[role("viewers", 90, "accounts.view_user")])

        page = self.ask(browser_of(viewer), "deactivate", mei, confirmed="yes")

        mei.refresh_from_db()
        assert mei.is_active
        assert "deactivate" not in page.content.decode()
