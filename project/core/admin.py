"""What every admin page of the house has in common: defaults, and how a moment or a state is shown."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from project.core.errors import GatehouseError

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as Page
    from django.contrib.admin import TabularInline as Rows
    from django.contrib.admin.options import BaseModelAdmin

    Either = BaseModelAdmin[Any]
else:
    from unfold.admin import ModelAdmin as Page
    from unfold.admin import TabularInline as Rows

    Either = object

M = TypeVar("M", bound=Model)
P = TypeVar("P", bound=Model)
Tone = Literal["ok", "warn", "bad", "idle", "live", "info"]

ICONS: Mapping[Tone, str] = {
    "ok": "check_circle",
    "warn": "warning",
    "bad": "error",
    "idle": "do_not_disturb_on",
    "live": "sensors",
    "info": "info",
}
DASH = "–"
MINUTE, HOUR, DAY = 60, 3600, 86400
CLOCKS_DIFFER_BY = 5
"""Seconds by which another node's clock may be ahead of ours: what it just did is not called the future."""
OLD = 30 * DAY


class ModelAdmin(Page[M]):
    """A list and a form in the house's style.

    `empty_state` is what an empty list says: what would be here, and what to do next.
    """

    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = True
    empty_value_display = DASH
    empty_state: ClassVar[Any] = ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return self._or_say_why(request, lambda: super(ModelAdmin, self).changelist_view(request, extra_context))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        return self._or_say_why(request, lambda: super(ModelAdmin, self).delete_view(request, object_id, extra_context))

    def _or_say_why(self, request: HttpRequest, answer: Callable[[], Any]) -> Any:
        """Turn a service's refusal of what was posted into a message on the same page."""
        try:
            return answer()
        except GatehouseError as problem:
            if request.method != "POST":
                raise
            self.message_user(request, str(problem), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())


class ServiceForm(forms.ModelForm[M]):
    """A form whose saving is a service's work: what the service refuses is shown at the fields it names."""

    actor: Any = None

    def write(self) -> M:
        """Carry out what the form says; `self.instance.pk` is None for a new row."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # Django's hook, not in the stubs
        if self.errors or not self.changed_data:
            return
        try:
            with transaction.atomic():
                self.instance = self.write()
        except ValidationError as problem:
            known = problem.message_dict if hasattr(problem, "error_dict") else {"": problem.messages}
            for name, said in known.items():
                self.add_error(name if name in self.fields else None, said)
        except GatehouseError as problem:
            self.add_error(None, str(problem))


class ServiceAdmin(ModelAdmin[M]):
    """A page whose form is a ServiceForm: when the form is valid, everything is written already."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        return type("Form", (super().get_form(request, obj, change, **kwargs),), {"actor": request.user})

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        return form.instance

    def save_model(self, request: HttpRequest, obj: M, form: Any, change: bool) -> None:
        """Nothing is left to do."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Likewise: what hangs on the row is read-only here, or the service's work too."""

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        # the rows inside the form were not saved, so there is nothing to tell of them
        return super().construct_change_message(request, form, [], add)


class TabularInline(Rows[M, P]):
    """Rows of another model inside a form, in the house's style."""

    extra = 0
    tab = True


class ReadOnlyAdmin(Either):
    """Mixin for what people may look at, but only the product itself writes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def row_or_404(rows: QuerySet[M], key: Any) -> M:
    """Return the row that an address names.

    :raises Http404: when there is none, or when `key` is no key at all.
    """
    try:
        found: M = get_object_or_404(rows, pk=rows.model._meta.pk.to_python(key))
    except ValidationError:
        raise Http404 from None
    return found


@dataclass(frozen=True)
class Confirmed:
    """Somebody was told what an action will touch, and went on."""

    reason: str
    options: frozenset[str] = frozenset()


def confirmation(
    page: "ModelAdmin[Any]",
    request: HttpRequest,
    rows: Iterable[Model],
    *,
    question: str,
    touched: Iterable[Any],
    button: str,
    note: str = "",
    form: forms.Form | None = None,
    reason_required: bool = False,
    options: Mapping[str, str] | None = None,
    back: str = "",
    harmless: bool = False,
) -> Confirmed | TemplateResponse:
    """Ask before an action on chosen rows: say what it will touch, and take a reason for the audit trail.

    The first call answers with the page that asks; return it. When the person goes on, the action is called again
    and this returns their reason.

    :param form: what else must be said, bound when `is_confirmed(request)`; the page asks again until it is valid.
    :param options: what may be ticked besides, by name; this returns the names of those that were.
    :param back: where "Cancel" leads, where that is not the page the action was chosen on.
    :param harmless: nothing is lost by it: its button is none that warns.
    """
    offered = options or {}
    missing = reason_required and not request.POST.get("reason", "").strip()
    if is_confirmed(request) and not missing and (form is None or form.is_valid()):
        ticked = frozenset(name for name in offered if request.POST.get(name))
        return Confirmed(request.POST.get("reason", "").strip()[:200], ticked)
    context = {
        "title": question,
        "opts": page.model._meta,
        "note": note,
        "touched": list(touched),
        "button": button,
        "back": back,
        "rows": [str(row.pk) for row in rows],
        "action": request.POST.get("action", ""),
        "form": form,
        "media": page.media + form.media if form else page.media,
        "reason_required": reason_required,
        "reason_missing": missing and is_confirmed(request),
        "options": offered.items(),
        "harmless": harmless,
    }
    return TemplateResponse(request, "gatehouse/confirm.html", page.admin_site.each_context(request) | context)


def is_confirmed(request: HttpRequest) -> bool:
    """Tell whether the person has seen the page that asks, and went on."""
    return request.POST.get("confirmed") == "yes"


def list_query(request: HttpRequest) -> QueryDict:
    """The filters of the list that a button above it was pressed on: browsers tell it, within our own host."""
    came_from = urlsplit(request.headers.get("Referer", ""))
    return QueryDict(came_from.query if is_from_here(request) else "", mutable=True)


def is_from_here(request: HttpRequest) -> bool:
    """Tell whether a link on a page of ours was followed, not one on somebody else's."""
    return urlsplit(request.headers.get("Referer", "")).netloc == request.get_host()


def ago(moment: datetime | None) -> SafeString:
    """`moment` as people say it ("5 min ago"); the exact time shows on hover."""
    if moment is None:
        return SafeString(DASH)
    local = timezone.localtime(moment)
    exact = date_format(local, "Y-m-d H:i:s")
    return format_html(
        '<time class="gh-ago" datetime="{}" title="{}">{}</time>', local.isoformat(), exact, relative(moment)
    )


def relative(moment: datetime) -> str:
    """`moment` seen from now, in plain words."""
    distance = timezone.now() - moment
    seconds = int(distance.total_seconds())
    if abs(seconds) >= OLD:
        return date_format(timezone.localtime(moment), "Y-m-d")
    if -CLOCKS_DIFFER_BY < seconds < MINUTE:
        return _("just now")
    span = duration(abs(distance))
    return _("%(span)s ago") % {"span": span} if seconds > 0 else _("in %(span)s") % {"span": span}


def duration(span: timedelta) -> str:
    """The one unit of `span` that matters."""
    seconds = int(span.total_seconds())
    if seconds < MINUTE:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < HOUR:
        return ngettext("%(n)d min", "%(n)d min", seconds // MINUTE) % {"n": seconds // MINUTE}
    if seconds < DAY:
        return ngettext("%(n)d hour", "%(n)d hours", seconds // HOUR) % {"n": seconds // HOUR}
    return ngettext("%(n)d day", "%(n)d days", seconds // DAY) % {"n": seconds // DAY}


def badge(text: Any, tone: Tone = "info", *, icon: str = "") -> SafeString:
    """A state as icon, word and colour: never by colour alone."""
    return format_html(
        '<span class="gh-badge gh-{}"><span class="material-symbols-outlined" aria-hidden="true">{}</span>{}</span>',
        tone,
        icon or ICONS[tone],
        text,
    )
