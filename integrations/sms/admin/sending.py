"""The page on which one message is sent to one person or number."""

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.sms import forms, outlook, services
from integrations.sms.models import Template
from project.core.errors import GatehouseError


def page(admin: Any, request: HttpRequest) -> HttpResponse:
    """Answer with the form, or send what it says."""
    template = forms.chosen(request.POST.get("template") or request.GET.get("template", ""))
    started = {name: request.GET[name] for name in ("person", "phone") if request.GET.get(name)}
    form = forms.SendForm(request.POST or None, template=template, by=request.user, initial=started)
    if form.is_bound and form.is_valid():
        try:
            message = _sent(form, request.user)
        except GatehouseError as problem:
            form.add_error(None, [str(text) for texts in problem.fields.values() for text in texts] or str(problem))
        else:
            messages.success(request, _("The message is on its way."))
            return redirect(reverse("admin:sms_message_change", args=(message.pk,)))
    shown = {
        "title": _("Send a text message"),
        "opts": admin.opts,
        "form": form,
        "media": admin.media + form.media,
        "template": template,
    }
    return TemplateResponse(
        request, "sms/send.html", admin.admin_site.each_context(request) | shown | on_the_telephone(template)
    )


def on_the_telephone(template: Template | None) -> dict[str, Any]:
    """What shows a template as people read it: previews, and what languages are called."""
    names = {code: str(name) for code, name in settings.LANGUAGES}
    return {"previews": _previews(template), "language_names": json.dumps(names, ensure_ascii=False)}


def _previews(template: Template | None) -> list[dict[str, Any]]:
    """What a template says in each of its languages."""
    names = dict(settings.LANGUAGES)
    texts = template.texts.all() if template else []
    return [
        {"language": one.language, "name": names.get(one.language, one.language), "raw": one.text}
        | outlook.of_text(one.text, {})
        for one in texts
    ]


def _sent(form: forms.SendForm, by: Any) -> Any:
    given = form.cleaned_data
    person = given["person"]
    return services.send_by_hand(
        template=given["template"].key,
        parameters=form.parameters,
        by=by,
        phone="" if person else given["number"],
        person=person,
        language=given["language"],
    )
