"""What may be done as somebody else, and what is left behind of it."""

import pytest
from auditlog.models import LogEntry

from accounts import services
from accounts.models import User
from tests.accounts.conftest import code_of
from tests.accounts.impersonation.conftest import WHY, name_of

pytestmark = pytest.mark.django_db


class TestReading:
    def test_sees_what_the_subject_sees(self, acting):
        assert acting.get("users/").status_code == 200
        assert code_of(acting.get("roles/")) == (403, "10009")

    def test_changes_nothing(self, acting, mei):
        answer = acting.patch(f"users/{mei.pk}/", {"nickname": "x"})

        assert code_of(answer) == (403, "10009")
        assert "only read" in answer.json()["error"]["message"]
        mei.refresh_from_db()
        assert mei.nickname == ""

    def test_looks_at_nothing_of_their_sign_in(self, acting):
        for path in ("auth/sessions", "auth/totp", "auth/tokens", "auth/sign-ins"):
            assert code_of(acting.get(path)) == (403, "10009"), path


class TestWriting:
    def test_changes_what_the_subject_may_change(self, writing, mei, clerk):
        assert writing.patch(f"users/{mei.pk}/", {"nickname": "M"}).status_code == 200
        assert code_of(writing.post("roles/", {"key": "k", "name": "n", "rank": 1})) == (403, "10009")

    def test_stops_with_the_permission_to(self, writing, helper, mei):
        helper_role = helper.roles[0]
        permissions = helper_role.group.permissions.exclude(codename="impersonate_write")
        services.update_role(by=None, role=helper_role, permissions=list(permissions))

        assert code_of(writing.patch(f"users/{mei.pk}/", {"nickname": "M"})) == (403, "10009")
        assert name_of(writing) == "theclerk"  # still there to read

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("PATCH", "auth/me"),
            ("DELETE", "auth/me/avatar"),
            ("POST", "auth/password"),
            ("POST", "auth/confirm"),
            ("POST", "auth/totp"),
            ("DELETE", "auth/totp"),
            ("GET", "auth/totp"),
            ("POST", "auth/tokens"),
            ("GET", "auth/sessions"),
            ("POST", "auth/sessions/revoke-others"),
            ("POST", "auth/ticket"),
        ],
    )
    def test_never_reaches_the_subjects_own_sign_in(self, writing, method, path):
        answer = writing.call(method, path, {} if method in {"POST", "PATCH"} else None)

        assert code_of(answer) == (403, "10009")
        assert "for themselves only" in answer.json()["error"]["message"]

    def test_never_passes_a_door_that_wants_proof(self, in_as, boss, hire, role, mei):
        """The clerk may make roles, but what a role permits wants proof."""
        chief = hire("thechief", roles=[role("chiefs", 70, "accounts.add_role", "accounts.view_user")])
        program = in_as(boss)
        program.post(f"users/{chief.pk}/impersonate", WHY | {"read_only": False})
        made = {"key": "k", "name": "n", "rank": 1}

        answer = program.post("roles/", made | {"permissions": ["accounts.view_user"]})

        assert code_of(answer) == (403, "10009")
        assert "for themselves only" in answer.json()["error"]["message"]
        assert program.post("roles/", made).status_code == 201

    def test_is_not_for_superusers_powers(self, in_as, boss, hire, mei):
        other = hire("otherboss")
        program = in_as(boss)
        program.post(f"users/{other.pk}/impersonate", WHY | {"read_only": False})
        User.objects.filter(pk=other.pk).update(is_superuser=True)  # meanwhile

        assert "only read" in program.patch(f"users/{mei.pk}/", {"nickname": "x"}).json()["error"]["message"]
        program.delete("auth/impersonation")
        refused = program.post(f"users/{other.pk}/impersonate", WHY | {"read_only": False})
        assert code_of(refused) == (409, "10005")

    def test_never_sets_passwords(self, helper, clerk, mei):
        clerk.impersonator = helper

        with pytest.raises(Exception, match="act as somebody else"):
            services.set_password(user=mei, password="correct horse battery 2", by=clerk)


class TestTraces:
    def test_name_both_in_the_audit_trail_by_event_and_by_change(self, writing, helper, clerk, mei):
        writing.patch(f"users/{mei.pk}/", {"nickname": "M"})
        began = LogEntry.objects.get(additional_data__event="impersonation.started")
        changed = next(
            one for one in LogEntry.objects.filter(object_pk=str(mei.pk)) if "nickname" in (one.changes or {})
        )

        assert (began.actor, began.object_pk) == (helper, str(clerk.pk))
        assert began.additional_data["reason"] == WHY["reason"]
        assert changed.actor == helper
        assert (changed.additional_data["as_user"], changed.additional_data["as"]) == (clerk.pk, "theclerk")

    def test_name_both_where_a_service_says_who_acts(self, writing, helper, clerk, mei):
        answer = writing.patch(f"users/{mei.pk}/", {"is_active": False})

        assert answer.status_code == 200
        entry = LogEntry.objects.get(additional_data__event="user.deactivated")
        assert entry.actor == helper
        assert entry.additional_data["as_user"] == clerk.pk

    def test_are_left_by_no_end_of_sessions_which_is_for_oneself_to_decide(self, writing, mei):
        answer = writing.post(f"users/{mei.pk}/end-sessions")

        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "10009")
        assert not LogEntry.objects.filter(additional_data__event="sessions.ended").exists()

    def test_name_both_in_each_line_of_the_log(self, acting, helper, clerk, caplog):
        acting.get("users/")

        lines = [one.msg for one in caplog.records if isinstance(one.msg, dict) and one.msg.get("event") == "request"]
        assert [(one["user_id"], one["actor_id"]) for one in lines[-1:]] == [(clerk.pk, helper.pk)]

    def test_end_with_it(self, acting, helper, caplog):
        acting.delete("auth/impersonation")
        caplog.clear()
        acting.get("auth/me")

        lines = [one.msg for one in caplog.records if isinstance(one.msg, dict) and one.msg.get("event") == "request"]
        assert [(one["user_id"], one.get("actor_id")) for one in lines] == [(helper.pk, None)]
