"""For tests: messages are kept in a list of this process."""

from collections import deque
from datetime import datetime

from integrations.sms.providers.interface import Accepted, Client, Delivery, Fate, NotSent, Outgoing

outbox: list[Outgoing] = []
"""What was sent, secrets and all; the oldest first."""
refusals: deque[NotSent] = deque()
"""What the next messages are answered with instead."""


class Memory(Client):
    """Remembers."""

    needs_code = False
    can_be_asked = knows_at_once = True

    def send(self, outgoing: Outgoing) -> Accepted:
        if refusals:
            raise refusals.popleft()
        outbox.append(outgoing)
        return Accepted(outgoing.reference)

    def find(self, *, phone: str, sent_at: datetime, reference: str, remote_id: str = "") -> Delivery | None:
        known = any(one.reference == reference for one in outbox)
        return Delivery(Fate.UNDER_WAY, reference, reference) if known else None
