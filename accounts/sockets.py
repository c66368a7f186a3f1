"""What a change of people means for the sockets they have open."""

from collections.abc import Iterable

import structlog

from accounts import errors, identity
from accounts.models import User
from project.core.errors import GatehouseError
from realtime import gateway
from realtime.core.codes import CloseCode

log = structlog.get_logger(__name__)


def regroup(user_ids: Iterable[int]) -> None:
    """Move the people's open sockets to the groups they now belong to.

    Harmless where the gateway is out of reach: the rows are right, and the next connection reads them.
    """
    for person in User.objects.get_queryset().filter(pk__in=list(user_ids)):
        try:
            if gateway.is_online(person.pk):
                gateway.regroup(person.pk, identity.automatic_groups(person.role_keys, person.department_id))
        except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
            log.info("user.sockets_not_regrouped", user=person.pk, problem=str(problem))


def close_until_password_changed(user_id: int) -> None:
    """Close the sockets of somebody who must choose a new password first; what is missed, the gateway's next look finds."""
    try:
        gateway.disconnect(user_id=user_id, code=CloseCode.NOT_AUTHENTICATED, reason=str(errors.PasswordDue.message))
    except (GatehouseError, OSError, RuntimeError, TimeoutError) as problem:
        log.info("user.sockets_not_closed", user=user_id, problem=str(problem))
