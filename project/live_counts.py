"""The live numbers beside the sidebar's items: of what the person who asks may see."""

from typing import Any

from django.db.models import Q

from integrations.jenkins import rights
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
    """How many builds of others wait for `user`, as far as rules of folders and roles let them decide."""
    waiting = rights.builds_of(user, "approve").waiting().exclude(created_by=user.pk)
    if not user.is_superuser:
        waiting = waiting.filter(Q(approver_role=None) | Q(approver_role__in=user.groups.all()))
    return waiting.count()


def dead_letters_waiting(user: Any) -> int:
    """How many messages could not be delivered and wait for `user` to look at them."""
    return realtime.dead_letters(by=user).filter(state=DeadLetter.State.WAITING).count()


def campaigns_running(user: Any) -> int:
    """How many of the campaigns that `user` may see are being counted or sent."""
    return int(Campaign.objects.seen_by(user).filter(state__in=Campaign.CLAIMABLE).count())
