"""From a draft to rows: whom it is for, what that costs, and who is left out and why."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from integrations.sms import people, phones
from integrations.sms.campaigns import sheet
from integrations.sms.campaigns.progress import Progress, tell
from integrations.sms.campaigns.sheet import Given
from integrations.sms.errors import BadParameters, NotAPhoneNumber, OutOfReach
from integrations.sms.models import Campaign, Recipient
from integrations.sms.services.messages import Request, Writer
from project.core.errors import NoPermission

AT_ONCE = 1_000
GIVEN = 60
NAME = "name"
"""A parameter of this name that nobody fills is the person's own name."""


def count(campaign: Campaign) -> None:
    """Write the recipients of a draft, afresh; leaves it ready for confirmation.

    :raises UnreadableFile: for a sheet that cannot be read, or lacks a column.
    :raises NoPermission: when who began it may not send (any more).
    """
    ensure_may_send(campaign)
    campaign.recipients.all().delete()
    counter = _Counter(campaign)
    with _source(campaign) as (batches, notes):
        for batch in batches:
            counter.take(batch)
    told = {"good": counter.good, "bad": counter.bad, "segments": counter.segments, "cost": counter.cost}
    if campaign.move(Campaign.State.READY, total=counter.good, notes=notes, **told):
        tell(campaign)


def ensure_may_send(campaign: Campaign) -> None:
    """:raises NoPermission: when who began it may not send to many any more."""
    person = campaign.created_by
    if person is None or not person.is_active or not person.has_perm("sms.send_campaign"):
        raise NoPermission


@contextmanager
def _source(campaign: Campaign) -> Iterator[tuple[Iterable[list[Any]], list[str]]]:
    """The recipients as they were given, some at a time."""
    match campaign.source:
        case "people":
            yield _in_batches(campaign.audience["people"]), []
        case "rows":
            rows = (
                Given(number, phone, "", values)
                for number, (phone, values) in enumerate(campaign.audience["rows"], start=1)
            )
            yield _in_batches(rows), []
        case _:
            with sheet.opened(campaign) as found:
                yield _in_batches(found), found.notes


def _in_batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, AT_ONCE)):
        yield batch


class _Counter:
    """Judges recipients and keeps them; one pass over a campaign."""

    def __init__(self, campaign: Campaign) -> None:
        self._campaign, self._by = campaign, campaign.created_by
        self._writer = Writer(campaign.template.key, asked_by=self._by, purpose="campaign")
        self._progress = Progress(campaign)
        self._languages = {code: str(name) for code, name in settings.LANGUAGES}
        self._seen: set[str] = set()
        self._number = 0
        self.good = self.bad = self.segments = 0
        self.cost = Campaign._meta.get_field("cost").get_default()

    def take(self, batch: list[Any]) -> None:
        rows = self._people(batch) if self._campaign.source == "people" else self._numbers(batch)
        for row in rows:
            self._judge(row)
        Recipient.objects.bulk_create(rows)
        self._progress.advance(self.good + self.bad)

    def _people(self, ids: list[int]) -> list[Recipient]:
        found = people.reached_by(self._by).in_bulk(ids)
        rows = []
        for pk in ids:
            self._number += 1
            person = found.get(pk)
            row = self._row(self._number, person, {})
            if person is None:
                row.given, row.problem = str(pk), _("Nobody whom you reach, or somebody who is disabled.")
            elif not (number := people.number_of(person)):
                row.given, row.problem = str(person)[:GIVEN], _("They have no phone number that can be written to.")
            else:
                row.phone = number
            rows.append(row)
        return rows

    def _numbers(self, given: list[Given]) -> list[Recipient]:
        parsed = [_parsed(one) for one in given]
        known = people.with_numbers([one for one in parsed if one], by=self._by)
        stranger = self._campaign.to_any_number and people.writes_to_any_number(self._by)
        rows = []
        for one, number in zip(given, parsed, strict=True):
            person = known.get(number)
            row = self._row(one.number, person, one.parameters)
            row.problem = one.problem
            if number and (person is not None or stranger):
                row.phone = number
                row.problem = row.problem or self._speak(row, one.language)
            else:
                row.given = one.phone[:GIVEN]
                # not the number itself: the reason is shown to those, too, who see numbers masked only
                row.problem = row.problem or (str(OutOfReach.message) if number else _("This is not a mobile number."))
            rows.append(row)
        return rows

    def _row(self, number: int, person: Any, parameters: Any) -> Recipient:
        said = {**self._campaign.parameters, **parameters}
        if NAME in self._campaign.template.places and NAME not in said and person is not None:
            said[NAME] = person.get_full_name()
        language = people.language_of(person)
        return Recipient(
            campaign=self._campaign, number=number, person=person, language=language, parameters=said
        )  # fmt: skip

    def _speak(self, row: Recipient, language: str) -> str:
        """Take the language that the sheet names; return why it cannot be."""
        try:
            row.language = sheet.language_in(language, self._languages) or row.language
        except ValidationError as wrong:
            return " ".join(wrong.messages)
        return ""

    def _judge(self, row: Recipient) -> None:
        if not row.problem and row.phone in self._seen:
            row.problem = _("This number stands further up already.")
        if not row.problem:
            self._price(row)
        if row.problem:
            self.bad += 1
            row.given, row.phone = row.given or row.phone or "", None
            return
        self.good += 1
        self._seen.add(row.phone or "")

    def _price(self, row: Recipient) -> None:
        try:
            request = Request(row.phone or "", row.parameters, row.language)
            message = self._writer.message(request)
        except BadParameters as wrong:
            row.problem = _in_a_line(wrong)
        else:
            self.segments += message.segments
            self.cost += message.cost


def _parsed(one: Given) -> str:
    try:
        return "" if one.problem else phones.parse(one.phone)
    except NotAPhoneNumber:
        return ""


def _in_a_line(wrong: BadParameters) -> str:
    said = (f"{name}: {' '.join(map(str, texts))}" for name, texts in wrong.fields["parameters"].items())
    return " ".join(said)[: sheet.LONGEST_PROBLEM]
