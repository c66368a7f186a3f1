"""What a client does with a captcha: the work."""

import json
import re
from collections.abc import Callable
from typing import Any

import altcha

LEVELS = 4
"""0 to `accounts.captcha.MAX_LEVEL`; the solution of the hardest one will do, whatever happens meanwhile."""


def solved(told: dict[str, Any]) -> str:
    """Solve what `auth/captcha` answered, or the error of a call that wanted one."""
    challenge = altcha.Challenge.from_dict(told["captcha"])
    solution = altcha.solve_challenge(challenge)
    assert solution, "the captcha is harder than it should be"
    return altcha.Payload(challenge, solution).to_base64()


def knock(ask: Callable[..., Any], body: dict[str, Any], **more: Any) -> Any:
    """Try to sign in with `ask`, the way an app does: the captcha that is asked for on the way is solved.

    :param ask: `post` of somebody's program.
    """
    answer = ask("auth/login", body, **more)
    for _level in range(LEVELS):  # others who fail meanwhile make it harder
        if answer.status_code != 403 or answer.json()["error"]["code"] != "20009":
            break
        answer = ask("auth/login", body | {"captcha": solved(answer.json()["error"])}, **more)
    return answer


def knock_at_page(browser: Any, body: dict[str, Any], page: str = "/admin/login/", **more: Any) -> Any:
    """Try to sign in to the back office as a browser does (Django's test client): the page's captcha, if any, is solved."""
    solution = solved_on(browser.get(page, **more).content.decode())
    return browser.post(page, body | ({"captcha": solution} if solution else {}), **more)


def solved_on(page: str) -> str:
    """Solve the captcha of a page; empty when it has none."""
    shown = re.search(r'id="captcha-challenge"[^>]*>(.+?)</script>', page)
    return solved(json.loads(shown[1])) if shown else ""
