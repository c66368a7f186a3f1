"""What people did can be read later; who, from where, under which request."""

import pytest
from auditlog.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone

from project.core import audit, context
from project.core.context import Identity

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


@pytest.fixture
def mei():
    return get_user_model().objects.create_user("mei")


@pytest.fixture
def boss():
    return get_user_model().objects.create_user("boss")


class TestRecord:
    def test_says_who_from_where_and_under_which_request(self, mei, boss):
        context.init(ip="192.0.2.7", request_id="trace-0001", user=Identity(boss.pk))

        entry = audit.record("session.ended", mei, reason="left the company", sockets=2)

        entry = LogEntry.objects.get(pk=entry.pk)
        assert (entry.actor, entry.remote_addr, entry.cid) == (boss, "192.0.2.7", "trace-0001")
        assert (entry.object_pk, entry.content_type.model_class()) == (str(mei.pk), get_user_model())
        assert entry.additional_data == {
            "event": "session.ended",
            "reason": "left the company",
            "details": {"sockets": 2},
        }

    def test_names_the_one_who_really_acts(self, mei, boss):
        context.init(user=Identity(mei.pk, actor_id=boss.pk))

        entry = audit.record("user.changed", mei)

        assert entry.actor_id == boss.pk
        assert entry.additional_data["as_user"] == mei.pk

    def test_prefers_the_actor_it_is_given(self, mei, boss):
        context.init(user=Identity(mei.pk))

        assert audit.record("user.changed", mei, actor=boss).actor_id == boss.pk

    def test_needs_no_object_and_no_context(self):
        entry = audit.record("backup.made", at=timezone.now(), files=["a", 1, None])

        assert (entry.actor, entry.remote_addr, entry.object_repr) == (None, None, "backup.made")
        assert entry.additional_data["details"]["files"] == ["a", 1, None]

    def test_keeps_no_secret(self, mei):
        entry = audit.record("user.changed", mei, new_password="hunter-two", note="Bearer abcdef123456")

        assert "hunter-two" not in str(entry.additional_data)
        assert "abcdef123456" not in str(entry.additional_data)


class TestAutomaticEntries:
    def test_know_who_too(self, mei):
        context.init(ip="192.0.2.7", request_id="trace-0001", user=Identity(mei.pk))

        entry = LogEntry.objects.log_create(mei, force_log=True, action=LogEntry.Action.UPDATE)

        assert (entry.actor_id, entry.remote_addr, entry.cid) == (mei.pk, "192.0.2.7", "trace-0001")
        assert entry.content_type == ContentType.objects.get_for_model(mei)
