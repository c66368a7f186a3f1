"""The sign-in page, the pages for what goes wrong, and the look of both."""

import re

import pytest
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.utils import translation

from project.env import ROOT
from project.face import COLOURS
from tests.admin.conftest import PASSWORD, flat

pytestmark = pytest.mark.django_db


class TestTheSignInPage:
    def test_leads_on_to_where_somebody_wanted_to_go(self, client, boss):
        page = client.get("/admin/login/?next=/admin/devices/").content.decode()
        assert 'name="next" value="/admin/devices/"' in page

        sent = {"username": "theboss", "password": PASSWORD, "next": "/admin/devices/"}
        answer = client.post("/admin/login/?next=/admin/devices/", sent)

        assert answer["Location"] == "/admin/devices/"

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
    )
    def test_never_leads_to_another_house(self, client, boss, elsewhere):
        sent = {"username": "theboss", "password": PASSWORD, "next": elsewhere}

        answer = client.post(f"/admin/login/?next={elsewhere}", sent)

        assert answer.status_code == 302
        assert answer["Location"].startswith("/")
        assert "evil" not in answer["Location"]

    def test_says_the_same_for_a_wrong_name_and_a_wrong_password(self, client, boss):
        def said(username: str) -> str:
            page = client.post(
                "/admin/login/", {"username": username, "password": "wrong"}, headers={"accept-language": "en"}
            )
            return flat(page.content.decode())

        assert "The user name or the password is not right." in said("theboss")
        assert said("theboss").replace("theboss", "") == said("nobody").replace("nobody", "")

    def test_says_when_it_is_locked(self, client, boss, settings):
        settings.LOGIN_MAX_FAILURES = 2
        for _attempt in range(2):
            client.post("/admin/login/", {"username": "theboss", "password": "wrong"})

        page = client.post(
            "/admin/login/", {"username": "theboss", "password": PASSWORD}, headers={"accept-language": "en"}
        )

        assert "Locked after too many failures" in flat(page.content.decode())

    def test_tells_those_who_were_displaced_why_they_are_here(self, browser_of, boss):
        first = browser_of(boss)
        browser_of(boss)

        page = first.get("/admin/", follow=True).content.decode()

        assert "your account was signed in elsewhere" in flat(page)

    def test_asks_for_what_is_missing(self, client):
        page = client.post("/admin/login/", {"username": "", "password": ""}, headers={"accept-language": "en"})

        assert "Give both a user name and a password." in flat(page.content.decode())

    def test_switches_the_language_and_stays(self, client):
        answer = client.post("/i18n/setlang/", {"language": "en", "next": "/admin/login/?next=/admin/devices/"})
        assert answer["Location"] == "/admin/login/?next=/admin/devices/"

        assert "Sign in to Gatehouse" in client.get(answer["Location"]).content.decode()

    def test_shows_a_user_name_as_text_only(self, client):
        page = client.post("/admin/login/", {"username": '"><script>alert(1)</script>', "password": "x"})

        assert "<script>alert(1)" not in page.content.decode()


class TestErrorPages:
    @pytest.mark.parametrize("name", ["400", "403", "404", "500", "csrf", "address"])
    @pytest.mark.parametrize(("language", "word"), [("en", "Request"), ("zh-hans", "请求编号")])
    def test_say_what_to_do_and_carry_the_request_id(self, name, language, word):
        with translation.override(language):
            page = render_to_string(f"errors/{name}.html", {"request_id": "8e1f00d5"}, RequestFactory().get("/"))

        assert 'data-copy="8e1f00d5"' in page
        assert word in flat(page)
        assert "<script>" not in page

    def test_meet_whoever_asks_for_a_page_that_is_not_there(self, client):
        answer = client.get("/nowhere/", headers={"accept": "text/html", "accept-language": "en"})

        assert answer.status_code == 404
        assert "There is no page here" in answer.content.decode()

    def test_one_is_kept_by_the_browser_for_when_the_server_is_away(self, client):
        script = client.get("/admin/away.js")
        page = client.get("/admin/away/", headers={"accept-language": "en"})

        assert script["Content-Type"].startswith("text/javascript")
        assert "/admin/away/" in script.content.decode()
        assert "Gatehouse cannot be reached" in page.content.decode()


class TestTheLook:
    def test_has_the_same_colours_inside_and_outside_the_admin(self):
        sheet = (ROOT / "static" / "gatehouse" / "colours.css").read_text()

        found = dict(re.findall(r"--color-(\w+-\d+): (.+?);", sheet))

        assert found == {
            f"{name}-{weight}": value for name, scale in COLOURS.items() for weight, value in scale.items()
        }

    def test_ships_its_font_with_the_licence(self):
        fonts = ROOT / "static" / "gatehouse" / "fonts"

        assert list(fonts.glob("*.woff2"))
        assert "SIL Open Font License" in (fonts / "Inter-LICENSE.txt").read_text()

    def test_loads_nothing_from_elsewhere(self):
        for sheet in (ROOT / "static" / "gatehouse").glob("*.css"):
            assert not re.findall(r"url\([\"']?(?:https?:)?//", sheet.read_text())
