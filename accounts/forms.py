"""The back office's sign-in form, behind the same lock as the API."""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from unfold.forms import AuthenticationForm

from accounts import captcha, errors, lockout, sign_in
from accounts.signing_in_and_out import caller_of

REFUSALS = (errors.BadCredentials, errors.Locked, errors.TooManyAtOnce)


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """User name and password of staff, and a solved captcha after failures."""

    @cached_property
    def challenge(self) -> dict[str, Any] | None:
        """The captcha to solve with the next attempt, None when none is due.

        While no name is known it is due when anybody failed from this address as often: that costs others a moment of
        their browser's, and spares whom it was who failed the typing of their password once more.
        """
        username = sign_in.username_as_kept(str(self.data.get("username", "")))
        tally = lockout.look(username, caller_of(self.request).ip or None)
        if not username:
            tally = tally._replace(of_name_here=tally.from_here)
        if tally.captcha_level is None:
            return None
        return captcha.challenge(captcha.Purpose.LOGIN, username, level=tally.captcha_level)

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            try:
                self.user_cache = sign_in.authenticate(
                    username=username,
                    password=password,
                    caller=caller_of(self.request),
                    staff_only=True,
                    solution=str(self.data.get("captcha", "")),
                )
            except errors.CaptchaRequired as problem:
                told = _("One more check is needed, which this page now makes. Please type your password again.")
                raise ValidationError(told, code="captcha") from problem
            except REFUSALS as problem:
                raise ValidationError(str(problem), code="invalid_login") from problem
            # raised through the form: the page goes on to the second step
            sign_in.ask_for_second_factor(self.user_cache, caller_of(self.request))
            # which of several backends signs them in: Django asks, since we did not use its authenticate()
            self.user_cache.backend = "django.contrib.auth.backends.ModelBackend"
        return dict(self.cleaned_data)
