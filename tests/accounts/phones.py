"""Somebody's phone with an app that shows codes."""

import base64
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django_otp.oath import TOTP

STEP, A_MOMENT = 30, 2


class Phone:
    """Knows a secret and what time it is."""

    def __init__(self, otpauth_uri: str) -> None:
        asked = urlsplit(otpauth_uri)
        self.label = asked.path
        self.given: Mapping[str, Any] = {name: values[0] for name, values in parse_qs(asked.query).items()}
        self._key = base64.b32decode(self.given["secret"])

    def code(self, steps: int = 0) -> str:
        """What it shows `steps` times 30 seconds from now; of a step that is about to end, what it shows in the next one.

        Else it would be a step older when it is looked at, and a code of the step before too old.
        """
        if (left := STEP - time.time() % STEP) < A_MOMENT:
            time.sleep(left)
        clock = TOTP(self._key)
        clock.time = time.time() + STEP * steps
        return f"{clock.token():06}"

    def wrong(self) -> str:
        """A code that it shows neither now nor just before or after."""
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in (f"{number:06}" for number in range(100)) if code not in near)
