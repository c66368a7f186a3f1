"""Parcels are delivered once, in spite of crashes, rivals and lost messages."""

from datetime import timedelta

import pytest
import time_machine
from celery import signals
from django.contrib.auth import get_user_model
from django.utils import timezone

from project.core import context, errors, jobs, messenger
from tests.clients import until
from tests.core.parcels import Parcel
from tests.core.threads import in_threads


def fresh(parcel):
    return Parcel.objects.get(pk=parcel.pk)


@pytest.mark.every_database
class TestClaim:
    def test_is_won_by_one_of_eight_workers(self, send):
        parcel = send()

        won = in_threads(8, lambda _number: jobs.claim(Parcel, parcel.pk))

        assert len([claim for claim in won if claim]) == 1
        assert fresh(parcel).attempts == 1

    def test_is_refused_while_somebody_holds_the_lease(self, send):
        parcel = send()

        assert jobs.claim(Parcel, parcel.pk)
        assert jobs.claim(Parcel, parcel.pk) is None

    def test_is_possible_again_when_the_lease_has_lapsed(self, send):
        parcel = send()
        dead = jobs.claim(Parcel, parcel.pk)

        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            heir = jobs.claim(Parcel, parcel.pk)

            assert heir.attempts == 2
            with pytest.raises(jobs.LeaseLost):
                dead.advance(done=1)
            assert not dead.move("done")
            assert heir.move("done")

    def test_is_refused_in_a_state_nobody_works_on(self, send):
        assert jobs.claim(Parcel, send(state="waiting").pk) is None

    def test_is_refused_before_its_time(self, send):
        assert jobs.claim(Parcel, send(next_at=timezone.now() + timedelta(minutes=1)).pk) is None


class TestWork:
    def test_ends_in_the_state_the_worker_moved_to(self, the_courier, send, work):
        def deliver(parcel):
            parcel.move("travelling")
            parcel.advance(done=3, total=4)
            parcel.move("done", address="Shanghai")

        the_courier.deliver = deliver
        parcel = send()

        assert work(parcel)

        parcel = fresh(parcel)
        assert (parcel.state, parcel.done, parcel.total, parcel.address) == ("done", 3, 4, "Shanghai")
        assert parcel.worker == ""
        assert parcel.lease_until is None
        assert parcel.started_at <= parcel.finished_at

    def test_keeps_the_lease_through_several_states(self, the_courier, send, work):
        rivals = []

        def deliver(parcel):
            parcel.move("travelling")
            rivals.append(jobs.claim(Parcel, parcel.pk))
            parcel.move("done")

        the_courier.deliver = deliver

        work(send())

        assert rivals == [None]

    def test_knows_who_asked(self, the_courier, send, work):
        mei = get_user_model().objects.create_user("mei")
        asked = []

        def deliver(parcel):
            asked.append((context.get_user_id(), context.get_module(), bool(context.get_request_id())))
            parcel.move("done")

        the_courier.deliver = deliver

        work(send(created_by=mei))

        assert asked == [(mei.pk, "task", True)]
        assert context.current() is None
        Parcel.objects.all().delete()

    def test_is_not_done_for_a_kind_without_a_worker(self, lines):
        assert not jobs.run("core.IdempotencyRecord", "1")
        assert lines[0]["event"] == "job.no_worker"


@pytest.mark.every_database
class TestFailure:
    def test_is_tried_again_later_and_tells_people_nothing_internal(self, the_courier, send, work):
        def deliver(parcel):
            raise ValueError("the engine's serial number")

        the_courier.deliver = deliver
        parcel = send()

        work(parcel)

        parcel = fresh(parcel)
        assert parcel.state == "queued"
        assert parcel.next_at > timezone.now()
        assert parcel.error
        assert "serial" not in parcel.error
        assert not work(parcel)

    def test_waits_longer_each_time_and_is_dead_after_five(self, the_courier, send, work):
        def deliver(parcel):
            raise errors.RemoteFailed("The road is closed.")

        the_courier.deliver = deliver
        parcel = send()
        waits = []

        with time_machine.travel(timezone.now(), tick=False) as clock:
            for _attempt in range(5):
                assert work(parcel)
                parcel = fresh(parcel)
                waits.append((parcel.next_at - timezone.now()).total_seconds())
                clock.move_to(max(parcel.next_at, timezone.now()))
            assert not work(parcel)

        assert parcel.state == "failed"
        assert parcel.attempts == 5
        assert parcel.error == "The road is closed."
        for waited, expected in zip(waits[:4], jobs.BACKOFF_SECONDS, strict=False):
            assert expected <= waited <= expected * 1.25 + 0.001

    def test_is_final_at_once_when_trying_again_cannot_help(self, the_courier, send, work):
        def deliver(parcel):
            raise errors.InvalidParameters("There is no such street.")

        the_courier.deliver = deliver
        parcel = send()

        work(parcel)

        assert (fresh(parcel).state, fresh(parcel).error) == ("failed", "There is no such street.")

    def test_counts_when_a_worker_leaves_the_state_as_it_was(self, the_courier, send, work):
        parcel = send()

        work(parcel)

        assert fresh(parcel).attempts == 1
        assert fresh(parcel).next_at > timezone.now()

    def test_gives_the_row_back_when_the_process_is_told_to_end(self, the_courier, send, work):
        def deliver(parcel):
            raise SystemExit

        the_courier.deliver = deliver
        parcel = send()

        with pytest.raises(SystemExit):
            work(parcel)

        assert jobs.claim(Parcel, parcel.pk)


@pytest.mark.every_database
class TestMove:
    def test_gives_up_when_the_row_is_elsewhere_by_now(self, send):
        parcel = send(state="waiting")
        late = fresh(parcel)

        assert parcel.move("queued")
        assert not late.move("cancelled")
        assert fresh(parcel).state == "queued"

    def test_of_a_person_gives_the_attempts_back(self, send):
        parcel = send(state="failed", attempts=5, error="The road is closed.")

        parcel.move("queued", error="")

        assert jobs.claim(Parcel, parcel.pk).attempts == 1


@pytest.mark.every_database
class TestMoveOfMany:
    def test_moves_all_that_are_held(self, send):
        held = jobs.claim_many(Parcel, [send().pk for _each in range(3)])

        moved = jobs.move_many(held, "done", address="Shanghai")

        assert {one.pk for one in moved} == {one.pk for one in held}
        assert [(one.state, one.address, one.worker) for one in Parcel.objects.all()] == [("done", "Shanghai", "")] * 3

    def test_leaves_out_what_somebody_cancelled(self, send):
        held = jobs.claim_many(Parcel, [send().pk for _each in range(3)])
        fresh(held[0]).move("cancelled")

        assert {one.pk for one in jobs.move_many(held, "done")} == {one.pk for one in held[1:]}

    def test_leaves_out_what_another_worker_has_by_now(self, send):
        held = jobs.claim_many(Parcel, [send().pk for _each in range(2)])

        with time_machine.travel(timezone.now() + timedelta(seconds=61)):
            heir = jobs.claim(Parcel, held[0].pk)
            heir.move("travelling")

            moved = jobs.move_many(held, "travelling")

        assert [one.pk for one in moved] == [held[1].pk]
        assert fresh(heir).worker == heir.worker


@pytest.mark.every_database
class TestCancel:
    def test_is_seen_by_the_worker_when_it_reports_progress(self, the_courier, send, work):
        went_on = []

        def deliver(parcel):
            fresh(parcel).move("cancelled")
            parcel.advance(done=1)
            went_on.append(True)

        the_courier.deliver = deliver
        parcel = send()

        work(parcel)

        assert not went_on
        assert fresh(parcel).state == "cancelled"
        assert fresh(parcel).finished_at


@pytest.mark.every_database
class TestAdvance:
    def test_writes_at_most_four_times_a_second(self, the_courier, send, work, django_assert_max_num_queries):
        def deliver(parcel):
            with time_machine.travel(timezone.now(), tick=False), django_assert_max_num_queries(1):
                for number in range(1000):
                    parcel.advance(done=number)
            parcel.move("done")

        the_courier.deliver = deliver
        parcel = send()

        work(parcel)

        assert (fresh(parcel).state, fresh(parcel).done) == ("done", 999)

    def test_keeps_the_lease(self, send):
        parcel = send()
        claimed = jobs.claim(Parcel, parcel.pk)

        with time_machine.travel(timezone.now() + timedelta(seconds=50)):
            claimed.advance(done=1)
        with time_machine.travel(timezone.now() + timedelta(seconds=100)):
            assert jobs.claim(Parcel, parcel.pk) is None


class TestWake:
    @pytest.fixture
    def unheard(self, lines):
        """What is logged of messages no broker took; a listener of the caches, in a thread, may log meanwhile too."""
        return lambda: [line for line in lines if line["event"] == "job.not_published"]

    def test_is_harmless_when_no_broker_hears_it(self, send, unheard, unreachable_broker):
        parcel = send()

        jobs.wake(parcel)

        [line] = until(unheard, "it is logged")
        assert line["id"] == str(parcel.pk)

    def test_does_not_try_again_and_again_while_no_broker_hears_it(self, send, unheard, unreachable_broker):
        parcels = [send() for _parcel in range(messenger.FAILURES + 2)]
        for parcel in parcels:
            jobs.wake(parcel)

        until(lambda: len(unheard()) == len(parcels), "each is logged")
        assert [line["id"] for line in unheard()] == [str(parcel.pk) for parcel in parcels]
        assert [line["problem"] == "Open" for line in unheard()] == [False] * messenger.FAILURES + [True] * 2

    def test_reaches_a_worker_after_the_commit(self, send, messages):
        parcel = send()

        jobs.wake(parcel)

        assert until(messages, "it is sent") == [{"model": "tests_core.Parcel", "id": str(parcel.pk)}]

    def test_tells_the_worker_who_asked(self, send, messages):
        told = []

        def listen(headers, **_message):
            told.append(headers["gatehouse"]["request_id"])

        signals.before_task_publish.connect(listen)
        with context.entered(context.Context(request_id="asked-in-7")):
            jobs.wake(send())

        assert until(lambda: told, "it is sent") == ["asked-in-7"]


class TestSweep:
    def test_wakes_what_is_due_and_nothing_else(self, send, messages):
        due, lapsed = send(), send()
        send(state="waiting")
        send(next_at=timezone.now() + timedelta(minutes=1))
        jobs.claim(Parcel, send().pk)
        jobs.claim(Parcel, lapsed.pk)
        Parcel.objects.filter(pk=lapsed.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

        assert jobs.sweep() == 2
        assert {message["id"] for message in messages()} == {str(due.pk), str(lapsed.pk)}

    def test_ends_what_killed_five_workers(self, send, messages, lines):
        parcel = send()
        Parcel.objects.update(attempts=5, worker="dead", lease_until=timezone.now() - timedelta(seconds=1))

        jobs.sweep()

        assert messages() == []
        assert (fresh(parcel).state, fresh(parcel).attempts) == ("failed", 5)
        assert fresh(parcel).error

    def test_finds_every_registered_kind(self, parcels):
        assert Parcel in jobs.registered()


class TestLater:
    def test_puts_the_row_off_without_counting_an_attempt(self, the_courier, send, work):
        def deliver(parcel):
            raise jobs.Later(40)

        the_courier.deliver = deliver
        parcel = send()

        assert work(parcel)

        parcel = fresh(parcel)
        assert (parcel.state, parcel.attempts, parcel.worker) == ("queued", 0, "")
        assert timezone.now() + timedelta(seconds=30) < parcel.next_at < timezone.now() + timedelta(seconds=50)
        assert not work(parcel)
