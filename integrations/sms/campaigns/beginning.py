"""Every way a campaign begins, and what people decide about it."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from integrations.sheets import checking
from integrations.sheets.errors import FileTooLarge, refusal
from integrations.sheets.reader import bounds
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.services.importing import plain_name
from integrations.sms import people
from integrations.sms.campaigns.progress import tell
from integrations.sms.errors import BadParameters, NotInThisState, UnknownTemplate
from integrations.sms.models import Campaign, Message, Template
from integrations.sms.services.messages import LONGEST_PARAMETER, is_plain
from project.core import audit, jobs
from project.core.errors import GatehouseError, InvalidParameters

MOST_PEOPLE = 100_000
PURGED_AT_ONCE = 100
State = Campaign.State


def start_from_people(*, ids: Sequence[int], by: Any, **said: Any) -> Campaign:
    """Begin a campaign to chosen people; those out of reach are left out when it is counted.

    :param said: `name`, `template` and `parameters`.
    :raises InvalidParameters: for nobody, or too many.
    """
    chosen = sorted(set(ids))
    if not 0 < len(chosen) <= MOST_PEOPLE:
        raise InvalidParameters(fields={"people": [_("Choose 1 to {n} people.").format(n=MOST_PEOPLE)]})
    return _begun(_new(by, **said), by, audience={"people": chosen})


def start_from_rows(*, rows: Sequence[tuple[str, Mapping[str, str]]], by: Any, **said: Any) -> Campaign:
    """Begin a campaign to numbers, each with its own parameters.

    :raises InvalidParameters: for none, or too many.
    """
    if not 0 < len(rows) <= MOST_PEOPLE:
        raise InvalidParameters(fields={"recipients": [_("Choose 1 to {n} people.").format(n=MOST_PEOPLE)]})
    return _begun(_new(by, **said), by, audience={"rows": [[phone, dict(values)] for phone, values in rows]})


def start_from_sheet(*, file: UploadedFile[Any], by: Any, **said: Any) -> Campaign:
    """Begin a campaign to the rows of a workbook or comma-separated file.

    :raises FileTooLarge: :raises UnreadableFile: for a file that can be refused from outside.
    """
    name = plain_name(file.name)
    if (file.size or 0) > settings.IMPORT_MAX_BYTES:
        raise FileTooLarge(limit=filesizeformat(settings.IMPORT_MAX_BYTES))
    try:
        kind = bounds.kind_of(name)
        bounds.examine(file, kind, checking.limits())  # type: ignore[arg-type]  # an upload reads and seeks as any file
    except Unreadable as problem:
        raise refusal(problem) from problem
    campaign = _new(by, **said)
    campaign.kind, campaign.file_name = kind, name
    campaign.file.save(name, file, save=False)
    return _begun(campaign, by)


def edit(campaign: Campaign, *, by: Any, name: str, template: str, parameters: Mapping[str, str]) -> Campaign:
    """Say something else, before it is confirmed; it is a draft again.

    :raises UnknownTemplate: :raises BadParameters: :raises NotInThisState: as their names say.
    """
    known = _template(template)
    _check(known, parameters)
    said = {"name": name, "template": known, "parameters": dict(parameters)}
    if not campaign.can_be_edited or not campaign.move(State.DRAFT, **said):
        raise _not_now(campaign)
    return campaign


def prepare(campaign: Campaign, *, by: Any) -> Campaign:
    """Have a draft counted: whom it is for, and what it would cost.

    :raises NotInThisState: when it is no draft.
    """
    with transaction.atomic():
        fresh = {"good": 0, "bad": 0, "done": 0, "total": 0, "language": get_language() or "", "error": ""}
        if campaign.state != State.DRAFT or not campaign.move(State.COUNTING, **fresh):
            raise _not_now(campaign)
        jobs.wake(campaign)
    return campaign


def prepare_again(campaign: Campaign, *, by: Any) -> Campaign:
    """Go back to the draft of a campaign that was counted.

    :raises NotInThisState: when it is confirmed already.
    """
    if not campaign.can_be_edited or not campaign.move(State.DRAFT):
        raise _not_now(campaign)
    return campaign


def confirm(campaign: Campaign, *, by: Any, good: int | None = None) -> Campaign:
    """Have a campaign sent. Of two confirmations one counts.

    :param good: how many recipients whoever confirms was told of, where they were told.
    :raises NotInThisState: when it is not ready, has nobody to be sent to, or was counted anew meanwhile.
    """
    if campaign.state != State.READY:
        raise _not_now(campaign)
    if not campaign.good:
        raise NotInThisState(_("There is nobody to send it to."))
    if good is not None and good != campaign.good:
        raise NotInThisState(_("It was counted anew meanwhile: look at it once more."))
    with transaction.atomic():
        asked = {"confirmed_at": timezone.now(), "confirmed_by": by, "done": 0, "total": campaign.good}
        if not campaign.move(State.SENDING, **asked):
            raise _not_now(campaign)
        cost = f"{campaign.cost} {campaign.currency}"
        audit.record("sms_campaign.confirmed", campaign, actor=by, recipients=campaign.good, cost=cost)
        jobs.wake(campaign)
    return campaign


def stop(campaign: Campaign, *, by: Any, reason: str = "") -> Campaign:
    """End a campaign: what is not on its way yet is not sent. Before it is confirmed that discards it.

    :raises NotInThisState: when it has ended already.
    """
    if not campaign.can_be_stopped:
        raise _not_now(campaign)
    with transaction.atomic():
        # the worker's batches ask for this row too: none of them is written after it
        if not campaign.move(State.STOPPED, waits_for=""):
            raise _not_now(campaign)
        ended = {"state": Message.State.CANCELLED, "finished_at": timezone.now(), "worker": "", "lease_until": None}
        waiting = campaign.messages.filter(state=Message.State.PENDING)
        cancelled = waiting.update(**ended, secret="")
        audit.record("sms_campaign.stopped", campaign, actor=by, reason=reason, cancelled=cancelled)
    discard_source(campaign)
    tell(campaign)
    return campaign


def fail(campaign: Campaign, problem: GatehouseError) -> None:
    """End a campaign that cannot go on; what waits still is sent, since it was confirmed."""
    fields = [text for texts in problem.fields.values() if isinstance(texts, list) for text in texts]
    if campaign.move(State.FAILED, error=" ".join(map(str, [problem, *fields])), waits_for=""):
        discard_source(campaign)
        tell(campaign)


def discard_source(campaign: Campaign) -> None:
    """Delete what was uploaded or sent along; what was counted stays."""
    if campaign.file and campaign.file.name:
        campaign.file.storage.delete(campaign.file.name)
        Campaign.objects.filter(pk=campaign.pk).update(file="")
        campaign.file = ""
    if campaign.audience.get("rows"):
        campaign.audience = {"rows": []}
        Campaign.objects.filter(pk=campaign.pk).update(audience=campaign.audience)


def purge() -> int:
    """Delete campaigns older than SMS_DAYS, recipients and all; return how many."""
    old = timezone.now() - timedelta(days=settings.SMS_DAYS)
    over = list(Campaign.objects.filter(created_at__lt=old).exclude(state__in=Campaign.CLAIMABLE)[:PURGED_AT_ONCE])
    for campaign in over:
        discard_source(campaign)
        campaign.delete()
    return len(over)


def _new(by: Any, *, name: str, template: str, parameters: Mapping[str, str]) -> Campaign:
    known = _template(template)
    _check(known, parameters)
    return Campaign(
        name=name.strip() or str(known),
        template=known,
        parameters=dict(parameters),
        currency=settings.SMS_CURRENCY,
        language=get_language() or "",
        created_by=by,
        to_any_number=people.writes_to_any_number(by),
    )


def _begun(campaign: Campaign, by: Any, **fields: Any) -> Campaign:
    for name, value in fields.items():
        setattr(campaign, name, value)
    with transaction.atomic():
        campaign.save(force_insert=True)
        audit.record("sms_campaign.begun", campaign, actor=by, template=campaign.template.key, source=campaign.source)
    return campaign


def _template(key: str) -> Template:
    known = Template.objects.named(key)
    if known is None or not known.by_hand:
        raise UnknownTemplate(key)
    return known


def _check(template: Template, parameters: Mapping[str, str]) -> None:
    """What is the same for all must be known and plain; what is missing may stand with each recipient."""
    wrong: dict[str, Any] = {name: [_("The text has no place for it.")] for name in parameters.keys() - template.places}
    for name, value in parameters.items():
        if not is_plain(value):
            wrong[name] = [_("Give one line of at most {n} characters.").format(n=LONGEST_PARAMETER)]
    if wrong:
        raise BadParameters(template.key, wrong)


def _not_now(campaign: Campaign) -> NotInThisState:
    state = Campaign.objects.get(pk=campaign.pk).get_state_display()
    return NotInThisState(_("This cannot be done while the campaign is “{state}”."), state=state)
