"""Whatever answers, a call ends in time with an error that a person understands, and nothing of the answer in it."""

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from django.conf import settings as product

from integrations.jenkins import services
from integrations.jenkins.client import Account, Client, reading
from integrations.jenkins.errors import (
    AddressNotAllowed,
    AnswerTooLarge,
    CredentialsRefused,
    JenkinsError,
    NoAnswer,
    NotAtJenkins,
    NotJenkins,
    NotReached,
    RefusedByJenkins,
    SentElsewhere,
)
from integrations.jenkins.models import Job, Server
from project.core import breaker
from tests.fakes.jenkins import Simulator

FIGURES = (product.JENKINS_CONNECT_SECONDS, product.JENKINS_READ_SECONDS, product.JENKINS_CALL_SECONDS)


@pytest.fixture
def hurried(settings):
    """Calls have a twentieth of their time."""
    settings.JENKINS_CONNECT_SECONDS, settings.JENKINS_READ_SECONDS, settings.JENKINS_CALL_SECONDS = 0.2, 0.3, 0.5


def failure(call):
    """What a call dies of."""
    with pytest.raises(Exception) as died:  # noqa: PT011 (each test says which)
        call()
    return died.value


def failure_at(url):
    """The same of a call to the server there."""
    with Client(Account(url, "Ours", url)) as client:
        return failure(client.info)


@contextmanager
def dripping():
    """A server that says one letter after the other, and never ends its first line."""
    ended = threading.Event()

    def drip(connection):
        with connection:
            while not ended.wait(0.1):
                try:
                    connection.sendall(b"X")
                except OSError:
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=lambda: drip(listening.accept()[0]))
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        ended.set()
        thread.join()


@contextmanager
def full_line():
    """A place where nobody picks up, and no more may wait: connecting comes to no end."""
    with socket.socket() as listening, ExitStack() as waiting:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _caller in range(8):
            caller = waiting.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"


@pytest.mark.attack("T-J-1")
class TestSickServers:
    def test_have_ten_seconds_in_all(self):
        assert FIGURES == (2.0, 5.0, 10.0)

    @pytest.mark.parametrize(("fault", "size"), [("black_hole", None), ("slow", 30), ("drip", 0.1), ("lost", None)])
    def test_are_given_up(self, hurried, client, jenkins, fault, size):
        jenkins.faults.add(fault, size)

        assert type(failure(client.all_jobs)) is NoAnswer

    @pytest.mark.parametrize(
        ("fault", "size", "error"),
        [
            ("huge", 200, AnswerTooLarge),
            ("gzip_bomb", 20, AnswerTooLarge),
            ("starting", None, NotReached),
            ("error", None, JenkinsError),
        ],
    )
    def test_are_not_listened_to(self, client, jenkins, fault, size, error):
        jenkins.faults.add(fault, size)

        assert type(failure(client.all_jobs)) is error

    def test_are_given_up_within_the_real_limits(self):
        """All at the same time, so that it takes ten seconds once; the slow one would answer after thirty."""
        sick = [
            ("black_hole", None, NoAnswer),
            ("slow", 30, NoAnswer),
            ("drip", 1, NoAnswer),
            ("huge", 200, AnswerTooLarge),
        ]
        with ExitStack() as open_, ThreadPoolExecutor(len(sick) + 2) as pool:
            full, talks = open_.enter_context(full_line()), open_.enter_context(dripping())
            calls: list[tuple[str, type[Exception]]] = [(full, NotReached), (talks, NoAnswer)]
            for fault, size, error in sick:
                jenkins = open_.enter_context(Simulator())
                jenkins.faults.add(fault, size)
                calls.append((jenkins.url, error))
            found = list(pool.map(lambda one: failure_at(one[0]), calls))

        assert [type(problem) for problem in found] == [error for _url, error in calls]

    def test_that_are_down_are_not_asked(self, client, jenkins):
        jenkins.faults.down(30)

        problem = failure(client.info)

        assert type(problem) is NotReached
        assert problem.status == 503

    def test_that_drip_their_headers_are_given_up(self, hurried):
        with dripping() as url:
            problem = failure_at(url)

        assert type(problem) is NoAnswer

    def test_are_left_alone_after_ten_failures(self, client, jenkins):
        jenkins.faults.add("error")
        for _call in range(10):
            failure(client.info)
        jenkins.requests.clear()

        problem = failure(client.info)

        assert type(problem) is breaker.Open
        assert not jenkins.requests

    def test_leave_what_was_known_of_them(self, server, jenkins):
        before = Job.objects.filter(server=server).count()
        jenkins.faults.add("html")

        assert not services.refresh(server)

        down = Server.objects.get()
        assert down.is_stale
        assert down.health == "down"
        assert down.trouble_code == "60001"
        assert Job.objects.filter(server=server, gone_at=None).count() == before
        jenkins.faults.clear()
        assert services.refresh(server)
        assert Server.objects.get().health == "ok"


@pytest.mark.attack("T-J-4")
class TestNamesOfServers:
    def test_that_lead_to_this_machine_are_not_connected_to(self, jenkins, settings):
        settings.JENKINS_ALLOWED_SERVERS = ["localhost"]
        url = jenkins.url.replace("127.0.0.1", "localhost")
        with Client(Account("test", "Ours", url, jenkins.user, jenkins.token)) as client:
            problem = failure(client.info)

        assert type(problem) is AddressNotAllowed
        assert not jenkins.requests

    def test_lead_only_to_where_the_servers_own_list_says(self, jenkins):
        account = Account("test", "Ours", jenkins.url, jenkins.user, jenkins.token, ("10.0.0.0/8",))
        with Client(account) as client:
            problem = failure(client.info)

        assert type(problem) is AddressNotAllowed
        assert not jenkins.requests


@pytest.mark.attack("T-J-2")
class TestRedirects:
    def test_to_other_hosts_are_not_followed(self, client, jenkins):
        with Simulator() as other:
            jenkins.faults.add("redirect", to=f"{other.url}api/json")
            for call in (client.info, lambda: client.create_folder("Team"), lambda: client.build_job("build-shop")):
                problem = failure(call)
                assert type(problem) is SentElsewhere

            assert not other.requests

    @pytest.mark.parametrize(
        "to", ["http://169.254.169.254/latest/", "file:///etc/passwd", "//evil.example/", "https://evil.example:1/"]
    )
    def test_to_where_nobody_should_go_are_refused(self, client, jenkins, to):
        jenkins.faults.add("redirect", to=to)

        problem = failure(client.info)

        assert type(problem) is SentElsewhere
        assert "169.254" not in str(problem)


@pytest.mark.attack("T-J-3")
class TestOddAnswers:
    @pytest.mark.parametrize(
        ("fault", "error"),
        [
            ("html", NotJenkins),
            ("empty", NotJenkins),
            ("broken", NotJenkins),
            ("deep", NotJenkins),
            ("crumb", RefusedByJenkins),
            ("forbidden", RefusedByJenkins),
            ("unauthorized", CredentialsRefused),
            ("not_found", NotAtJenkins),
            ("error", JenkinsError),
        ],
    )
    def test_are_told_apart_and_not_shown(self, client, jenkins, fault, error):
        jenkins.faults.add(fault)

        for call in (client.info, client.queue):
            problem = failure(call)
            assert type(problem) is error
            said = str(problem).lower()
            assert "<" not in said
            assert "java" not in said
            assert "j_username" not in said

    def test_of_texts_and_numbers_that_no_database_takes_are_kept_as_far_as_they_go(self, server, jenkins):
        jenkins.faults.add("odd")

        assert services.refresh(server)

        row = Job.objects.present().get(server=server)
        assert (row.full_name, row.description, row.url) == ("odd?", "?", "")
        assert (row.next_number, row.last_number, row.health) == (0, 0, 0)
        assert row.parameters == [{"name": "P", "kind": "X", "description": "", "default": "?", "choices": ["?"]}]

    def test_lead_nobody_to_a_script(self):
        for url in ("javascript:alert(1)", "data:text/html,x", " http://x/", "//x/", 7, "http://x/" + "y" * 1000):
            assert reading.job({"name": "x", "url": url}).url == ""
        assert reading.build({"number": 1, "url": "https://ci/job/x/1/"}).url == "https://ci/job/x/1/"

    def test_each_say_something_else(self, client, jenkins):
        said = set()
        for fault in ("html", "empty", "broken", "forbidden", "unauthorized", "not_found", "error"):
            jenkins.faults.add(fault)
            said.add(str(failure(client.info)))
            jenkins.faults.clear()
            breaker.named("jenkins-test").reset()

        assert len(said) == 7


@pytest.mark.attack("T-J-7")
class TestTokens:
    def test_are_in_no_row_list_or_log(self, server, jenkins, capfd):
        services.refresh(server)

        assert jenkins.token not in str(Server.objects.values().get())
        assert server.masked_token == "***"
        assert jenkins.token not in repr(server.account)
        printed = capfd.readouterr()
        assert jenkins.token not in printed.out + printed.err

    def test_are_in_no_dump(self, server, jenkins, tmp_path):
        from django.core.management import call_command  # noqa: PLC0415 (for this one)

        call_command("dumpdata", "jenkins", output=str(tmp_path / "dump.json"))

        assert jenkins.token not in (tmp_path / "dump.json").read_text()
