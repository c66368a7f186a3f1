"""`up --workers 2`: several web processes on one port, and one parent who looks after them."""

import os
import re
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.clients import Caller, Line, until
from tests.environment import need
from tests.journey.test_sockets import say
from tests.nodes.house import sweep_out
from tests.office import BareOffice, Office

pytestmark = [pytest.mark.services, pytest.mark.timeout(300)]


def two_processes(folder: Path, *arguments: str, kind: type[Office] = Office) -> Office:
    """An office with two web processes, on a prefix of its own."""
    prefix = f"workers-{secrets.token_hex(4)}"
    given = ("--workers", "2", "--no-demo", *(arguments or ("--port", "0")))
    return kind(folder / "home", *given, REDIS_URL=need("REDIS_URL"), REDIS_PREFIX=prefix, MULTI_LOGIN="true")


@contextmanager
def opened(folder: Path) -> Iterator[Office]:
    """Open such an office, and leave nothing of it on Redis."""
    with two_processes(folder) as office:
        yield office
    sweep_out(office.settings)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two web processes, with worker and scheduler in their parent."""
    with opened(tmp_path_factory.mktemp("workers")) as office:
        yield office


def children(office: Office) -> set[int]:
    """Return the ids of the web processes an office's parent has."""
    pid = office.process.pid
    found = map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return {one for one in found if b"--child" in Path(f"/proc/{one}/cmdline").read_bytes()}


def a_socket_on_each(caller: Caller, lines: ExitStack) -> dict[str, Line]:
    """Open sockets until the kernel has put one on each of two processes."""
    found: dict[str, Line] = {}

    def one_more() -> bool:
        line = lines.enter_context(caller.socket())
        found.setdefault(line.ask("whoami")["data"]["node"], line)
        return len(found) == 2

    until(one_more, "sockets on both processes")
    return found


def lives(pid: int) -> bool:
    """Say whether a process is there and not just waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def metric(text: str, name: str) -> float:
    """Return a figure of /metrics; what nobody counted yet is not in it."""
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0


class TestTwoProcesses:
    def test_tell_the_first_password_once(self, office: Office):
        assert len(re.findall("shown only now", office.log)) == 1
        assert len(re.findall("Gatehouse is ready", office.log)) == 1

    def test_hold_sockets_that_reach_each_other(self, office: Office):
        administrator = office.sign_in()
        with ExitStack() as lines:
            for line in a_socket_on_each(administrator, lines).values():
                line.ask("join", {"group": "public.lobby"})
                say(administrator, {"group": "public.lobby"}, "for all")
                assert line.next("notice")["text"] == "for all"
            first, second = a_socket_on_each(administrator, lines).values()
            for line in (first, second):
                line.ask("join", {"group": "public.hall"})
            say(administrator, {"group": "public.hall"}, "for both")
            assert first.next("notice") == second.next("notice") == {"text": "for both"}

    def test_do_the_work_of_the_background_in_their_parent(self, office: Office):
        administrator = office.sign_in()
        job = administrator.post("exports/", {"resource": "users", "format": "xlsx"}).json()

        until(lambda: administrator.get(f"exports/{job['id']}").json()["state"] == "done", "the export is written")

    def test_say_in_the_log_which_of_them_speaks(self, office: Office):
        def speakers() -> set[int]:
            assert office.visitor().get("/healthz").status_code == 200
            lines = [line for line in office.log.splitlines() if "path=/healthz" in line]
            return {int(found[1]) for line in lines if (found := re.search(r"process=(\d+)", line))}

        until(lambda: speakers() >= children(office), "both processes wrote who they are")

    def test_add_up_their_figures(self, office: Office):
        asked = 'gatehouse_http_requests_total{method="GET",module="default",status="200"}'

        def figure(name: str) -> float:
            return metric(office.visitor().get("/metrics").text, name)

        with ExitStack() as lines:
            a_socket_on_each(office.sign_in(), lines)
            before = figure(asked)
            for _ in range(20):
                office.visitor().get("/healthz")

            assert figure(asked) - before >= 20
            until(lambda: figure("gatehouse_gateway_connections") >= 2, "the sockets of both are counted")
            until(lambda: figure("gatehouse_web_processes") == 2, "both are counted")

    def test_are_replaced_when_they_die(self, office: Office):
        administrator = office.sign_in()
        with ExitStack() as lines:
            a_socket_on_each(administrator, lines)  # by now both serve, so that one is left
        victim = min(children(office))

        os.kill(victim, signal.SIGKILL)

        until(lambda: re.search(f"web_process_ended .*pid={victim}", office.log), "the log says so")
        assert victim not in children(office)
        with ExitStack() as lines:
            a_socket_on_each(administrator, lines)
        assert administrator.get("auth/me").status_code == 200


class TestPort:
    def test_that_is_taken_by_two_processes_is_taken_for_others(self, office: Office, tmp_path):
        port = office.url.rpartition(":")[2]
        for arguments in (("--port", port), ("--port", port, "--workers", "1")):
            late = two_processes(tmp_path, *arguments)
            late.start()
            assert late.wait() == 1
            assert f"127.0.0.1:{port} is in use" in late.output
            assert "Traceback" not in late.output

    def test_that_is_a_strangers_is_left_to_them(self, tmp_path):
        with socket.create_server(("127.0.0.1", 0)) as stranger:
            late = two_processes(tmp_path, "--port", str(stranger.getsockname()[1]), kind=BareOffice)
            late.start()

            assert late.wait() == 1
            assert "is in use" in late.output
            assert not (tmp_path / "home" / "gatehouse.sqlite3").exists()


class TestEnd:
    @pytest.mark.parametrize("end", ["asked", "killed"])
    def test_of_the_parent_is_the_end_of_all(self, tmp_path, end: str):
        with opened(tmp_path) as office, ExitStack() as lines:
            administrator = office.sign_in()
            processes = children(office)
            sockets = a_socket_on_each(administrator, lines).values()

            closing: Callable[[], int | None] = office.close if end == "asked" else office.kill
            assert closing() in {0, None}

            assert [line.end()[0] for line in sockets] == [1012, 1012]
            until(lambda: not any(map(lives, processes)), "no process is left")
            assert "Traceback" not in office.output

    def test_by_ctrl_c_drains_too(self, tmp_path):
        with opened(tmp_path) as office:
            line = office.sign_in().socket()
            line.next("welcome")

            os.killpg(office.process.pid, signal.SIGINT)  # as a terminal does: everybody in the foreground

            assert line.end()[0] == 1012
            assert office.wait() == 0
