"""A person's sessions and sign-ins, inside their form."""

from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.decorators import display

from accounts.admin import shown
from accounts.models import LoginEvent, LoginSession, User
from project.core.admin import ReadOnlyAdmin, TabularInline, ago


class SessionRows(ReadOnlyAdmin, TabularInline[LoginSession, User]):
    """Where the person is and was signed in."""

    model = LoginSession
    fk_name = "user"
    fields = ("shown_state", "shown_device", "shown_place", "shown_seen", "shown_created")
    readonly_fields = fields
    per_page = 10
    can_delete = False

    @display(description=gettext_lazy("State"))
    def shown_state(self, session: LoginSession) -> SafeString:
        return shown.session_state(session)

    @display(description=gettext_lazy("Device"))
    def shown_device(self, session: LoginSession) -> str:
        return shown.device_name(session)

    @display(description=pgettext_lazy("where from", "Place"))
    def shown_place(self, session: LoginSession) -> SafeString:
        return shown.place(session)

    @display(description=gettext_lazy("Last seen"))
    def shown_seen(self, session: LoginSession) -> SafeString:
        return ago(session.last_seen_at)

    @display(description=gettext_lazy("Signed in"))
    def shown_created(self, session: LoginSession) -> SafeString:
        return ago(session.created_at)


class EventRows(ReadOnlyAdmin, TabularInline[LoginEvent, User]):
    """The person's attempts to sign in."""

    model = LoginEvent
    fields = ("shown_outcome", "scope", "shown_place", "shown_program", "shown_when")
    readonly_fields = fields
    per_page = 10
    can_delete = False

    @display(description=gettext_lazy("Outcome"))
    def shown_outcome(self, event: LoginEvent) -> SafeString:
        return shown.outcome(event)

    @display(description=pgettext_lazy("where from", "Place"))
    def shown_place(self, event: LoginEvent) -> SafeString:
        return shown.place(event)

    @display(description=gettext_lazy("Device"))
    def shown_program(self, event: LoginEvent) -> SafeString:
        return shown.program(event)

    @display(description=gettext_lazy("When"))
    def shown_when(self, event: LoginEvent) -> SafeString:
        return ago(event.created_at)
