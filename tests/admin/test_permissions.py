"""What staff see is what they may."""

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.models import User
from project import sidebar
from tests.admin.conftest import PASSWORD, flat

pytestmark = pytest.mark.django_db

CLOSED = [
    "/admin/accounts/user/",
    "/admin/accounts/department/",
    "/admin/accounts/role/",
    "/admin/accounts/loginsession/",
    "/admin/accounts/loginevent/",
    "/admin/accounts/signingkey/",
    "/admin/auditlog/logentry/",
    "/admin/django_celery_beat/periodictask/",
    "/admin/sheets/importjob/",
    "/admin/sheets/exportjob/",
    "/admin/realtime/connection/",
    "/admin/realtime/node/",
    "/admin/realtime/deadletter/",
    "/admin/sms/message/",
    "/admin/sms/campaign/",
    "/admin/sms/template/",
    "/admin/sms/provider/",
    "/admin/sms/refusal/",
    "/admin/jenkins/job/",
    "/admin/jenkins/build/",
    "/admin/jenkins/queue/",
    "/admin/jenkins/approvals/",
    "/admin/jenkins/schedule/",
    "/admin/jenkins/server/",
    "/admin/accounts/addressrule/",
    "/admin/accounts/apitoken/",
    "/admin/health/",
]


class TestStaffWithoutPermissions:
    def test_are_kept_out_of_every_list(self, browser_of, porter):
        browser = browser_of(porter)

        assert {address: browser.get(address).status_code for address in CLOSED} == dict.fromkeys(CLOSED, 403)

    def test_see_only_what_is_theirs_in_the_sidebar(self, browser_of, porter):
        page = browser_of(porter).get("/admin/").content.decode()

        assert "/admin/devices/" in page
        assert not [address for address in CLOSED if f'href="{address}"' in page]

    def test_get_a_dashboard_that_says_what_to_do(self, browser_of, porter):
        page = flat(browser_of(porter).get("/admin/").content.decode())

        assert "Welcome, theporter" in page
        assert "Sign-ins today" not in page

    def test_learn_nothing_from_the_search(self, browser_of, porter, mei):
        page = browser_of(porter).get("/admin/search/?s=mei&extended=1").content.decode()

        assert "meiling" not in page

    def test_learn_nothing_from_the_live_counts(self, browser_of, porter):
        assert browser_of(porter).get("/admin/pulse/").json() == {}

    def test_learn_nothing_from_a_history(self, browser_of, porter, mei):
        desk = browser_of(porter)

        assert desk.get(f"/admin/accounts/user/{porter.pk}/history/").status_code == 403
        assert desk.get(f"/admin/accounts/user/{mei.pk}/history/").status_code == 404  # out of reach, so not there


LINES = [
    (item.url, permission)
    for _key, _title, items in sidebar.SECTIONS
    for item in items
    for permission in ((item.permission,) if isinstance(item.permission, str) else item.permission)
]


@pytest.mark.parametrize(("url", "permission"), LINES)
def test_who_sees_a_line_of_the_sidebar_may_open_it(as_staff, url, permission):
    browser, address = as_staff(permission), reverse(url)

    assert f'href="{address}"' in browser.get("/admin/").content.decode()
    assert browser.get(address).status_code == 200


@pytest.fixture
def as_staff(client):
    """The browser of a member of staff who holds one permission."""

    def sign_in(permission: str) -> Client:
        app, _, codename = permission.partition(".")
        person = User.objects.create_user("somebody", is_staff=True)
        person.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


class TestStaffWithSomePermissions:
    def test_see_their_part_of_sidebar_and_dashboard(self, browser_of, clerk):
        page = browser_of(clerk).get("/admin/").content.decode()

        assert 'href="/admin/accounts/user/"' in page
        assert 'href="/admin/accounts/loginsession/"' in page
        assert 'href="/admin/auditlog/logentry/"' not in page
        assert "Live sessions" in page
        assert "Latest events" not in page


class TestNobody:
    @pytest.mark.parametrize("address", [*CLOSED, "/admin/", "/admin/devices/", "/admin/pulse/", "/admin/search/"])
    def test_gets_in_without_signing_in(self, client, address):
        answer = client.get(address)

        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")

    def test_gets_in_as_an_ordinary_employee(self, client, mei):
        answer = client.post("/admin/login/", {"username": mei.username, "password": PASSWORD})

        assert answer.status_code == 200
