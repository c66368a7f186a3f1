"""The log of sign-ins: everybody reads their own, staff read what they may, and it is taken out as it is shown."""

import io
from datetime import timedelta

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import LoginEvent, LoginSession
from integrations.sheets import services as sheets
from project.core import errors
from tests.accounts.conftest import PASSWORD, code_of, fields_of

pytestmark = pytest.mark.django_db

LIST = "/admin/accounts/loginevent/"
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0 Safari/537.36"

NARROWED = {
    "succeeded=false": {"wrong", "stranger"},
    "reason=unknown_user": {"stranger"},
    "country=CN": {"old", "hans"},
    "country=local": {"wrong"},
    "country=": {"stranger"},
    "scope=admin": {"new device"},
    "is_new_device=true": {"new device"},
    "device_kind=app": {"wrong"},
    "search=hansmei": {"hans"},
    "search=2001:db8": {"hans"},
    "search=FIREFOX": {"new device"},
    "search=小明&country=CN": {"old"},
}


@pytest.fixture
def log(mei, hans):
    """Five attempts; returns their keys by name."""
    now = timezone.now()

    def attempt(reason: str, **about) -> int:
        person = about.pop("user", None)
        given = {"username": person.username if person else "stranger", "scope": "api", "ip": "203.0.113.7"} | about
        event = LoginEvent.objects.create(user=person, reason=reason, succeeded=reason == "ok", **given)
        return event.pk

    return {
        "old": attempt("ok", user=mei, country="CN", created_at=now - timedelta(days=9)),
        "new device": attempt("ok", user=mei, country="DE", is_new_device=True, scope="admin", browser="Firefox"),
        "wrong": attempt("wrong_password", user=mei, country="local", ip="10.0.0.9", device_kind="app"),
        "hans": attempt("ok", user=hans, country="CN", ip="2001:db8::7"),
        "stranger": attempt("unknown_user", browser="=cmd|' /C calc'!A0", user_agent="😀 <b>"),
    }


@pytest.fixture
def reader(hire, role):
    """Somebody who may read the log, and nothing else."""
    return hire("logreader", is_staff=True, roles=[role("readers", 1, "accounts.view_loginevent")])


def keys(answer, log):
    assert answer.status_code == 200, answer.content
    found = {one["id"] for one in answer.json()["results"]}
    return {name for name, pk in log.items() if pk in found}


class TestOwnLog:
    def test_shows_ones_own_attempts_and_nobody_elses(self, phone_of, mei, log):
        assert keys(phone_of(mei).get("auth/sign-ins"), log) == {"old", "new device", "wrong"}

    def test_says_all_there_is_to_know(self, phone_of, mei, log):
        (found,) = phone_of(mei).get("auth/sign-ins?is_new_device=true").json()["results"]

        assert found["place"] == "Germany"
        assert (found["country"], found["browser"], found["scope"]) == ("DE", "Firefox", "admin")
        assert (found["reason"], found["reason_text"], found["session"]) == ("ok", "signed in", None)

    def test_names_the_session_of_a_success(self, phone_of, mei):
        phone = phone_of(mei)

        newest = phone.get("auth/sign-ins").json()["results"][0]

        assert newest["session"] == phone.tokens["session"]["id"]

    def test_does_not_take_other_peoples_filters(self, phone_of, mei, hans):
        assert fields_of(phone_of(mei).get(f"auth/sign-ins?user={hans.pk}")) == {"user"}

    def test_is_for_people_who_are_signed_in(self, program):
        assert code_of(program().get("auth/sign-ins")) == (401, "20002")


class TestStaffLog:
    def test_is_for_who_may(self, phone_of, mei, reader, log):
        assert code_of(phone_of(mei).get("sign-ins/")) == (403, "10009")
        assert code_of(phone_of(mei).get("sign-ins/export")) == (403, "10009")
        assert keys(phone_of(reader).get("sign-ins/"), log) == set(log)

    @pytest.mark.every_database
    def test_is_narrowed(self, phone_of, reader, log):
        phone = phone_of(reader)

        found = {query: keys(phone.get(f"sign-ins/?{query}"), log) for query in NARROWED}

        assert found == NARROWED

    @pytest.mark.every_database
    def test_is_narrowed_by_person_and_time(self, phone_of, reader, mei, log):
        phone = phone_of(reader)
        week = (timezone.now() - timedelta(days=7)).isoformat().replace("+", "%2B")

        assert keys(phone.get(f"sign-ins/?user={mei.pk}&since={week}"), log) == {"new device", "wrong"}
        assert keys(phone.get(f"sign-ins/?until={week}"), log) == {"old"}

    def test_says_which_filter_is_wrong(self, phone_of, reader):
        wrong = {
            "succeeded=perhaps": "succeeded",
            "reason=bored": "reason",
            "country=Atlantis": "country",
            "since=yesterday": "since",
            "user=mei": "user",
            "user=99999999999999999999999": "user",
            "colour=red": "colour",
            f"search={'x' * 101}": "search",
        }
        phone = phone_of(reader)

        assert {query: fields_of(phone.get(f"sign-ins/?{query}")) for query in wrong} == {
            query: {field} for query, field in wrong.items()
        }

    def test_has_pages(self, phone_of, reader, log):
        answer = phone_of(reader).get("sign-ins/?page_size=2").json()

        assert (answer["count"], len(answer["results"])) == (6, 2)
        assert "page=2" in answer["next"]

    def test_shows_one_attempt(self, phone_of, reader, mei, log):
        phone = phone_of(reader)

        found = phone.get(f"sign-ins/{log['wrong']}").json()

        assert (found["user"], found["username"], found["real_name"]) == (mei.pk, "meiling", "小明")
        assert found["place"] == "local network"
        assert code_of(phone.get("sign-ins/999999999")) == (404, "10008")


@pytest.mark.every_database
class TestExport:
    def rows(self, content: bytes) -> list[dict[str, object]]:
        sheet = openpyxl.load_workbook(io.BytesIO(content)).active
        head, *rest = sheet.iter_rows()
        assert all(cell.data_type != "f" for row in rest for cell in row), "text became a formula"
        return [{one.value.lower(): cell.value for one, cell in zip(head, row, strict=True)} for row in rest]

    def test_holds_what_the_list_shows(self, phone_of, reader, log):
        answer = phone_of(reader).get("sign-ins/export?search=stranger&succeeded=false")

        (row,) = self.rows(b"".join(answer.streaming_content))
        assert (row["user name"], row["outcome"], row["successful"]) == ("stranger", "unknown user name", "no")
        assert row["place"] == "unknown place"
        assert row["browser"] == "=cmd|' /C calc'!A0"

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"succeeded": "0"}, {"wrong", "stranger"}),
            ({"country": "-"}, {"stranger"}),
            ({"country": "CN", "search": "hans"}, {"hans"}),
            ({"is_new_device": "1"}, {"new device"}),
            ({"search": "firefox 203.0"}, {"new device"}),
            ({"created_at_to_0": "2020-01-01"}, set()),
            ({"created_at_from_0": "2020-01-01", "created_at_from_1": "08:00"}, {"old", "new device", "wrong", "hans", "stranger"}),
            ({"since": "2020-01-01"}, {"old", "new device", "wrong", "hans", "stranger"}),
        ],
    )  # fmt: skip
    def test_takes_the_filters_of_the_back_offices_list(self, boss, log, filters, expected):
        from accounts.resources import SignInResource  # noqa: PLC0415 (the app's registry first)

        found = set(SignInResource(actor=boss).filtered(filters).values_list("pk", flat=True))

        assert {name for name, pk in log.items() if pk in found} == expected

    @pytest.mark.parametrize("filters", [{"colour": "red"}, {"user": "mei"}, {"since": "soon"}])
    def test_says_which_filter_is_wrong(self, boss, filters):
        with pytest.raises(errors.InvalidParameters):
            sheets.start_export(resource="sign_ins", by=boss, filters=filters)

    def test_is_for_who_may_read_the_log(self, mei):
        with pytest.raises(errors.NoPermission):
            sheets.start_export(resource="sign_ins", by=mei)

    def test_is_never_read_in_again(self, boss):
        with pytest.raises(errors.NoPermission):
            sheets.template("sign_ins", by=boss)


class TestBackOffice:
    @pytest.fixture
    def browser(self, reader):
        browser = Client(headers={"user-agent": CHROME, "accept-language": "en"})
        browser.post("/admin/login/", {"username": "logreader", "password": PASSWORD})
        return browser

    def test_lists_who_where_and_with_what(self, browser, log):
        page = browser.get(LIST).content.decode()

        for text in ("小明", "Germany", "2001:db8::7", "new device", "unknown user name", "local network"):
            assert text in page, text
        assert "<b>" not in page.split("😀")[-1][:10]

    def test_is_filtered(self, browser, log):
        for query, there, not_there in (
            ("country=DE", "new device", "2001:db8::7"),
            ("country=-", "stranger", "2001:db8::7"),
            ("succeeded__exact=0", "stranger", "2001:db8::7"),
            ("is_new_device__exact=1", "Firefox", "stranger"),
            ("q=2001:db8", "hansmeier", "stranger"),
        ):
            page = browser.get(f"{LIST}?{query}").content.decode()
            page = page[page.index("result_list") :]

            assert there in page, query
            assert not_there not in page, query

    def test_shows_all_of_one(self, browser, log):
        page = browser.get(f"{LIST}{log['new device']}/change/").content.decode()

        assert "Germany" in page
        assert "Firefox" in page

    def test_hands_the_lists_filters_to_the_export(self, browser, log):
        answer = browser.get(
            f"{LIST}choose_columns/", headers={"referer": f"http://testserver{LIST}?country=DE&succeeded__exact=1"}
        )

        assert answer.status_code == 302
        page = browser.get(answer.url).content.decode()
        assert "<span>Country</span> DE" in page
        assert "<span>Successful</span> yes" in page

    def test_does_not_trust_another_hosts_word_about_filters(self, browser):
        answer = browser.get(f"{LIST}export_rows/", headers={"referer": "http://evil.example.com/?resource=users&q=x"})

        assert answer.url.endswith("?resource=sign_ins")


class TestSessions:
    def test_say_where_they_are_and_how_often_they_may_be_renewed(self, program, mei, settings):
        settings.SESSION_MAX_REFRESH_TIMES = 7
        phone = program()
        given = {"username": "meiling", "password": PASSWORD, "device": "Mei's"}
        signed_in = phone.post("auth/login", given, headers={"user-agent": CHROME}).json()
        LoginSession.objects.update(renew_count=3, country="CN", region="上海")
        phone.tokens = signed_in

        (found,) = phone.get("auth/sessions").json()["results"]

        assert (found["device"], found["browser"], found["os"]) == ("Mei's", "Chrome", "Windows")
        assert (found["device_kind"], found["place"], found["current"]) == ("web", "China · 上海", True)
        assert found["renewals_left"] == 4
        assert found["expires_at"] <= found["absolute_expires_at"]

    @pytest.mark.parametrize(("most", "renewing", "left"), [(-1, True, None), (5, False, 0), (2, True, 0)])
    def test_count_no_renewals_that_will_not_come(self, phone_of, mei, settings, most, renewing, left):
        settings.SESSION_MAX_REFRESH_TIMES, settings.SESSION_AUTO_REFRESH = most, renewing
        phone = phone_of(mei)
        LoginSession.objects.update(renew_count=3)

        assert phone.get("auth/sessions").json()["results"][0]["renewals_left"] == left
