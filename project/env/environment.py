"""All variables in one: a base for each area, in the order in which the docs tell them."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from project.env.gateway import Gateway
from project.env.jenkins import Jenkins
from project.env.logs import Logs
from project.env.mail import Mail
from project.env.people import FirstAdministrator, Sessions
from project.env.place import Place, Web
from project.env.servers import Data, Redis, Worker
from project.env.sheets import Sheets
from project.env.sms import TextMessages


@dataclass(frozen=True, kw_only=True)
class Environment(
    Place,
    Web,
    Data,
    Redis,
    Worker,
    FirstAdministrator,
    Sessions,
    Mail,
    TextMessages,
    Jenkins,
    Logs,
    Sheets,
    Gateway,
):
    """What the operator decided. Every field is an environment variable of the same name."""

    @property
    def public_url(self) -> str:
        """Where people reach this house."""
        if self.PUBLIC_URL:
            return self.PUBLIC_URL
        host = next((one.lstrip(".") for one in self.ALLOWED_HOSTS if one != "*"), self.HOST)
        if self.production:
            return f"https://{host}"
        return f"{'https' if self.TLS_CERT_FILE else 'http'}://{host}:{self.PORT}"

    @property
    def production(self) -> bool:
        return self.GATEHOUSE_ENV == "prod"


AREAS: tuple[Any, ...] = Environment.__bases__


def declared() -> list["Field[Any]"]:
    """Every variable, in order."""
    return [one for area in AREAS for one in fields(area)]


def areas() -> Iterator[tuple[str, list[tuple[str, Mapping[str, Any]]]]]:
    """Each area's heading, and name and description (default, help, example, secret) of its variables."""
    for area in AREAS:
        yield area.__doc__.rstrip("."), [(one.name, one.metadata) for one in fields(area)]


def about() -> list[tuple[str, Mapping[str, Any]]]:
    """Name and description of every variable, in order."""
    return [(one.name, one.metadata) for one in declared()]
