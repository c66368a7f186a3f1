"""What every provider can do, and how it says that it did not."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import ClassVar, Self

from django.conf import settings

CONNECT_SECONDS = 2.0


def patience() -> float:
    """How long one call takes at most."""
    return CONNECT_SECONDS + float(settings.SMS_READ_SECONDS)


@dataclass(frozen=True)
class Outgoing:
    """A message as a provider takes it. Its `repr` shows no parameter: some are secret."""

    phone: str
    """In E.164."""
    reference: str
    """What we call this attempt; the provider tells it back in receipts and when asked."""
    sign_name: str
    code: str
    """The template, as the provider calls it."""
    parameters: Mapping[str, str] = field(repr=False)
    order: Sequence[str] = ()
    """The parameters' names in the order the provider wants, where it wants one."""
    text: str = field(default="", repr=False)
    """What the person reads, for providers that send words."""

    def named(self, reference: str) -> Self:
        """Return it as this attempt's."""
        return replace(self, reference=reference)


@dataclass(frozen=True)
class Accepted:
    """The provider took the message."""

    remote_id: str
    request_id: str = ""


class Verdict(Enum):
    """What follows from a message not being taken."""

    LATER = "later"
    """The provider cannot now: another one may, or it later."""
    NOT_REACHED = "not_reached"
    """Nothing was sent to it at all; likewise."""
    ACCOUNT = "account"
    """Our account, signature or template there is not in order: another provider may, and an operator must look."""
    MESSAGE = "message"
    """This message will not go out, whoever carries it: a bad number, too many to it."""
    NO_ANSWER = "no_answer"
    """The request was written, and no answer came: it may have gone out."""


class NotSent(Exception):
    """A provider did not take a message, or did not say that it did."""

    def __init__(self, verdict: Verdict, code: str, text: str = "", request_id: str = "") -> None:
        super().__init__(f"{code}: {text}" if text else code)
        self.verdict, self.code, self.text, self.request_id = verdict, code[:60], text[:300], request_id[:80]


class Fate(Enum):
    """What became of a message that a provider took."""

    UNDER_WAY = "under_way"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True)
class Delivery:
    """What a provider knows of a message: its answer when asked, or a receipt."""

    fate: Fate
    reference: str = ""
    remote_id: str = ""
    code: str = ""
    at: datetime | None = None
    segments: int = 0
    """In how many parts it went out, where the provider says so."""


class Client(ABC):
    """A provider's account, ready to be used. Every call ends within `patience`."""

    needs_code: ClassVar[bool] = True
    """It sends what it approved before, by its own template id."""
    can_be_asked: ClassVar[bool] = False
    """`find` answers."""
    knows_at_once: ClassVar[bool] = False
    """What `find` does not know a moment after it was sent never arrived there."""
    pulled_at_once: ClassVar[int] = 0
    """It has a queue of receipts, of which `pull` takes so many; 0: it has none."""

    @abstractmethod
    def send(self, outgoing: Outgoing) -> Accepted:
        """Hand a message over.

        :raises NotSent: when it did not take it, or did not answer.
        """

    def find(self, *, phone: str, sent_at: datetime, reference: str, remote_id: str = "") -> Delivery | None:
        """Ask what became of a message; None when the provider never got it.

        :raises NotSent: when it cannot be asked: at present, or never.
        """
        raise NotSent(Verdict.ACCOUNT, "cannot_be_asked")

    def pull(self) -> list[Delivery]:
        """Take the next receipts out of the provider's queue: nobody gets them a second time. Fewer than `pulled_at_once`: it is
        empty.

        :raises NotSent: when there is no queue for us, or it cannot be asked at present.
        """
        raise NotSent(Verdict.ACCOUNT, "no_queue")

    def read_receipts(self, body: bytes) -> list[Delivery]:
        """Read what the provider calls back with.

        :raises ValueError: when that is not in its form.
        """
        raise ValueError
