"""Rules are written by superusers: else who is kept out of a folder could let themselves in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.jenkins import names, rights
from integrations.jenkins.models import Job, Rule
from project.core import audit
from project.core.errors import InvalidParameters


def write_rule(rule: Rule, *, by: Any) -> Rule:
    """Keep a rule, new or changed.

    :raises NoPermission: unless `by` is a superuser.
    :raises InvalidParameters: for one that names nobody, or several.
    """
    rights.ensure_superuser(by)
    if rule.folder:
        names.checked(rule.folder)
        # Jenkins takes “shop” for “Shop”; a rule spelled otherwise than its folder would guard nothing
        known = Job.objects.filter(server=rule.server_id, full_name__iexact=rule.folder).values_list(
            "full_name", flat=True
        )
        rule.folder = rule.folder if rule.folder in known else next(iter(known), rule.folder)
    try:
        rule.full_clean()
    except ValidationError as problem:
        raise InvalidParameters(fields=problem.message_dict) from problem
    event = "jenkins_rule.changed" if rule.pk else "jenkins_rule.created"
    with transaction.atomic():
        rule.save()
        opens = [one for one in ("view", "build", "approve", "configure") if rule.about(one)]
        audit.record(event, rule, actor=by, folder=rule.folder, whom=str(rule.role or rule.person), opens=opens)
    return rule


def delete_rule(rule: Rule, *, by: Any) -> None:
    """Do without a rule.

    :raises NoPermission: unless `by` is a superuser.
    """
    rights.ensure_superuser(by)
    with transaction.atomic():
        audit.record("jenkins_rule.deleted", rule, actor=by, folder=rule.folder, whom=str(rule.role or rule.person))
        rule.delete()
