"""Templates are written and deleted: their parameters fit, and nothing changes under messages that wait."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from integrations.sms.errors import BadTemplate
from integrations.sms.models import Campaign, Message, Template, TemplateCode, TemplateText
from integrations.sms.models.templates import PLACE, places_of
from project.core import audit

OPENING = re.compile(r"\$\{[^}]*\}?")
"""Whatever looks as if it were meant as a place for a parameter."""


def check_texts(template: Template, texts: Mapping[str, str]) -> frozenset[str]:
    """Return the parameters of a template that says `texts`, by language.

    :raises BadTemplate: when they are no texts of one template, or messages wait that know other parameters.
    """
    if not texts:
        raise BadTemplate(fields={"texts": [_("Say it in one language at least.")]})
    for text in texts.values():
        for found in OPENING.findall(text):
            if not PLACE.fullmatch(found):
                wrong = _("“{place}” is no parameter: write ${{name}} with letters, digits and underscores.")
                raise BadTemplate(fields={"texts": [wrong.format(place=found)]})
    each = {places_of(text) for text in texts.values()}
    if len(each) > 1:
        raise BadTemplate(fields={"texts": [_("The texts must have the same parameters in all languages.")]})
    places = each.pop()
    if template.pk and waiting(template) and places != template.places:
        raise BadTemplate(fields={"texts": [_("Messages with other parameters still wait. Change the words only.")]})
    return places


def check_orders(places: frozenset[str], codes: Iterable[TemplateCode]) -> None:
    """:raises BadTemplate: when a provider would be given parameters that the text does not have, or not all of them."""
    for code in codes:
        if code.order and (set(code.order) != places or len(code.order) != len(places)):
            wrong = _("The order must name each parameter of the text once: {names}.")
            raise BadTemplate(fields={"codes": [wrong.format(names=", ".join(sorted(places)) or "–")]})


def write_template(
    template: Template,
    *,
    texts: Sequence[TemplateText] | None = None,
    codes: Sequence[TemplateCode] = (),
    gone: Sequence[TemplateText | TemplateCode] = (),
    by: Any,
) -> Template:
    """Save a template, new or changed, with its texts and its ids at providers.

    :param texts: those that are new or changed.
    :param gone: what is to be deleted of them.
    :raises BadTemplate: as the checks above.
    """
    fresh = template.pk is None
    with transaction.atomic():
        template.save()
        for one in gone:
            one.delete()
        rows: list[TemplateText | TemplateCode] = [*(texts or ()), *codes]
        for row in rows:
            row.template = template
            row.save()
        whole = Template.objects.prefetch_related("texts", "codes").get(pk=template.pk)
        check_orders(whole.places, whole.codes.all())
        audit.record("sms_template.created" if fresh else "sms_template.changed", template, actor=by)
    return template


def delete_template(template: Template, *, by: Any) -> None:
    """Delete a template that no message was made of.

    :raises BadTemplate: otherwise; such a template is switched off instead.
    """
    if template.is_built_in or is_used(template):
        raise BadTemplate(_("Messages say what this template says: switch it off instead of deleting it."))
    with transaction.atomic():
        audit.record("sms_template.deleted", template, actor=by)
        template.delete()


def waiting(template: Template) -> bool:
    """Tell whether messages of it are still to be sent."""
    going_on = [Campaign.State.COUNTING, Campaign.State.READY, Campaign.State.SENDING]
    messages = template.messages.filter(state__in=Message.CLAIMABLE)
    return messages.exists() or template.campaigns.filter(state__in=going_on).exists()


def is_used(template: Template) -> bool:
    """Tell whether a message or a campaign was ever made of it."""
    return template.messages.exists() or template.campaigns.exists()
