"""Staff set passwords, and see people off."""

import pytest

from accounts import services
from accounts.models import User
from tests.admin.conftest import PASSWORD, flat
from tests.admin.people import LIST, fresh, signed_in

pytestmark = pytest.mark.django_db


class TestPasswords:
    def test_staff_set_one_for_somebody_below(self, browser_of, clerk, mei):
        session = signed_in(mei)

        page = browser_of(clerk).post(
            f"{LIST}{mei.pk}/password/", {"new_password": "another-good-one", "again": "another-good-one"}, follow=True
        )

        mei.refresh_from_db()
        session.refresh_from_db()
        assert mei.check_password("another-good-one")
        assert session.end_reason == "password"
        assert "has a new password" in flat(page.content.decode())

    def test_a_weak_one_is_refused_at_its_field(self, browser_of, clerk, mei):
        page = browser_of(clerk).post(f"{LIST}{mei.pk}/password/", {"new_password": "12345", "again": "12345"})

        assert "too short" in flat(page.content.decode())

    def test_nobody_sets_one_for_somebody_above(self, browser_of, clerk, boss):
        answer = browser_of(clerk).post(
            f"{LIST}{boss.pk}/password/", {"new_password": "another-good-one", "again": "another-good-one"}
        )

        boss.refresh_from_db()
        assert answer.status_code == 403
        assert boss.check_password(PASSWORD)

    def test_ones_own_asks_for_the_present_one(self, browser_of, porter):
        page = browser_of(porter).post(
            "/admin/password_change/",
            {"old_password": "wrong", "new_password": "another-good-one", "again": "another-good-one"},
        )

        porter.refresh_from_db()
        assert "This is not your password." in flat(page.content.decode())
        assert porter.check_password(PASSWORD)

    def test_ones_own_change_ends_the_other_sessions_and_keeps_this_one(self, browser_of, porter):
        browser = browser_of(porter)
        elsewhere = signed_in(porter)

        page = browser.post(
            "/admin/password_change/",
            {"old_password": PASSWORD, "new_password": "another-good-one", "again": "another-good-one"},
            follow=True,
        )

        elsewhere.refresh_from_db()
        assert "Your password is changed." in flat(page.content.decode())
        assert elsewhere.end_reason == "password"
        assert browser.get("/admin/").status_code == 200


class TestDeleting:
    def test_takes_the_person_and_their_sessions(self, browser_of, boss, mei):
        signed_in(mei)

        browser_of(boss).post(f"{LIST}{mei.pk}/delete/", {"post": "yes"})

        assert not User.objects.get_queryset().filter(pk=mei.pk).exists()

    def test_refuses_the_last_administrator(self, browser_of, boss):
        page = browser_of(boss).post(f"{LIST}{boss.pk}/delete/", {"post": "yes"}, follow=True)

        assert User.objects.get_queryset().filter(pk=boss.pk).exists()
        assert "last active administrator" in flat(page.content.decode())


class TestLeaving:
    def test_says_what_they_own_and_hands_it_over(self, browser_of, boss, mei, hire):
        hans = hire("hansmeier", manager=mei)
        browser = browser_of(boss)

        asked = flat(browser.get(f"{LIST}{mei.pk}/leave/").content.decode())
        assert "小明 (meiling) leaves" in asked
        assert "People they manage: 1" in asked
        assert "hansmeier" in asked

        sent = {"confirmed": "yes", "successor": boss.pk, "reason": "moved away"}
        told = flat(browser.post(f"{LIST}{mei.pk}/leave/", sent, follow=True).content.decode())
        assert "小明 (meiling) has left. People they manage: 1 settled." in told
        assert (fresh(mei).is_active, fresh(hans).manager) == (False, boss)
        assert "left" in flat(browser.get(f"{LIST}?left=yes").content.decode())

    def test_refuses_who_is_not_there_as_successor_and_loses_nothing(self, browser_of, boss, mei):
        sent = {"confirmed": "yes", "successor": mei.pk, "reason": "moved away"}

        page = browser_of(boss).post(f"{LIST}{mei.pk}/leave/", sent, follow=True)

        assert "The successor must be somebody else" in flat(page.content.decode())
        assert fresh(mei).is_active

    def test_anonymises_for_good_with_a_reason_only(self, browser_of, boss, mei):
        services.deactivate_user(user=mei, by=None)
        browser = browser_of(boss)

        page = flat(browser.post(f"{LIST}{mei.pk}/anonymise/", {"confirmed": "yes", "reason": " "}).content.decode())
        assert "Say why: this cannot be taken back." in page
        assert fresh(mei).username == "meiling"

        browser.post(f"{LIST}{mei.pk}/anonymise/", {"confirmed": "yes", "reason": "asked us to"})
        assert fresh(mei).username == f"left-{mei.pk}"
        shown = browser.get(f"{LIST}{mei.pk}/change/").content.decode()
        assert 'name="_save"' not in shown
        assert "anonymised" in flat(shown)

    def test_and_being_forgotten_in_one_go_need_a_reason_and_a_recent_sign_in(self, browser_of, boss, mei, settings):
        browser = browser_of(boss)
        sent = {"confirmed": "yes", "anonymise": "on", "reason": ""}

        assert "Say why" in flat(browser.post(f"{LIST}{mei.pk}/leave/", sent).content.decode())
        settings.STEP_UP_SECONDS = 0
        asked = browser.post(f"{LIST}{mei.pk}/leave/", sent | {"reason": "asked us to"})
        assert "Is it you?" in flat(asked.content.decode())
        assert fresh(mei).is_active

    def test_is_nothing_for_people_of_the_same_rank_or_oneself(self, browser_of, clerk, hire):
        peer = hire("otherclerk", roles=clerk.roles)
        browser = browser_of(clerk)

        for person in (peer, clerk):
            for deed in ("leave", "anonymise"):
                assert (
                    browser.post(f"{LIST}{person.pk}/{deed}/", {"confirmed": "yes", "reason": "x"}).status_code == 403
                )
        assert "Person leaves" not in flat(browser.get(f"{LIST}{clerk.pk}/change/").content.decode())
