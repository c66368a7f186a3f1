"""Who asks, and whether a POST is meant: `jenkins.security.BasicHeaderProcessor`, `hudson.security.csrf`."""

import base64
import hashlib
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tests.fakes.jenkins.stapler import Bean, Facts, Refused, Request, exported

CRUMB = "Jenkins-Crumb"


@dataclass
class Account:
    name: str
    password: str = ""
    token: str = ""
    may_write: bool = True


class CrumbIssuer(Bean):
    """`hudson.security.csrf.DefaultCrumbIssuer`."""

    java = "hudson.security.csrf.DefaultCrumbIssuer"

    def __init__(self, crumb: str) -> None:
        self.issued = crumb

    crumb = exported("crumb")(lambda self: self.issued)
    field_name = exported("crumbRequestField")(lambda self: CRUMB)


class Security:
    """Accounts, the sessions of this run of Jenkins, and its crumbs.

    :param anonymous: what somebody without credentials gets: "none" (403 and a page that leads to the sign-in), "read",
        or "401" (as behind a proxy that asks for the password itself).
    """

    def __init__(self, accounts: list[Account], anonymous: str) -> None:
        self.accounts = {account.name: account for account in accounts}
        self.anonymous, self.salt = anonymous, secrets.token_hex(16)
        self.sessions: dict[str, str] = {}

    def restarted(self) -> None:
        self.sessions.clear()

    def admit(self, request: Request) -> bool:
        """Set the request's user and session; whether the session is new.

        :raises Refused: for a wrong password or token (401), nobody known (403), a POST that is not allowed (403).
        """
        account, by_token = self._account(request)
        request.user = account.name if account else "anonymous"
        request.session = _cookie(request)
        is_new = not by_token and request.session not in self.sessions
        if is_new:
            request.session = secrets.token_hex(16)
            self.sessions[request.session] = request.user
        if request.method == "POST" and not by_token:
            self._check_crumb(request)
        if account is None and not self._is_open(request):
            self._refuse_anonymous(request)
        if request.method == "POST" and (account is None or not account.may_write):
            said = f"{request.user} is missing the Overall/Administer permission"
            raise Refused(HTTPStatus.FORBIDDEN, said, **{"X-You-Are-Authenticated-As": request.user})
        return is_new

    def _account(self, request: Request) -> tuple[Account | None, bool]:
        header = request.headers.get("authorization", "")
        if not header.lower().startswith("basic "):
            return self.accounts.get(self.sessions.get(_cookie(request), "")), False
        try:
            name, _, secret = base64.b64decode(header[6:]).decode().partition(":")
        except ValueError:
            name = secret = ""
        account = self.accounts.get(name)
        if account and secret and secret in {account.token, account.password}:
            return account, secret == account.token
        said = f"Invalid password/token for user: {name}"
        raise Refused(HTTPStatus.UNAUTHORIZED, said, **{"WWW-Authenticate": 'Basic realm="Jenkins"'})

    def crumb(self, request: Request) -> str:
        """`DefaultCrumbIssuer.issueCrumb`: of the user and the session, so it ends with the session."""
        return hashlib.sha256(f"{request.user};{request.session}{self.salt}".encode()).hexdigest()

    def about(self, name: str, request: Request, root_url: str) -> Bean:
        """`CrumbIssuer`, `hudson.security.WhoAmI` and `hudson.model.User`: addresses that depend on who asks."""
        if name == "crumbIssuer":
            return CrumbIssuer(self.crumb(request))
        if name == "me":
            facts: dict[str, Any] = {"id": request.user, "fullName": request.user, "description": None, "property": []}
            return Facts("hudson.model.User", 1, absoluteUrl=f"{root_url}user/{request.user}", **facts)
        is_known = request.user != "anonymous"
        groups = ["authenticated"] * is_known
        facts = {"name": request.user, "anonymous": not is_known, "authenticated": True, "authorities": groups}
        return Facts("hudson.security.WhoAmI", 1, **facts)

    def _check_crumb(self, request: Request) -> None:
        """`CrumbFilter.doFilter`; a request with an API token never gets here (`ApiCrumbExclusion`)."""
        given = request.headers.get(CRUMB.lower()) or request.get(CRUMB) or ""
        if not secrets.compare_digest(given, self.crumb(request)):
            raise Refused(HTTPStatus.FORBIDDEN, "No valid crumb was included in the request")

    def _is_open(self, request: Request) -> bool:
        return self.anonymous == "read" or request.rest[:1] == ["login"]

    def _refuse_anonymous(self, request: Request) -> None:
        """`hudson.security.HudsonAuthenticationEntryPoint`."""
        if self.anonymous == "401":
            raise Refused(HTTPStatus.UNAUTHORIZED, "Unauthorized", **{"WWW-Authenticate": 'Basic realm="Jenkins"'})
        raise Refused(HTTPStatus.FORBIDDEN, "Authentication required")


def _cookie(request: Request) -> str:
    for each in request.headers.get("cookie", "").split(";"):
        name, _, value = each.strip().partition("=")
        if name == "JSESSIONID.simulator":
            return value
    return ""
