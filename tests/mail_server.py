"""A tiny mail server on a real port: it keeps what it is given, or refuses it."""

import email
import email.policy
import socketserver
import threading
from email.message import EmailMessage
from types import TracebackType
from typing import Self


class MailServer:
    """`with MailServer(port) as server:` takes mails into `server.mails`.

    :param refuses: the answer to every recipient instead, such as "550 no such box".
    """

    def __init__(self, port: int = 0, *, refuses: str = "") -> None:
        self.refuses = refuses
        self.mails: list[EmailMessage] = []
        socketserver.ThreadingTCPServer.allow_reuse_address = True
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", port), self._handler(), bind_and_activate=False)
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        self._server.server_bind()
        self._server.server_activate()
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def _handler(server) -> type[socketserver.StreamRequestHandler]:  # noqa: N805 (`self` is the conversation's)
        class Conversation(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.say("220 here")
                while line := self.rfile.readline():
                    match line[:4].upper().strip():
                        case b"DATA":
                            self.say("354 go on")
                            server.mails.append(self.read())
                            self.say("250 taken")
                        case b"RCPT" if server.refuses:
                            self.say(server.refuses)
                        case b"QUIT":
                            self.say("221 bye")
                            return
                        case _:
                            self.say("250 fine")

            def say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

            def read(self) -> EmailMessage:
                lines = []
                while (line := self.rfile.readline()) != b".\r\n":
                    lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
                found = email.message_from_bytes(b"".join(lines), policy=email.policy.default)
                assert isinstance(found, EmailMessage)
                return found

        return Conversation
