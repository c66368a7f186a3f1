"""What staff do with messages that could not be delivered."""

import json
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.urls import reverse
from django.utils import timezone

from realtime.models import DeadLetter
from realtime.queue import dead
from realtime.queue.dead import Arrived, Dead, Reason
from tests.realtime.staff import client, person

pytestmark = pytest.mark.django_db(transaction=True)
URL = "/api/v1/realtime/dead-letters"


def letter(body="nonsense", reason=Reason.NOT_JSON, **more) -> DeadLetter:
    body = body if isinstance(body, str) else json.dumps(body)
    return DeadLetter.objects.create(source="redis", reason=reason, body=body, size=len(body), detail="why", **more)


def run_out(number=1) -> DeadLetter:
    body = {"to": {"user": 1}, "topic": "note", "data": number, "expires_at": "2020-01-31T08:00:00Z"}
    return letter(body, Reason.EXPIRED)


def events() -> list[str]:
    found = LogEntry.objects.order_by("pk").values_list("additional_data__event", flat=True)
    return [one for one in found if one and one.startswith("dead_letter.")]


@pytest.fixture
def keeper():
    names = ("view_deadletter", "retry_deadletter", "discard_deadletter")
    return client(person("keeper", *(f"realtime.{name}" for name in names), is_superuser=True))


class TestApi:
    def test_lists_them_by_what_they_are(self, keeper):
        old, expired = letter(), run_out()

        found = keeper.get(URL).json()

        assert [one["id"] for one in found["results"]] == [expired.pk, old.pk]
        assert [one["id"] for one in keeper.get(URL, {"reason": "expired"}).json()["results"]] == [expired.pk]
        assert keeper.get(URL, {"state": "discarded"}).json()["count"] == 0
        assert "source" in keeper.get(URL, {"source": "kafka"}).json()["error"]["fields"]
        assert keeper.get(f"{URL}/{old.pk}").json()["body"] == "nonsense"
        assert keeper.get(f"{URL}/{2**70}").status_code == 404

    def test_delivers_one_again_also_when_it_had_run_out(self, keeper, mei):
        expired = run_out()

        answer = keeper.post(f"{URL}/{expired.pk}/retry")

        assert (answer.status_code, answer.json()) == (200, {"delivered": 1})
        assert mei.next("note") == 1
        expired.refresh_from_db()
        assert (expired.state, expired.settled_by.username) == ("delivered", "keeper")
        assert keeper.post(f"{URL}/{expired.pk}/retry").json()["error"]["code"] == "10005"
        assert keeper.post(f"{URL}/{expired.pk}/discard").json()["error"]["code"] == "10005"
        assert events() == ["dead_letter.delivered"]

    def test_leaves_what_still_cannot_be_delivered(self, keeper, gatehouse):
        nonsense, cut = letter(), letter(is_cut=True)

        assert keeper.post(f"{URL}/{nonsense.pk}/retry").json()["error"]["code"] == "10000"
        assert keeper.post(f"{URL}/{cut.pk}/retry").json()["error"]["code"] == "10005"
        assert set(DeadLetter.objects.values_list("state", flat=True)) == {"waiting"}
        assert events() == []

    def test_leaves_it_when_nobody_can_be_reached(self, keeper):
        expired = run_out()

        assert keeper.post(f"{URL}/{expired.pk}/retry").json()["error"]["code"] == "40005"
        expired.refresh_from_db()
        assert (expired.state, expired.settled_by) == ("waiting", None)

    def test_discards_one_for_a_reason(self, keeper):
        nonsense = letter()

        assert keeper.post(f"{URL}/{nonsense.pk}/discard", {"reason": "a test"}, format="json").status_code == 204

        assert DeadLetter.objects.get().state == "discarded"
        assert (
            LogEntry.objects.get(additional_data__event="dead_letter.discarded").additional_data["reason"] == "a test"
        )

    def test_is_for_those_who_may(self, settings):
        nonsense = letter()
        watcher = client(person("watcher", "realtime.view_deadletter", "realtime.send"))

        assert watcher.get(URL).json()["count"] == 0  # who has no role sees only themselves
        settings.GATEWAY_PEOPLE_SEEN = ""
        assert watcher.get(URL).json()["count"] == 1
        for deed in ("retry", "discard"):
            assert watcher.post(f"{URL}/{nonsense.pk}/{deed}").json()["error"]["code"] == "10009"


class TestPages:
    @pytest.fixture
    def desk(self, client):
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        root = person("root", is_superuser=True, is_staff=True)
        client.force_login(root, backend="django.contrib.auth.backends.ModelBackend")
        return client

    def act(self, desk, deed, *those, **more):
        asked = {"action": deed, "_selected_action": [one.pk for one in those], "index": "0"} | more
        return desk.post(reverse("admin:realtime_deadletter_changelist"), asked, follow=True).content.decode()

    def test_show_what_came_and_why(self, desk):
        expired = run_out()

        listed = desk.get(reverse("admin:realtime_deadletter_changelist"), {"state": "waiting"}).content.decode()
        page = desk.get(reverse("admin:realtime_deadletter_change", args=[expired.pk])).content.decode()

        assert "run out" in listed
        assert "&quot;topic&quot;: &quot;note&quot;,\n" in page
        assert "Good until Jan. 31, 2020, 4 p.m." in page

    @pytest.mark.parametrize(
        ("language", "words"),
        [
            ("en", "The body is not valid JSON: line 1, column 1."),
            ("zh-hans", "请求体不是合法的 JSON：第 1 行第 1 列。"),
        ],
    )
    def test_explain_in_the_readers_language(self, desk, language, words):
        page = desk.get(
            reverse("admin:realtime_deadletter_change", args=[letter().pk]), HTTP_ACCEPT_LANGUAGE=language
        ).content.decode()

        assert words in page
        assert "why" not in page

    def test_keep_the_words_of_then_where_the_body_does_not_tell(self):
        cut, failed = letter(is_cut=True), letter({"to": {"user": 1}, "topic": "note"}, Reason.FAILED)
        DeadLetter.objects.filter(pk=cut.pk).update(size=70_000)
        cut.refresh_from_db()

        assert [dead.explained(one) for one in (cut, failed)] == ["why", "why"]

    def test_deal_with_one_on_its_own_page(self, desk, mei):
        expired = run_out()
        page = desk.get(reverse("admin:realtime_deadletter_change", args=[expired.pk])).content.decode()
        assert "Deliver again" in page
        assert "Discard" in page
        again = reverse("admin:realtime_deadletter_deliver_this_again", args=[expired.pk])

        assert "Deliver 1 message again" in desk.get(again).content.decode()
        done = desk.post(again, {"confirmed": "yes"}, follow=True).content.decode()

        assert "1 message was delivered." in done
        assert mei.next("note") == 1
        assert "deliver-again" not in done, "there is nothing more to do"
        assert desk.post(again, {"confirmed": "yes"}).status_code == 403

    def test_discard_one_on_its_own_page(self, desk):
        nonsense = letter()

        desk.post(reverse("admin:realtime_deadletter_discard_this", args=[nonsense.pk]), {"confirmed": "yes"})

        assert DeadLetter.objects.get().state == "discarded"

    def test_ask_then_deliver_what_can_be(self, desk, mei):
        those = run_out(1), letter(), run_out(2)

        asked = self.act(desk, "deliver_again", *those)
        done = self.act(desk, "deliver_again", *those, confirmed="yes")

        assert "Deliver 3 messages again" in asked
        assert "2 messages were delivered." in done
        assert "JSON" in done
        assert [mei.next("note"), mei.next("note")] == [1, 2]
        assert DeadLetter.objects.get(state="waiting").body == "nonsense"

    def test_ask_then_discard(self, desk):
        self.act(desk, "discard", letter(), letter(), confirmed="yes", reason="a test")

        assert set(DeadLetter.objects.values_list("state", flat=True)) == {"discarded"}
        assert events() == ["dead_letter.discarded"] * 2


class TestKeeping:
    def test_ends_with_the_newest(self, monkeypatch):
        monkeypatch.setattr(dead, "KEPT", 3)
        for number in range(3):
            dead.set_aside("redis", [Dead(Arrived(b"%d%d" % (number, one)), Reason.NOT_JSON, "") for one in range(2)])

        assert sorted(DeadLetter.objects.values_list("body", flat=True)) == ["11", "20", "21"]

    def test_ends_after_a_while(self):
        letter(created_at=timezone.now() - timedelta(days=dead.KEPT_DAYS + 1))
        kept = letter()

        assert dead.purge() == 1
        assert DeadLetter.objects.get() == kept
