"""Templates are written and deleted: their parameters fit, and nothing changes under messages that wait."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from integrations.sms.errors import BadTemplate, TemplateInUse
from integrations.sms.models import Campaign, Message, Provider, Template, TemplateCode, TemplateText
from integrations.sms.models.templates import PLACE, places_of
from project.core import audit

OPENING = re.compile(r"\$\{[^}]*\}?")
"""Whatever looks as if it were meant as a place for a parameter."""


class CodeAt(NamedTuple):
    """How a provider calls a template."""

    provider: Provider
    code: str
    language: str = ""
    sign_name: str = ""
    order: Sequence[str] = ()


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


def change_template(
    template: Template,
    *,
    texts: Mapping[str, str] | None = None,
    codes: Iterable[CodeAt] | None = None,
    by: Any,
    **fields: Any,
) -> Template:
    """Set up a template with `fields`, new or changed; what is not given stays.

    :param texts: all its texts, by language.
    :param codes: all its ids at providers.
    :raises BadTemplate: as the checks above; for a provider that stands there twice; for another name of a built-in one.
    :raises ValidationError: for what a field does not take.
    """
    with transaction.atomic():
        if template.pk:
            Template.objects.select_for_update().get(pk=template.pk)
            if template.is_built_in and fields.pop("name", str(template)) != str(template):
                raise BadTemplate(fields={"name": [_("The name of a built-in template is translated, and stays.")]})
        for name, value in fields.items():
            setattr(template, name, value)
        template.full_clean()
        if texts is not None or not template.pk:
            check_texts(template, texts or {})
        said, unsaid = _rows_of_texts(template, texts)
        known, unknown = _rows_of_codes(template, codes)
        return write_template(template, texts=said, codes=known, gone=[*unsaid, *unknown], by=by)


def delete_template(template: Template, *, by: Any) -> None:
    """Delete a template that no message was made of.

    :raises TemplateInUse: otherwise; such a template is switched off instead.
    """
    if template.is_built_in or is_used(template):
        raise TemplateInUse
    try:
        with transaction.atomic():
            audit.record("sms_template.deleted", template, actor=by)
            template.delete()
    except ProtectedError as problem:  # the first message of it was asked for meanwhile
        raise TemplateInUse from problem


def waiting(template: Template) -> bool:
    """Tell whether messages of it are still to be sent."""
    going_on = [Campaign.State.COUNTING, Campaign.State.READY, Campaign.State.SENDING]
    messages = template.messages.filter(state__in=Message.CLAIMABLE)
    return messages.exists() or template.campaigns.filter(state__in=going_on).exists()


def is_used(template: Template) -> bool:
    """Tell whether a message or a campaign was ever made of it."""
    return template.messages.exists() or template.campaigns.exists()


def _rows_of_texts(
    template: Template, texts: Mapping[str, str] | None
) -> tuple[list[TemplateText], list[TemplateText]]:
    """Those to save, and those to delete."""
    if texts is None:
        return [], []
    before = {one.language: one for one in template.texts.all()} if template.pk else {}
    kept = [before.pop(language, TemplateText(language=language)) for language in texts]
    for row in kept:
        row.text = texts[row.language]
    return kept, list(before.values())


def _rows_of_codes(template: Template, codes: Iterable[CodeAt] | None) -> tuple[list[TemplateCode], list[TemplateCode]]:
    """Likewise."""
    if codes is None:
        return [], []
    before = {(one.provider_id, one.language): one for one in template.codes.all()} if template.pk else {}
    kept: dict[tuple[int, str], TemplateCode] = {}
    for one in codes:
        place = (one.provider.pk, one.language)
        if place in kept:
            wrong = _("A provider has one id for each language: {provider} stands there twice.")
            raise BadTemplate(fields={"codes": [wrong.format(provider=one.provider.key)]})
        row = before.pop(place, TemplateCode(provider=one.provider, language=one.language))
        row.code, row.sign_name, row.order = one.code, one.sign_name, list(one.order)
        kept[place] = row
    return list(kept.values()), list(before.values())
