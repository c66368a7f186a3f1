"""A Jenkins for tests and newcomers: on a real port, with all it knows in memory."""

import threading
import time
from collections import Counter, deque
from types import TracebackType
from typing import Self

from tests.fakes.jenkins import demo
from tests.fakes.jenkins.builds import Build
from tests.fakes.jenkins.controller import VERSION, Jenkins
from tests.fakes.jenkins.faults import Faults
from tests.fakes.jenkins.jobs import Job
from tests.fakes.jenkins.security import Account
from tests.fakes.jenkins.server import Server
from tests.fakes.jenkins.stapler import Refused, Request, Response, answer
from tests.fakes.jenkins.store import Store

USER, TOKEN, PASSWORD = "admin", "11f0d3b1c5a94d7e8a6b2c9d0e1f2a3b4c", "admin"


class Simulator:
    """`with Simulator() as jenkins:` listens at `jenkins.url`; `jenkins.user` with `jenkins.token` may do everything.

    :param demo_content: begin with folders, jobs of every kind, builds that ended, run and wait.
    :param jobs: begin with so many jobs in so many `folders`, for benchmarks.
    :param anonymous: what somebody without credentials gets: "none" (403), "read", "401".
    :param stands_still: time passes by `skip` alone.
    """

    def __init__(
        self,
        port: int = 0,
        *,
        demo_content: bool = False,
        jobs: int = 0,
        folders: int = 0,
        anonymous: str = "none",
        executors: int = 2,
        quiet_period: float = 5,
        accounts: list[Account] | None = None,
        stands_still: bool = False,
    ) -> None:
        began = time.time()
        self.user, self.token, self.password = USER, TOKEN, PASSWORD
        known = [Account(USER, PASSWORD, TOKEN), *(accounts or [])]
        self.jenkins = Jenkins(
            accounts=known,
            anonymous=anonymous,
            executors=executors,
            quiet_period=quiet_period,
            clock=(lambda: began) if stands_still else time.time,
        )
        self.requests: deque[Request] = deque(maxlen=10_000)
        self.faults = Faults(self._refuse, self._listen)
        self._lock = threading.RLock()
        self._port, self._server = port, None
        if demo_content:
            demo.fill(self.jenkins)
        if jobs:
            demo.fill_with_many(self.jenkins, jobs, folders)

    _server: Server | None

    def __enter__(self) -> Self:
        self._listen()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.faults.clear()
        self._refuse()

    @property
    def port(self) -> int:
        return self._port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/"

    # -- what tests do with it

    def keep_artifacts_at(self, store: Store) -> None:
        """Keep files of builds in a store from now on, and send whoever asks for one there."""
        self.jenkins.artifact_store = store

    def skip(self, seconds: float) -> None:
        """Let time pass at once."""
        with self._lock:
            self.jenkins.ahead += seconds
            self.jenkins.catch_up()

    def restart(self, seconds: float = 0) -> None:
        """Restart now, in the middle of whatever goes on; answer 503 for some seconds."""
        with self._lock:
            self.jenkins.catch_up()
            self.jenkins.restarts_for = seconds
            self.jenkins.restart()

    def job(self, full_name: str) -> Job:
        with self._lock:
            self.jenkins.catch_up()
            found = self.jenkins.find_job(full_name)
        assert found, f"no job {full_name}"
        return found

    def last_build(self, full_name: str) -> Build:
        build = self.job(full_name).permalink("lastBuild")
        assert build, f"{full_name} was never built"
        return build

    def write(self, full_name: str, *lines: str) -> None:
        """Have the last build log these lines now."""
        with self._lock:
            self.last_build(full_name).write(*lines)

    def finish(self, full_name: str, result: str = "SUCCESS") -> None:
        """End the last build now."""
        with self._lock:
            self.last_build(full_name).finish(result)
            self.jenkins.catch_up()

    def connect(self, node: str) -> None:
        """Have an inbound agent call in."""
        with self._lock:
            next(each for each in self.jenkins.nodes.computers if each.node_name == node).is_connected = True

    def counts(self) -> Counter[str]:
        """How often each address was asked."""
        return Counter(f"{request.method} {request.path}" for request in list(self.requests))

    # -- what the server does with it

    def answer(self, request: Request) -> Response:
        """What Jenkins answers.

        :raises Refused: for an error page.
        """
        versions = {"X-Jenkins": VERSION, "X-Hudson": "1.395", "X-Jenkins-Session": self.jenkins.security.salt[:8]}
        with self._lock:
            self.jenkins.catch_up()
            if self.jenkins.is_starting:
                raise Refused(503, "Please wait while Jenkins is getting ready to work")
            try:
                is_new = self.jenkins.security.admit(request)
                self.jenkins.current = request
                response = self._answered(request)
                self.jenkins.catch_up()
            except Refused as refused:
                refused.headers = versions | refused.headers
                raise
        response.headers = versions | response.headers
        if is_new:
            response.headers["Set-Cookie"] = f"JSESSIONID.simulator={request.session}; Path=/; HttpOnly"
        return response

    def _answered(self, request: Request) -> Response:
        try:
            return answer(self.jenkins, request)
        except (ValueError, TypeError, LookupError) as error:
            # as Java does with what nobody catches
            raise Refused(500, f"java.lang.IllegalArgumentException: {error}") from error

    def _listen(self) -> None:
        if self._server is None:
            self._server = Server(self._port, self)
            self._port = int(self._server.server_address[1])
            self.jenkins.root_url = self.url
            self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
            self._thread.start()

    def _refuse(self) -> None:
        server, self._server = self._server, None
        if server:
            server.shutdown()
            self._thread.join()
            server.server_close()
