"""The page of one job, or of one folder."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse

from integrations.jenkins import looks, names, rights
from integrations.jenkins.models import Build, Job, Rule
from integrations.jenkins.services import approval_of
from project.core.admin import ago

BUILDS = 15
ACTIONS = ("view", "build", "approve", "configure")


def of(job: Job, user: Any) -> dict[str, Any]:
    """What is known of a job, and what `user` may do with it."""
    return {
        "job": job,
        "server": job.server,
        "health": looks.health(job.server),
        "status": looks.status(job),
        "weather": looks.weather(job.health),
        "built": ago(job.last_built_at),
        "took": looks.took(job.last_milliseconds),
        "above": _above(job, user),
        "builds": builds_of(job),
        "wants": approval_of(job),
        "opened": opened(job),
        "may": {one: rights.may(user, one, job) for one in ACTIONS},
        "can_be_built": job.buildable and job.gone_at is None and job.server.enabled and not job.is_folder,
        "is_superuser": user.is_superuser,
    }


def builds_of(job: Job) -> list[Mapping[str, Any]]:
    """The builds that were asked for here, the newest first."""
    rows = Build.objects.filter(job=job).select_related("created_by", "job").order_by("-created_at")[:BUILDS]
    return [shown(row) for row in rows]


def shown(build: Build) -> dict[str, Any]:
    """A build as one line of a list."""
    return {
        "build": build,
        "state": looks.state(build),
        "who": build.created_by.get_full_name() if build.created_by else "",
        "asked": ago(build.created_at),
        "took": looks.took(build.milliseconds),
        "url": reverse("admin:jenkins_build_change", args=(build.pk,)),
    }


def opened(job: Job) -> dict[str, list[str]]:
    """For each action: whom rules name at the folder that decides; no list where there is no rule."""
    rules = list(Rule.objects.filter(server=job.server_id).select_related("role", "person"))
    found: dict[str, list[str]] = {}
    for action in ACTIONS:
        about = [one for one in rules if one.about(action)]
        for folder in names.folders_of(job.full_name):
            here = [str(one.role or one.person) for one in about if one.folder == folder]
            if here:
                found[action] = sorted(set(here))
                break
    return found


def _above(job: Job, user: Any) -> list[tuple[str, str]]:
    """The folders above, and where their pages are, if `user` may see them."""
    folders = [one for one in reversed(names.folders_of(job.full_name)[1:]) if one]
    seen = dict(
        rights.jobs_of(user, "view").filter(server=job.server_id, full_name__in=folders).values_list("full_name", "pk")
    )
    return [
        (one.rpartition("/")[2], reverse("admin:jenkins_job_change", args=(seen[one],)) if one in seen else "")
        for one in folders
    ]
