"""Staff find and change people in the back office, below their own rank."""

import pytest

from accounts import services
from accounts.models import User
from tests.admin.conftest import PASSWORD, flat
from tests.admin.people import LIST, change, signed_in

pytestmark = pytest.mark.django_db


@pytest.mark.every_database
class TestTheList:
    @pytest.mark.parametrize("sought", ["+86138", "+86 138 0013 8000", "138-0013", "0086138", "1380013", "138 0013"])
    def test_finds_numbers_however_they_are_written(self, browser_of, boss, hire, sought):
        mei, other = hire("meiling", phone="13800138000"), hire("someone", phone="13911112222")
        browser = browser_of(boss)

        listed = browser.get(LIST, {"q": sought}).content.decode()
        offered = browser.get(
            "/admin/autocomplete/",
            {"term": sought, "app_label": "sms", "model_name": "message", "field_name": "person"},
        ).json()["results"]

        assert f"{LIST}{mei.pk}/change/" in listed
        assert f"{LIST}{other.pk}/change/" not in listed
        assert [one["id"] for one in offered] == [str(mei.pk)]

    @pytest.mark.parametrize(
        ("sought", "found"), [("mei", True), ("ming mei", True), ("mei +86139", False), ("99", False)]
    )
    def test_finds_people_by_words(self, browser_of, boss, hire, sought, found):
        mei = hire("meiling", real_name="Ming", phone="13800138000")

        page = browser_of(boss).get(LIST, {"q": sought}).content.decode()

        assert (f"{LIST}{mei.pk}/change/" in page) is found

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
