"""A request that is sent again is answered, not done, again."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth import get_user_model
from django.utils import timezone
from rest_framework.test import APIClient

from project.core import tasks
from project.core.models import IdempotencyRecord
from tests.core.parcels import Parcel
from tests.core.threads import in_threads

pytestmark = [pytest.mark.urls("tests.core.urls"), pytest.mark.usefixtures("parcels"), pytest.mark.every_database]


@pytest.fixture
def mei():
    return get_user_model().objects.create_user("mei")


@pytest.fixture
def send(mei):
    """Mei sends a parcel with a key."""

    def send(to, key="key-1", by=mei, path="/api/v1/parcels", **options):
        client = APIClient(raise_request_exception=False, headers={"accept-language": "en"})
        client.force_authenticate(by)
        headers = {"Idempotency-Key": key} if key is not None else {}
        return client.post(path, {"to": to}, headers=headers, **{"format": "json", **options})

    return send


class TestKey:
    def test_gets_the_same_answer_again(self, send):
        first, second = send("Hans"), send("Hans")

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.json() == second.json()
        assert first.headers["Location"] == second.headers["Location"]
        assert "Idempotency-Replayed" not in first.headers
        assert second.headers["Idempotency-Replayed"] == "true"
        assert Parcel.objects.count() == 1

    def test_is_the_same_with_and_without_the_slash_at_the_end(self, send):
        first, second = send("Hans"), send("Hans", path="/api/v1/parcels/")

        assert first.json() == second.json()
        assert Parcel.objects.count() == 1

    def test_of_a_different_request_is_refused(self, send):
        send("Hans")

        answer = send("Lotte")

        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "10000")
        assert Parcel.objects.count() == 1

    def test_belongs_to_one_person(self, send):
        send("Hans")
        send("Hans", by=get_user_model().objects.create_user("hans"))

        assert Parcel.objects.count() == 2

    def test_is_one_effect_when_eight_send_at_once(self, send):
        answers = in_threads(8, lambda _number: send("Hans"))

        assert Parcel.objects.count() == 1
        assert {answer.status_code for answer in answers} <= {201, 409}
        assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
        assert {answer.json()["error"]["code"] for answer in answers if answer.status_code == 409} <= {"10005"}

    def test_may_be_used_again_after_a_refusal(self, send):
        assert send("nowhere").status_code == 400
        assert send("Hans").status_code == 201

    def test_may_be_used_again_after_a_failure_which_leaves_nothing(self, send):
        assert send("the abyss").status_code == 500
        assert Parcel.objects.count() == 0
        assert IdempotencyRecord.objects.count() == 0

    def test_of_a_request_that_died_is_free_after_a_while(self, send):
        send("Hans")
        Parcel.objects.all().delete()
        IdempotencyRecord.objects.update(status=None, body=None)

        assert send("Hans").status_code == 409
        IdempotencyRecord.objects.update(running_until=timezone.now() - timedelta(seconds=1))
        assert send("Hans").status_code == 201
        assert Parcel.objects.count() == 1

    def test_is_free_after_a_day(self, send):
        send("Hans")

        with time_machine.travel(timezone.now() + timedelta(hours=25)):
            assert send("Lotte").status_code == 201

    @pytest.mark.parametrize("key", ["", "a b", "x" * 256])
    def test_that_is_malformed_is_refused(self, send, key):
        answer = send("Hans", key=key)

        assert answer.status_code == 400
        assert "Idempotency-Key" in answer.json()["error"]["fields"]

    def test_is_not_needed(self, send):
        send("Hans", key=None)
        send("Hans", key=None)

        assert Parcel.objects.count() == 2

    def test_of_a_stranger_means_nothing(self, send):
        send("Hans", by=None)
        send("Hans", by=None)

        assert Parcel.objects.count() == 2


class TestPurge:
    def test_drops_what_is_a_day_old(self, send):
        send("Hans")
        with time_machine.travel(timezone.now() - timedelta(hours=25)):
            send("Lotte", key="key-2")

        tasks.sweep()

        assert [record.key for record in IdempotencyRecord.objects.all()] == ["key-1"]
