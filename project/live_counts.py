"""The live numbers beside the sidebar's items: of what the person who asks may see."""

from typing import Any

from integrations.jenkins import rights, services
from integrations.jenkins.models import Build
from integrations.sheets import services as sheets
from integrations.sheets.models import ImportJob
from integrations.sms.models import Campaign
from realtime import gateway
from realtime import services as realtime
from realtime.models import DeadLetter


def online(_user: Any) -> int:
    """How many people hold a connection, anywhere."""
    return gateway.users_online()


def imports_running(user: Any) -> int:
    """How many of the imports that `user` may see are being read or carried out."""
    return int(sheets.visible(ImportJob, user).filter(state__in=("queued", "reading", "importing")).count())


def builds_running(user: Any) -> int:
    """How many of the builds that `user` may see run, or are about to."""
    going = (Build.State.APPROVED, Build.State.QUEUED, Build.State.RUNNING)
    return rights.builds_of(user).filter(state__in=going).count()


def builds_waiting(user: Any) -> int:
    """How many builds `user` could approve or reject now."""
    return services.waiting_for(user).count()


def dead_letters_waiting(user: Any) -> int:
    """How many messages could not be delivered and wait for `user` to look at them."""
    return realtime.dead_letters(by=user).filter(state=DeadLetter.State.WAITING).count()


def campaigns_running(user: Any) -> int:
    """How many of the campaigns that `user` may see are being counted or sent."""
    return int(Campaign.objects.seen_by(user).filter(state__in=Campaign.CLAIMABLE).count())
