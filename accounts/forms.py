"""The back office's sign-in form, behind the same lock as the API."""

from typing import Any

from django.core.exceptions import ValidationError
from unfold.forms import AuthenticationForm

from accounts import errors, sign_in
from accounts.signing_in_and_out import caller_of


class SignInForm(AuthenticationForm):  # type: ignore[misc]  # unfold has no types
    """User name and password of staff."""

    def clean(self) -> dict[str, Any]:
        username, password = self.cleaned_data.get("username"), self.cleaned_data.get("password")
        if username and password:
            try:
                self.user_cache = sign_in.authenticate(
                    username=username, password=password, caller=caller_of(self.request), staff_only=True
                )
            except (errors.BadCredentials, errors.Locked) as problem:
                raise ValidationError(str(problem), code="invalid_login") from problem
            # raised through the form: the page goes on to the second step
            sign_in.ask_for_second_factor(self.user_cache, caller_of(self.request))
            # which of several backends signs them in: Django asks, since we did not use its authenticate()
            self.user_cache.backend = "django.contrib.auth.backends.ModelBackend"
        return dict(self.cleaned_data)
