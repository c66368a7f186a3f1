"""Staff who look after people in the back office."""

import pytest
from auditlog.models import LogEntry

from accounts import services, sessions
from accounts.models import LoginSession, User
from tests.admin.conftest import PASSWORD, flat

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/user/"


def form_of(person: User, **changes: object) -> dict[str, object]:
    """What the form of `person` sends when only `changes` were made."""
    fields = {
        "username": person.username,
        "real_name": person.real_name,
        "nickname": person.nickname,
        "gender": person.gender,
        "phone": person.phone or "",
        "email": person.email,
        "department": person.department_id or "",
        "manager": person.manager_id or "",
        "language": person.language,
        "time_zone": person.time_zone,
        "is_active": "on" if person.is_active else "",
        "roles": [role.pk for role in person.roles],
    }
    inlines = {
        f"{name}-{what}": 0 for name in ("login_sessions", "login_events") for what in ("TOTAL_FORMS", "INITIAL_FORMS")
    }
    sent = fields | inlines | changes
    return {name: value for name, value in sent.items() if value != ""}


def change(browser, person: User, **changes: object):
    return browser.post(f"{LIST}{person.pk}/change/", form_of(person, **changes), follow=True)


def fresh(person: User) -> User:
    return User.objects.get_queryset().get(pk=person.pk)


def signed_in(person: User) -> LoginSession:
    return sessions.open(user=person, scope="api", device="Pixel 9", ip="203.0.113.7")


@pytest.mark.every_database
class TestTheList:
    def test_shows_who_people_are(self, browser_of, boss, hire, role):
        hire("meiling", real_name="小明", roles=[role("guards", 5)], is_active=False)

        page = flat(browser_of(boss).get(LIST).content.decode())

        assert "小明" in page
        assert "Role guards" in page
        assert "disabled" in page

    def test_finds_people_by_phone(self, browser_of, boss, hire):
        hire("meiling", phone="13800138000")
        hire("hansmeier")

        page = browser_of(boss).get(f"{LIST}?q=13800138000").content.decode()

        assert "meiling" in page
        assert "hansmeier" not in page

    def test_leads_to_imports_and_exports(self, browser_of, boss):
        browser = browser_of(boss)

        assert browser.get(f"{LIST}import_rows/")["Location"] == "/admin/sheets/importjob/add/?resource=users"
        assert browser.get(f"{LIST}export_rows/")["Location"] == "/admin/sheets/exportjob/add/?resource=users"

    def test_asks_the_database_the_same_number_of_times_however_long_it_is(
        self, browser_of, boss, hire, role, django_assert_max_num_queries
    ):
        guards = role("guards", 5)
        for number in range(30):
            hire(f"member{number:03}", roles=[guards])
        browser = browser_of(boss)
        browser.get(LIST)

        with django_assert_max_num_queries(30):
            browser.get(LIST)


class TestTheForm:
    def test_adds_a_person_with_a_role(self, browser_of, boss, role):
        guards = role("guards", 5)
        sent = {"username": "newcomer1", "gender": 0, "is_active": "on", "roles": [guards.pk], "real_name": "新人"}
        sent |= {"password1": PASSWORD, "password2": PASSWORD}

        answer = browser_of(boss).post(f"{LIST}add/", sent, follow=True)

        person = User.objects.get_queryset().get(username="newcomer1")
        assert answer.status_code == 200
        assert person.check_password(PASSWORD)
        assert person.role_keys == ("guards",)
        assert not person.is_staff

    def test_says_at_each_field_what_is_wrong(self, browser_of, boss, mei):
        sent = {"username": "no", "gender": 0, "phone": "123", "password1": "12345678", "password2": "87654321"}

        page = flat(browser_of(boss).post(f"{LIST}add/", sent).content.decode())

        assert "Enter a mobile number of 11 digits that begins with 13 to 19." in page
        assert "The two passwords are not the same." in page
        assert not User.objects.get_queryset().filter(username="no").exists()

    def test_keeps_the_house_rule_for_user_names(self, browser_of, boss):
        page = flat(browser_of(boss).post(f"{LIST}add/", {"username": "no", "gender": 0}).content.decode())

        assert "A user name has 6 to 30 letters and digits, and nothing else." in page

    def test_changes_only_what_was_changed(self, browser_of, boss, mei):
        answer = change(browser_of(boss), mei, nickname="Ming")

        mei.refresh_from_db()
        assert "was changed successfully" in flat(answer.content.decode())
        assert (mei.nickname, mei.real_name, mei.is_active) == ("Ming", "小明", True)

    def test_takes_numbers_of_other_countries_as_people_write_them(self, browser_of, boss, mei):
        change(browser_of(boss), mei, phone="+44 7911 123 456")

        mei.refresh_from_db()
        assert mei.phone == "+447911123456"

    def test_switching_somebody_off_ends_their_sessions(self, browser_of, boss, mei):
        session = signed_in(mei)

        change(browser_of(boss), mei, is_active="")

        session.refresh_from_db()
        assert session.end_reason == "disabled"

    def test_shows_sessions_and_sign_ins_of_the_person(self, browser_of, boss, mei):
        signed_in(mei)

        page = flat(browser_of(boss).get(f"{LIST}{mei.pk}/change/").content.decode())

        assert "Pixel 9" in page
        assert "203.0.113.7" in page

    def test_stays_in_place_when_the_last_administrator_would_go(self, browser_of, boss):
        page = change(browser_of(boss), boss, is_superuser="", is_staff="on")

        boss.refresh_from_db()
        assert boss.is_superuser
        assert "This is the last active administrator" in flat(page.content.decode())


class TestRank:
    def test_lets_staff_change_people_below(self, browser_of, clerk, mei):
        change(browser_of(clerk), mei, nickname="Ming")

        mei.refresh_from_db()
        assert mei.nickname == "Ming"

    def test_leaves_people_of_the_same_rank_alone(self, browser_of, clerk, hire):
        peer = hire("otherclerk", roles=clerk.roles)

        answer = change(browser_of(clerk), peer, nickname="Ming")

        peer.refresh_from_db()
        assert answer.status_code == 403
        assert peer.nickname == ""

    def test_shows_superusers_without_a_form(self, browser_of, clerk, boss):
        page = browser_of(clerk).get(f"{LIST}{boss.pk}/change/")

        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()

    def test_offers_no_role_above_ones_own(self, browser_of, clerk, mei, role):
        high = role("directors", 80)

        answer = change(browser_of(clerk), mei, roles=[high.pk])

        mei = User.objects.get_queryset().get(pk=mei.pk)
        assert mei.role_keys == ()
        assert "Select a valid choice" in flat(answer.content.decode())

    def test_keeps_roles_it_cannot_offer(self, browser_of, boss, clerk, hire, role):
        low = role("helpers", 3)
        person = hire("zhangwei", roles=[low])

        change(browser_of(clerk), person, roles=[], nickname="Wei")

        assert User.objects.get_queryset().get(pk=person.pk).role_keys == ()

    def test_never_lets_staff_make_a_superuser(self, browser_of, clerk, mei):
        change(browser_of(clerk), mei, is_superuser="on", is_staff="on", nickname="Ming")

        mei.refresh_from_db()
        assert not mei.is_superuser
        assert not mei.is_staff


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


class TestHistory:
    def test_shows_before_and_after_to_those_who_may_change_the_person(self, browser_of, boss, mei, hire, role):
        helpers = role("helpers", 3)
        services.update_user(by=boss, user=mei, nickname="Ming", roles=[helpers])
        viewer = hire("lookonly", is_staff=True, roles=[role("viewers", 90, "accounts.view_user")])

        page = flat(browser_of(boss).get(f"{LIST}{mei.pk}/history/").content.decode())
        assert "Nickname – became → Ming" in page
        assert "Roles added + Role helpers" in page

        assert "Ming" not in flat(browser_of(viewer).get(f"{LIST}{mei.pk}/history/").content.decode())

    def test_shows_the_roles_name_in_the_readers_language(self, browser_of, boss, mei, role):
        services.update_user(by=boss, user=mei, nickname="Ming", roles=[role("helpers", 3)])

        page = flat(browser_of(boss, "zh-hans").get(f"{LIST}{mei.pk}/history/").content.decode())

        assert "昵称 – 变为 → Ming" in page
        assert "角色 增加 + Role helpers" in page
