"""For development: messages appear on the terminal. Never in the log, which others read."""

import sys
from threading import Lock

from integrations.sms.providers.interface import Accepted, Client, Outgoing

_one_at_a_time = Lock()


class Console(Client):
    """Prints."""

    needs_code = False

    def send(self, outgoing: Outgoing) -> Accepted:
        lines = f"\n  SMS to {outgoing.phone}\n  {outgoing.text}\n\n"
        with _one_at_a_time:
            terminal = sys.__stdout__ or sys.stdout
            terminal.write(lines)
            terminal.flush()
        return Accepted(outgoing.reference)
