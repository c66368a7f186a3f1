"""Templates: their words in each language, their ids at the providers, and what they look like on a telephone."""

import json
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Max, QuerySet
from django.forms.models import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_POST
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from integrations.sms import outlook, services
from integrations.sms.admin.sending import on_the_telephone
from integrations.sms.errors import BadTemplate
from integrations.sms.models import Template, TemplateCode, TemplateText
from integrations.sms.models.templates import LONGEST_TEXT, PLACE
from project.core.admin import ModelAdmin, TabularInline, ago, badge


class OrderField(forms.CharField):
    """Names of parameters, one after the other."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [one.strip().strip("${}") for one in super().clean(value).replace("，", ",").split(",") if one.strip()]


class TextForm(forms.ModelForm[TemplateText]):
    """The words in one language."""

    class Meta:
        model = TemplateText
        fields = ("language", "text")
        help_texts = {"text": gettext_lazy("Parameters as in: your code is ${code}")}
        widgets = {"text": UnfoldAdminTextareaWidget(attrs={"rows": 3, "data-text": ""})}


class TextFormSet(BaseInlineFormSet[TemplateText, Template, Any]):
    """All texts together: the same parameters in each."""

    def clean(self) -> None:
        super().clean()
        if any(self.errors):
            return
        kept = [form.cleaned_data for form in self.forms if form not in self.deleted_forms and form.cleaned_data]
        try:
            services.check_texts(self.instance, {one["language"]: one["text"] for one in kept if one.get("text")})
        except BadTemplate as problem:
            raise ValidationError(problem.fields["texts"]) from problem


class CodeForm(forms.ModelForm[TemplateCode]):
    """Its id at a provider."""

    order = OrderField(
        label=gettext_lazy("Order of parameters"),
        required=False,
        max_length=400,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Only for providers that count parameters instead of naming them: code, minutes"),
    )

    class Meta:
        model = TemplateCode
        fields = ("provider", "language", "code", "sign_name", "order")


class TextRows(TabularInline[TemplateText, Template]):
    model = TemplateText
    form = TextForm
    formset = TextFormSet
    verbose_name_plural = gettext_lazy("Texts")
    tab = False

    def get_extra(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return 0 if obj else len(settings.LANGUAGES)

    def get_max_num(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> int:
        return len(settings.LANGUAGES)


class CodeRows(TabularInline[TemplateCode, Template]):
    model = TemplateCode
    form = CodeForm
    verbose_name_plural = gettext_lazy("Ids at providers")
    tab = False


@admin.register(Template)
class TemplateAdmin(ModelAdmin[Template]):
    """What text messages say."""

    inlines = (TextRows, CodeRows)
    list_display = ("shown_name", "shown_state", "shown_text", "shown_places", "shown_providers", "shown_use")
    list_display_links = ("shown_name",)
    list_filter = ("enabled",)
    search_fields = ("key", "name")
    search_help_text = gettext_lazy("Key or name")
    fieldsets = ((None, {"fields": (("key", "name"), ("enabled", "by_hand"))}),)
    change_form_after_template = "sms/template_preview.html"
    empty_state = gettext_lazy(
        "A template is what messages say, with places for what differs: “Your parcel ${number} is here.”"
    )

    class Media:
        css = {"all": ("sms/sms.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        found = super().get_queryset(request).prefetch_related("texts", "codes__provider")
        return found.annotate(used=Count("messages"), used_at=Max("messages__created_at"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # programs know it by its key
        return ("key",) if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj and obj.is_built_in:  # its name is translated
            return ((None, {"fields": ("key", ("enabled", "by_hand"))}),)
        return super().get_fieldsets(request, obj)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "name" in form.base_fields:
            form.base_fields["name"].help_text = _("What people call it.")
        if "key" in form.base_fields:
            form.base_fields["key"].help_text = _("What programs call it; it never changes.")
        return form

    def get_actions(self, request: HttpRequest) -> Any:
        found = super().get_actions(request)
        found.pop("delete_selected", None)  # one by one: those that were used stay
        return found

    # --- writing: the service's work ---

    def save_model(self, request: HttpRequest, obj: Template, form: Any, change: bool) -> None:
        """Saved together with what hangs on it."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        rows: dict[type, list[Any]] = {TemplateText: [], TemplateCode: []}
        gone: list[Any] = []
        for one in formsets:
            rows[one.model] += one.save(commit=False)
            gone += one.deleted_objects
        services.write_template(
            form.instance, texts=rows[TemplateText], codes=rows[TemplateCode], gone=gone, by=request.user
        )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        template = self.get_object(request, object_id) if object_id else None
        about = on_the_telephone(template)
        try:
            return super().changeform_view(request, object_id, form_url, (extra_context or {}) | about)
        except BadTemplate as problem:
            messages.error(request, " ".join(str(text) for texts in problem.fields.values() for text in texts))
            return redirect(request.get_full_path())

    def delete_model(self, request: HttpRequest, obj: Template) -> None:
        services.delete_template(obj, by=request.user)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        listed, counts, _missing, protected = super().get_deleted_objects(objs, request)
        return listed, counts, set(), protected  # its texts and ids go along

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> Any:
        more = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, TextRows) and not obj.pk:  # a row for each language; one without words is left out
            more["initial"] = [{"language": code} for code, _name in settings.LANGUAGES]
        return more

    # --- preview ---

    def get_urls(self) -> list[URLPattern]:
        shown = self.admin_site.admin_view(require_POST(self.preview))
        return [path("preview/", shown, name="sms_template_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest) -> HttpResponse:
        """Answer what texts would say and cost: `{"texts": [{"language", "text"}], "values": {}}`."""
        if not (self.has_view_permission(request) or request.user.has_perm("sms.send_message")):
            raise PermissionDenied
        try:
            asked = json.loads(request.body)
            texts = [(str(one["language"]), str(one["text"])[:LONGEST_TEXT]) for one in asked["texts"][:20]]
            values = {str(name): str(value)[:LONGEST_TEXT] for name, value in asked.get("values", {}).items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            return JsonResponse({"previews": []}, status=400)
        told = [{"language": language} | outlook.of_text(text, values) for language, text in texts]
        return JsonResponse({"previews": told}, headers={"Cache-Control": "no-store"})

    # --- list ---

    @display(description=gettext_lazy("Template"), ordering="key")
    def shown_name(self, template: Template) -> SafeString:
        return format_html(
            '<span><span class="gh-person-name">{}</span><span class="gh-person-sub gh-mono">{}</span></span>',
            template, template.key,
        )  # fmt: skip

    @display(description=gettext_lazy("State"), ordering="enabled")
    def shown_state(self, template: Template) -> SafeString:
        return badge(_("in use"), "ok") if template.enabled else badge(_("off"), "idle")

    @display(description=gettext_lazy("Text"))
    def shown_text(self, template: Template) -> SafeString:
        return format_html('<span class="sms-text">{}</span>', _marked(template.text_in(settings.LANGUAGE_CODE)))

    @display(description=gettext_lazy("Languages"))
    def shown_places(self, template: Template) -> str:
        names = dict(settings.LANGUAGES)
        comma = pgettext("between the items of a list", ", ")
        return comma.join(str(names.get(one.language, one.language)) for one in template.texts.all())

    @display(description=gettext_lazy("Ids at providers"))
    def shown_providers(self, template: Template) -> Any:
        codes = [(one.provider.name, one.code) for one in template.codes.all()]
        return format_html_join("", '<span class="sms-code">{} <code>{}</code></span>', codes) if codes else None

    @display(description=gettext_lazy("Used"), ordering="used")
    def shown_use(self, template: Any) -> Any:
        return format_html("{} · {}", template.used, ago(template.used_at)) if template.used else None


def _marked(text: str) -> SafeString:
    """The text with its places set off."""
    pieces, last = [], 0
    for place in PLACE.finditer(text):
        pieces += [("", text[last : place.start()]), ("sms-place", place[1])]
        last = place.end()
    pieces.append(("", text[last:]))
    return format_html_join("", '<span class="{}">{}</span>', pieces)
