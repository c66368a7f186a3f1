"""Messages that wait together, joined once however many connections get them."""

from realtime.core.frames import Message


class Run:
    """What an audience waits for. `open`: whatever follows for the same audience may still be added.

    Whoever writes it, or queues something behind it for one of the audience, closes it.
    """

    __slots__ = ("_packed", "_plain", "messages", "open", "size", "takers")

    def __init__(self, message: Message) -> None:
        self.messages = [message]
        self.size = len(message.wire)
        self.open = True
        self.takers = 0
        """How many connections get it."""
        self._plain = self._packed = b""

    def add(self, message: Message) -> None:
        self.messages.append(message)
        self.size += len(message.wire)

    def wire(self, packs: bool) -> bytes:
        """Return the frames end to end, for connections that speak MessagePack or for the others."""
        self.open = False
        if packs:
            self._packed = self._packed or b"".join([one.packed_wire for one in self.messages])
            return self._packed
        self._plain = self._plain or b"".join([one.wire for one in self.messages])
        return self._plain
