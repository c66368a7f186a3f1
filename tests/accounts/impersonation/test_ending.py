"""Acting as somebody else ends, by itself at the latest, and is never mistaken for the person."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts import services, tasks
from accounts.models import LoginSession
from tests.accounts.conftest import code_of
from tests.accounts.impersonation.conftest import WHY, name_of, why_ended

pytestmark = pytest.mark.django_db


class TestEnding:
    def test_is_one_call_that_may_be_repeated(self, acting):
        assert acting.delete("auth/impersonation").status_code == 204
        assert acting.delete("auth/impersonation").status_code == 204

        assert name_of(acting) == "thehelper"
        assert why_ended() == ["stopped"]

    def test_comes_by_itself(self, acting, settings):
        start = timezone.now()
        with time_machine.travel(start + timedelta(seconds=899)):
            assert name_of(acting) == "theclerk"
        with time_machine.travel(start + timedelta(seconds=901)):
            answer = acting.get("auth/me")

            assert code_of(answer) == (403, "10009")
            assert "time for it is over" in answer.json()["error"]["message"]
            assert name_of(acting) == "thehelper"
        assert why_ended() == ["time"]

    def test_never_outlives_the_session(self, in_as, helper, clerk, settings):
        settings.SESSION_EXPIRES, settings.SESSION_AUTO_REFRESH = 60, False
        program = in_as(helper)

        program.post(f"users/{clerk.pk}/impersonate", WHY)

        session = LoginSession.objects.get(user=helper)
        assert session.subject_until == session.runs_out_at

    def test_comes_with_the_actors_session(self, acting, helper):
        assert acting.post("auth/logout").status_code == 204

        assert code_of(acting.get("auth/me")) == (401, "20002")
        assert why_ended() == ["session"]
        assert LoginSession.objects.get(user=helper).subject is None

    def test_comes_when_the_actor_is_disabled(self, acting, helper):
        services.deactivate_user(user=helper, by=None)

        assert code_of(acting.get("users/")) == (401, "20002")
        assert why_ended() == ["session"]

    def test_comes_when_the_actor_loses_the_permission(self, acting, helper):
        services.set_roles(by=None, user=helper, roles=[])

        assert code_of(acting.get("users/")) == (403, "10009")
        assert name_of(acting) == "thehelper"
        assert why_ended() == ["lost"]

    def test_comes_when_the_subject_rises_to_the_actors_rank(self, acting, clerk, role):
        services.set_roles(by=None, user=clerk, roles=[*clerk.roles, role("risen", 60)])

        assert code_of(acting.get("users/")) == (403, "10009")
        assert name_of(acting) == "thehelper"

    def test_comes_when_the_subject_is_disabled(self, acting, clerk):
        services.deactivate_user(user=clerk, by=None)

        assert code_of(acting.get("users/")) == (403, "10009")
        assert name_of(acting) == "thehelper"
        assert why_ended() == ["gone"]

    def test_comes_when_the_subject_is_deleted(self, acting, clerk):
        services.delete_user(user=clerk, by=None)

        assert name_of(acting) == "thehelper"
        assert why_ended() == ["gone"]

    def test_does_nothing_in_the_actors_own_name_by_mistake(self, boss, in_as, hire, mei):
        """A call that was meant in the subject's name is refused when that has just ended."""
        other = hire("otherclerk")
        program = in_as(boss)
        program.post(f"users/{other.pk}/impersonate", WHY | {"read_only": False})
        services.deactivate_user(user=other, by=None)

        assert code_of(program.patch(f"users/{mei.pk}/", {"nickname": "x"})) == (403, "10009")
        mei.refresh_from_db()
        assert mei.nickname == ""

    def test_is_seen_to_where_nobody_asks_any_more(self, acting, helper):
        LoginSession.objects.update(subject_until=timezone.now())

        tasks.close_run_out()

        assert LoginSession.objects.get(user=helper).subject is None
        assert why_ended() == ["time"]

    def test_leaves_the_session_as_it_was(self, acting, helper):
        acting.delete("auth/impersonation")

        session = LoginSession.objects.get(user=helper)
        assert session.is_live
        assert (session.subject, session.subject_until, session.subject_writes) == (None, None, False)
        assert acting.get("auth/sessions").status_code == 200

    def test_refreshing_goes_on_meanwhile(self, phone_of, helper, clerk):
        phone = phone_of(helper)
        phone.post(f"users/{clerk.pk}/impersonate", WHY)

        answer = phone.refresh()

        assert answer.status_code == 200
        assert answer.json()["user"]["username"] == "thehelper"
        phone.tokens = answer.json()
        assert name_of(phone) == "theclerk"
