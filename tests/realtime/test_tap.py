"""Staff watch what a connection sends and gets."""

import json
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.db import connection
from django.utils import timezone

from accounts.models import Department, Role, User
from realtime import cluster, tap, tasks, watches
from realtime.core.outbox import WireOutbox
from realtime.models import Watch
from tests.accounts.together import together
from tests.realtime.conftest import until
from tests.realtime.server import GatehouseProcess
from tests.realtime.staff import person

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def staff(hans):
    """Hans, who may watch, and stands above Mei."""
    person("mei", number=1)
    person("hans", "accounts.change_user", rank=50, number=2)
    return hans


def watch(watcher, watched):
    answer = watcher.ask("tap.start", {"connection": watched.id})
    assert "error" not in answer, answer
    return answer["data"]


def seen(watcher, wanted):
    """Return the first shown frame that is wanted, as (way, what the frame said)."""
    while True:
        for one in watcher.next("tap.frames")["frames"]:
            if wanted(one):
                return one["way"], json.loads(one["text"]) if one["way"] != "note" else one["text"]


def trail(event):
    return list(LogEntry.objects.filter(additional_data__event=event))


class TestWatching:
    def test_shows_what_is_sent_and_got(self, staff, mei):
        assert watch(staff, mei)["seconds"] == 900

        mei.ask("echo", {"hello": "世界"})

        heard = {"topic": "echo", "data": {"hello": "世界"}, "id": 1}
        assert seen(staff, lambda one: one["way"] == "in") == ("in", heard)
        mei.ask("no.such.topic")
        way, frame = seen(staff, lambda one: "error" in one["text"])
        assert (way, frame["error"]["code"]) == ("out", "40001")

    def test_hides_secrets(self, staff, mei):
        watch(staff, mei)

        mei.ask("auth", {"access": "mei"})
        assert seen(staff, lambda one: one["topic"] == "auth")[1]["data"] == "***"
        mei.ask("echo", {"password": "battery", "said": "Bearer abcdef123456", "hat": "red"})
        shown = seen(staff, lambda one: one["topic"] == "echo")[1]["data"]
        assert shown == {"password": "***", "said": "Bearer ***", "hat": "red"}

    def test_is_known_to_who_is_watched(self, staff, mei):
        assert not mei.ask("whoami")["data"]["watched"]

        watch(staff, mei)

        assert mei.ask("whoami")["data"]["watched"]
        assert watches.watched_sessions(["session-mei", "session-hans"]) == {"session-mei"}
        staff.ask("tap.stop", {"connection": mei.id})
        until(lambda: not watches.watched_sessions(["session-mei"]))

    def test_leaves_out_what_is_too_much_and_says_so(self, staff, mei, monkeypatch):
        monkeypatch.setattr(tap, "MAX_FRAMES", 5)
        watch(staff, mei)

        for number in range(80):
            mei.tell("echo", number)
        mei.ask("ping")

        shown, left_out = 0, 0
        while shown + left_out < 82:
            said = staff.next("tap.frames")
            assert len(said["frames"]) <= tap.MAX_FRAMES
            shown, left_out = shown + len(said["frames"]), left_out + said["left_out"]
        assert left_out

    def test_cuts_long_frames(self, staff, mei):
        watch(staff, mei)

        mei.ask("echo", "x" * 20_000)

        one = next(one for one in staff.next("tap.frames")["frames"] if one["topic"] == "echo")
        assert one["cut"]
        assert (len(one["text"]), one["size"] > 20_000) == (tap.MAX_TEXT, True)

    def test_does_not_echo_between_two_who_watch_each_other(self, gatehouse, opener, staff):
        other = opener(gatehouse, bearer="hans").greeted()
        watch(staff, other)
        watch(other, staff)

        staff.ask("echo", "hush")
        assert seen(other, lambda one: "hush" in one["text"])
        other.ask("echo", "you too")

        topics = []
        assert seen(staff, lambda one: topics.append(one["topic"]) or "you too" in one["text"])
        assert "tap.frames" not in topics


class TestEnding:
    def test_leaves_the_connection_as_it_was(self, staff, mei):
        watch(staff, mei)
        watched = cluster.serving().hub.connections[mei.id]
        assert not isinstance(watched.outbox, WireOutbox)

        staff.ask("tap.stop", {"connection": mei.id})

        assert staff.wait_for(lambda frame: "ended" in (frame.get("data") or {}))["data"]["ended"] == "left"
        assert isinstance(watched.outbox, WireOutbox)
        assert not tap.taps
        assert mei.is_alive()

    def test_comes_when_nobody_says_any_more_that_they_watch(self, staff, mei, monkeypatch):
        monkeypatch.setattr(tap, "LEASE_SECONDS", 0.3)
        watch(staff, mei)

        staff.close()

        until(lambda: not tap.taps)

    def test_comes_after_a_while_however_often_one_asks(self, staff, mei, monkeypatch):
        monkeypatch.setattr(tap, "LONGEST_SECONDS", 0.3)
        watch(staff, mei)
        watch(staff, mei)

        assert staff.wait_for(lambda frame: "ended" in (frame.get("data") or {}))["data"]["ended"] == "time"

    def test_comes_with_the_connection(self, staff, mei):
        watch(staff, mei)

        mei.close()

        assert staff.wait_for(lambda frame: "ended" in (frame.get("data") or {}))["data"]["ended"] == "closed"
        until(lambda: not tap.taps)

    def test_is_in_the_audit_trail_as_the_beginning_is(self, staff, mei):
        watch(staff, mei)
        watch(staff, mei)
        mei.ask("echo", 1)
        seen(staff, lambda one: one["topic"] == "echo")
        staff.ask("tap.stop", {"connection": mei.id})

        (ended,) = until(lambda: trail("realtime.watch_ended"))
        (started,) = trail("realtime.watch_started")

        assert [(one.actor.username, one.object_id) for one in (started, ended)] == [("hans", 1)] * 2
        assert ended.additional_data["details"]["connection_id"] == mei.id
        assert ended.additional_data["details"]["frames"] >= 2


class TestKilledNode:
    def test_leaves_an_end_in_the_audit_trail_all_the_same(self, tmp_path, opener):
        person("mei", number=1)
        person("hans", "accounts.change_user", rank=50, number=2)
        node = GatehouseProcess(tmp_path / "node", DATABASE_URL=f"sqlite:///{connection.settings_dict['NAME']}")
        mei, hans = opener(node, bearer="mei").greeted(), opener(node, bearer="hans").greeted()
        watch(hans, mei)

        node.kill()

        assert (tasks.end_lost_watches(), trail("realtime.watch_ended")) == (0, [])  # its watcher may ask yet
        Watch.objects.update(
            started_at=timezone.now() - timedelta(minutes=5), seen_at=timezone.now() - timedelta(minutes=2)
        )
        assert [tasks.end_lost_watches(), tasks.end_lost_watches()] == [1, 0]
        (ended,) = trail("realtime.watch_ended")
        assert (ended.actor.username, ended.object_id) == ("hans", 1)
        assert ended.additional_data["details"] == {"connection_id": mei.id, "why": "node lost", "seconds": 180}

    def test_is_written_down_once_though_many_notice(self, staff, mei):
        watch(staff, mei)
        Watch.objects.update(seen_at=timezone.now() - timedelta(minutes=2))

        found = together(4, lambda _number: tasks.end_lost_watches())
        staff.ask("tap.stop", {"connection": mei.id})
        staff.wait_for(lambda frame: "ended" in (frame.get("data") or {}))

        assert not [one for one in found if isinstance(one, Exception)]
        until(lambda: not tap.taps)
        assert len(trail("realtime.watch_ended")) == 1

    def test_spares_a_watch_that_goes_on(self, staff, mei):
        watch(staff, mei)
        Watch.objects.update(seen_at=timezone.now() - timedelta(minutes=2))
        watch(staff, mei)

        assert tasks.end_lost_watches() == 0


class TestWhoMay:
    def refusal(self, watcher, watched):
        return watcher.ask("tap.start", {"connection": watched})["error"]["code"]

    def test_wants_the_permission(self, staff, mei):
        assert self.refusal(mei, staff.id) == "10009"

    def test_wants_a_higher_rank(self, staff, mei):
        Role.objects.filter(key="rank-hans").update(rank=0)

        assert self.refusal(staff, mei.id) == "10009"
        assert not mei.ask("whoami")["data"]["watched"]

    def test_covers_people_in_reach_only(self, staff, mei, settings):
        settings.GATEWAY_PEOPLE_SEEN = "accounts.scope.seen_among"
        Role.objects.update(scope="department", rank=50)
        staff_of = Department.objects.create(name="Sales")
        User.objects.filter(pk=2).update(department=staff_of)

        assert self.refusal(staff, mei.id) == "10008"

    def test_finds_nobody_who_is_gone(self, staff):
        assert self.refusal(staff, "0-gone") == "10008"
        assert not Watch.objects.exists()
