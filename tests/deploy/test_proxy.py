"""Gatehouse behind nginx: who people are, where pages lead, what is let through and what is told instead."""

import json
from urllib.parse import urlsplit

import psycopg
import pytest
import requests
from websockets.exceptions import InvalidStatus

from tests.clients import PATIENCE, Caller, Line, until
from tests.deploy.conftest import KEEPER, PASSWORD, Site
from tests.deploy.nginx import Nginx

pytestmark = pytest.mark.timeout(300)
VISITOR, NEIGHBOUR = "127.0.0.9", "127.0.0.2"
FORGED = {"X-Forwarded-For": "8.8.8.8", "X-Real-IP": "8.8.8.8", "Forwarded": "for=8.8.8.8"}


def login(caller: Caller, **headers: str) -> None:
    answer = caller.post("auth/login", {"username": KEEPER, "password": PASSWORD}, headers=headers)
    assert answer.status_code == 200, answer.text
    caller.tokens = answer.json()


def own_address(caller: Caller) -> str:
    """Where the session of `caller` was opened from, as its owner is told."""
    return str(caller.tokens["session"]["ip"])


def kept_addresses(site: Site) -> tuple[str, str]:
    """The addresses of the last sign-in of the history, and of the last change of the audit trail."""
    with psycopg.connect(site.nodes[0].settings["DATABASE_URL"]) as database:
        history = database.execute("SELECT ip FROM accounts_loginevent ORDER BY id DESC LIMIT 1").fetchone()
        trail = database.execute("SELECT remote_addr FROM auditlog_logentry ORDER BY id DESC LIMIT 1").fetchone()
    assert history
    assert trail
    return str(history[0]), str(trail[0])


class TestHttpsAndWss:
    def test_serve_the_api_and_sockets(self, site):
        keeper = site.keeper()

        with keeper.socket() as line:
            assert line.next("welcome")["connection"]
            assert line.ask("echo", "hello")["data"] == "hello"

    def test_plain_http_leads_to_https(self, site):
        answer = requests.get(
            f"http://localhost:{site.proxy.plain_port}/admin/?next=1", allow_redirects=False, timeout=PATIENCE
        )

        assert (answer.status_code, answer.headers["Location"]) == (308, "https://localhost/admin/?next=1")

    def test_browsers_are_told_to_keep_to_https(self, site):
        assert site.caller().get("/healthz").headers["Strict-Transport-Security"] == "max-age=86400"
        assert "Strict-Transport-Security" not in Caller(site.nodes[0].url).get("/healthz").headers

    def test_links_and_cookies_are_of_https(self, site):
        keeper = site.keeper()
        forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "X-Forwarded-Port": "81"}
        for number in range(2):
            keeper.post("departments/", {"name": f"Https {number}"})

        following = keeper.get("departments/?page_size=1", headers=forged).json()["next"]
        signed_in = sign_in_to_pages(site, origin=site.proxy.url)

        assert following.startswith(f"{site.proxy.url}/api/v1/departments/")
        assert all(cookie.secure for cookie in signed_in.cookies)
        assert {cookie.name for cookie in signed_in.cookies} >= {"csrftoken", "sessionid"}

    def test_forms_are_taken_from_our_own_https_pages_only(self, site):
        for stranger in (site.proxy.url.replace("https", "http"), "https://evil.example", "null"):
            assert "sessionid" not in sign_in_to_pages(site, origin=stranger).cookies

    def test_a_node_believes_nobody_else_about_https(self, site):
        """A client that is no trusted proxy says https, at a node's own port."""
        direct = Caller(site.nodes[0].url, address=VISITOR)
        host = f"localhost:{urlsplit(site.nodes[0].url).port}"

        answer = direct.get("/healthz", headers={"X-Forwarded-Proto": "https", "Host": host})

        assert answer.status_code == 200
        assert "Strict-Transport-Security" not in answer.headers


def sign_in_to_pages(site: Site, origin: str) -> requests.Session:
    """Send the form of the admin's sign-in page as a browser would from a page of `origin`."""
    browser = requests.Session()
    browser.trust_env, browser.verify = False, str(site.authority.root)
    address = f"{site.proxy.url}/admin/login/"
    browser.get(address, timeout=PATIENCE).raise_for_status()
    form = {"username": KEEPER, "password": PASSWORD, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
    browser.post(address, form, headers={"Origin": origin, "Referer": address}, allow_redirects=False, timeout=PATIENCE)
    return browser


@pytest.mark.attack("T-F-9")
class TestAddresses:
    def test_the_visitors_own_is_kept_whatever_they_claim(self, site):
        for headers in ({}, FORGED):
            visitor = site.caller(VISITOR)
            login(visitor, **headers)
            visitor.post("departments/", {"name": f"From afar {len(headers)}"}, headers=headers)

            assert own_address(visitor) == VISITOR
            assert kept_addresses(site) == (VISITOR, VISITOR)

    def test_of_sockets_too(self, site):
        visitor = site.keeper(VISITOR)
        with visitor.socket() as line:
            here = line.next("welcome")["connection"]

            listed = visitor.get("realtime/connections").json()["results"]

        assert next(one["address"] for one in listed if one["id"] == here) == VISITOR

    def test_passes_through_two_proxies_of_ours(self, site, new_proxy):
        outer = new_proxy([site.proxy.url], before=NEIGHBOUR)
        visitor = site.caller(VISITOR, outer.url)

        login(visitor, **FORGED)

        assert own_address(visitor) == VISITOR
        assert visitor.get("departments/?page_size=1", headers={"Host": "localhost"}).ok

    def test_ends_at_a_proxy_that_is_not_ours(self, site, new_proxy):
        stranger = "127.0.0.77"
        visitor = site.caller(VISITOR, new_proxy([site.proxy.url], before=stranger).url)

        login(visitor)

        assert own_address(visitor) == stranger

    def test_at_a_nodes_own_port_nobody_may_forge_theirs(self, site):
        direct = Caller(site.nodes[0].url, address=VISITOR)

        login(direct, **FORGED, Host="localhost")

        assert own_address(direct) == VISITOR


class TestHosts:
    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1"])
    def test_that_are_not_ours_are_refused(self, site, host):
        answer = site.caller().get("auth/me", headers={"Host": host, "X-Forwarded-Host": "localhost"})

        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == "10000"

    @pytest.mark.attack("T-WS-1")
    def test_pages_of_others_open_no_socket(self, site):
        keeper = site.keeper()
        ticket = keeper.post("auth/ticket").json()["ticket"]
        line = Line(site.proxy.url, ticket=ticket, origin="https://evil.example", trust=keeper.trust)

        assert line.end()[0] == 4506

    def test_our_own_page_opens_one_with_its_cookie(self, site):
        browser = sign_in_to_pages(site, origin=site.proxy.url)
        cookie = {"Cookie": f"sessionid={browser.cookies['sessionid']}"}

        with Line(site.proxy.url, origin=site.proxy.url, headers=cookie, trust=str(site.authority.root)) as line:
            assert line.next("welcome")["user"]


class TestSockets:
    def test_that_are_idle_get_the_nodes_own_goodbye(self, site):
        line = site.keeper().socket()
        line.next("welcome")

        assert line.end()[0] == 4000

    @pytest.mark.attack("T-WS-2")
    def test_leave_no_ticket_in_the_proxys_logs(self, site, new_proxy):
        keeper = site.keeper()
        ticket = keeper.post("auth/ticket").json()["ticket"]
        with Line(site.proxy.url, ticket=ticket, trust=keeper.trust) as line:
            line.next("welcome")
        nowhere = new_proxy(["http://127.0.0.1:9"])
        with pytest.raises(InvalidStatus, match="503"):
            Line(nowhere.url, ticket=ticket, trust=keeper.trust)

        for proxy in (site.proxy, nowhere):
            wait_for_line(proxy, '"GET /ws/" ')
            assert ticket not in proxy.access_log + proxy.error_log


class TestUploads:
    def test_as_large_as_allowed_reach_a_node(self, site):
        answer = upload(site, 20 * 1024**2)

        assert answer.json()["error"]["code"] == "30002"  # not a workbook, said the node that read it

    @pytest.mark.parametrize(("size", "language"), [(21.5, "en"), (25, "en"), (25, "zh-hans")])
    def test_that_are_too_large_are_refused_in_our_own_form(self, site, size, language):
        answer = upload(site, int(size * 1024**2), language)

        assert answer.status_code == 413
        error = answer.json()["error"]
        assert error["code"] == "10011"
        assert ("large" in error["message"]) == (language == "en")
        assert error["request_id"] == answer.headers["X-Request-ID"]


def wait_for_line(proxy: Nginx, words: str) -> None:
    """Wait until nginx has logged them: it does so after it has answered."""
    until(lambda: words in proxy.access_log, f"nginx logs {words!r}")


def upload(site: Site, size: int, language: str = "en") -> requests.Response:
    """Upload a file of `size` bytes that is no workbook."""
    form = {"files": {"file": ("people.xlsx", b"\xab" * size)}, "data": {"resource": "users", "mode": "all"}}
    return site.keeper().ask("POST", "imports/", headers={"Accept-Language": language}, **form)


class TestPaths:
    def test_figures_are_not_for_the_world(self, site):
        assert site.caller().get("/metrics").status_code == 404
        assert site.keeper().get("/metrics").status_code == 404

    def test_a_request_keeps_its_id(self, site):
        given = "visit-20261121-0001"

        answer = site.caller().get("auth/me", headers={"X-Request-ID": given})

        assert answer.headers["X-Request-ID"] == given
        wait_for_line(site.proxy, f" {given}\n")

    def test_an_id_that_would_break_the_log_is_replaced(self, site):
        answer = site.caller().get("auth/me", headers={"X-Request-ID": 'a", "code": "b'})

        assert len(answer.headers["X-Request-ID"]) == 32

    @pytest.mark.parametrize("method", ["GET", "POST"])
    def test_without_any_node_the_error_says_so(self, site, new_proxy, method):
        nowhere = site.caller(url=new_proxy(["http://127.0.0.1:9", "http://127.0.0.1:9"]).url)

        answer = nowhere.ask(method, "auth/me", data="{}")

        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
        assert json.loads(answer.content)["error"]["code"] == "10004"
