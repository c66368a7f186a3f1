"""Acting as somebody else: the page that asks why, and the button that ends it."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminRadioSelectWidget, UnfoldAdminTextInputWidget

from accounts import services
from accounts.admin import shown
from accounts.admin.forms import acting
from accounts.admin.step_up import ask
from accounts.impersonation.middleware import remember
from accounts.impersonation.state import MAY_WRITE
from accounts.models import LoginSession, User
from accounts.services.impersonation import REASON_LENGTH
from project.core.errors import GatehouseError

READS, WRITES = "read", "write"


class ImpersonationForm(forms.Form):
    """Why, and whether things are to be changed."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=REASON_LENGTH,
        help_text=gettext_lazy("Goes into the audit trail with your name."),
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
    )
    mode = forms.ChoiceField(
        label=gettext_lazy("What for"),
        choices=[
            (READS, gettext_lazy("Only look: nothing can be changed")),
            (WRITES, gettext_lazy("Change things in their place")),
        ],
        initial=READS,
        widget=UnfoldAdminRadioSelectWidget,
    )

    def __init__(self, request: HttpRequest) -> None:
        super().__init__(request.POST if request.method == "POST" else None)
        if not request.user.has_perm(MAY_WRITE):
            del self.fields["mode"]

    @property
    def writes(self) -> bool:
        return self.cleaned_data.get("mode") == WRITES


def begin(request: HttpRequest, subject: User) -> HttpResponse:
    """Ask why, then let the person who asks act as `subject`."""
    form = ImpersonationForm(request)
    session: LoginSession | None = getattr(request, "login_session", None)
    if session is not None and form.is_bound and form.is_valid():
        if page := ask(request):
            return page
        try:
            services.impersonate(
                session=session,
                subject=subject,
                by=acting(request),
                reason=form.cleaned_data["reason"],
                writes=form.writes,
            )
        except ValidationError as problem:
            form.add_error(None, [text for texts in problem.message_dict.values() for text in texts])
        except GatehouseError as problem:
            form.add_error(None, str(problem))
        else:
            remember(request, subject.pk)
            return redirect("admin:index")
    page_context: dict[str, Any] = admin.site.each_context(request) | {
        "title": _("Act as %(name)s") % {"name": subject},
        "opts": User._meta,
        "form": form,
        "shown": shown.person(subject),
        "subject": subject,
        "tells": settings.IMPERSONATION_TELLS,
    }
    return TemplateResponse(request, "gatehouse/impersonate.html", page_context)


@require_POST
def end(request: HttpRequest) -> HttpResponse:
    """Be oneself again, and return to the page of the person."""
    session: LoginSession | None = getattr(request, "login_session", None)
    if session is None:
        return redirect("admin:login")
    subject_id = session.subject_id
    services.stop_impersonating(session=session)
    remember(request, 0)
    messages.success(request, _("You are yourself again."))
    if subject_id is None:
        return redirect("admin:index")
    return redirect("admin:accounts_user_change", subject_id)
