"""What text messages say."""

import re
from collections.abc import Iterable, Mapping
from typing import Self

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.sms import built_in
from integrations.sms.models.providers import Provider

PLACE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]{0,39})\}")
"""A place for a parameter: `${code}`, as Alibaba writes it."""


LONGEST_TEXT = 500


def languages() -> list[tuple[str, str]]:
    return list(settings.LANGUAGES)


class TemplateQuerySet(models.QuerySet["Template"]):
    def in_use(self) -> Self:
        return self.filter(enabled=True)

    def named(self, key: str) -> "Template | None":
        """The template of this key if it is in use, with its texts. A built-in one that was lost is made again."""
        if key in built_in.TEMPLATES and not self.filter(key=key).exists():
            with transaction.atomic():
                built_in.ensure(key, Template, TemplateText, by_hand=built_in.TEMPLATES[key].by_hand)
        return self.in_use().filter(key=key).prefetch_related("texts").first()


class Template(models.Model):
    """A kind of message, by the key that programs know it by."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=60)
    enabled = models.BooleanField(_("enabled"), default=True)
    by_hand = models.BooleanField(
        _("for staff"), default=True, help_text=_("May staff send it? Codes are sent by the product alone.")
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = TemplateQuerySet.as_manager()

    class Meta:
        verbose_name = _("SMS template")
        verbose_name_plural = _("SMS templates")
        ordering = ["key"]

    def __str__(self) -> str:
        return gettext(self.name) if self.is_built_in else self.name

    @property
    def is_built_in(self) -> bool:
        return self.key in built_in.TEMPLATES

    @property
    def places(self) -> frozenset[str]:
        """The names of the parameters that any of its texts shows."""
        return frozenset().union(*(places_of(text.text) for text in self.texts.all()))

    def text_in(self, language: str) -> str:
        """The text in this language, else in the house's own, else in any."""
        texts = {one.language: one.text for one in self.texts.all()}
        return texts.get(language) or texts.get(settings.LANGUAGE_CODE) or next(iter(texts.values()), "")


class TemplateText(models.Model):
    """A template's words in one language."""

    template = models.ForeignKey(Template, models.CASCADE, related_name="texts", verbose_name=_("template"))
    language = models.CharField(_("language"), max_length=10, choices=languages)
    text = models.CharField(_("text"), max_length=LONGEST_TEXT, help_text=_("Parameters as ${name}."))

    class Meta:
        verbose_name = _("text")
        verbose_name_plural = _("texts")
        ordering = ["language"]
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["template", "language"], name="sms_one_text_for_each_language")]

    def __str__(self) -> str:
        return self.get_language_display()


class TemplateCode(models.Model):
    """How a provider calls a template: providers send what they approved before, by its id there."""

    template = models.ForeignKey(Template, models.CASCADE, related_name="codes", verbose_name=_("template"))
    provider = models.ForeignKey(Provider, models.CASCADE, related_name="codes", verbose_name=_("SMS provider"))
    language = models.CharField(
        _("language"), max_length=10, blank=True, choices=languages, help_text=_("Empty: for all languages.")
    )
    code = models.CharField(_("template id"), max_length=60, help_text=_("For example SMS_123456789."))
    sign_name = models.CharField(_("sign name"), max_length=40, blank=True, help_text=_("Empty: the provider's."))
    # some providers want parameters in an order instead of by name
    order = models.JSONField[list[str]](_("order of parameters"), default=list, blank=True)

    class Meta:
        verbose_name = _("template id")
        verbose_name_plural = _("template ids")
        ordering = ["provider", "language"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["template", "provider", "language"], name="sms_one_code_for_each_language")
        ]

    def __str__(self) -> str:
        return f"{self.code} · {self.provider.key}"


def places_of(text: str) -> frozenset[str]:
    """Return the names of the parameters that `text` shows."""
    return frozenset(PLACE.findall(text))


def filled(text: str, parameters: Mapping[str, str]) -> str:
    """Put the parameters in; one that is missing stays as it stands."""
    return PLACE.sub(lambda place: parameters.get(place[1], place[0]), text)


def hidden(names: Iterable[str]) -> dict[str, str]:
    """Parameters that nobody may read, as people see them."""
    return dict.fromkeys(names, "******")
