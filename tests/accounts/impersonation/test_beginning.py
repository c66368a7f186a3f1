"""Who may act as whom, and who is told."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import mails, services
from accounts.models import Department, LoginEvent, LoginSession, Mail
from tests.accounts.conftest import code_of, fields_of
from tests.accounts.impersonation.conftest import WHY, name_of, why_ended

pytestmark = pytest.mark.django_db


class TestBeginning:
    def test_makes_the_session_speak_for_the_subject(self, in_as, helper, clerk):
        program = in_as(helper)

        answer = program.post(f"users/{clerk.pk}/impersonate", WHY)

        assert answer.status_code == 200
        told = answer.json()
        assert (told["subject"], told["username"], told["actor"]) == (clerk.pk, "theclerk", "thehelper")
        assert told["read_only"] is True
        me = program.get("auth/me").json()
        assert me["username"] == "theclerk"
        assert "accounts.change_user" in me["permissions"]
        assert "accounts.impersonate_user" not in me["permissions"]  # not the union of both
        assert me["impersonated_by"]["username"] == "thehelper"
        assert me["impersonated_by"]["until"] == told["until"]

    def test_says_nothing_of_the_kind_to_who_asks_themselves(self, in_as, clerk):
        assert in_as(clerk).get("auth/me").json()["impersonated_by"] is None

    @pytest.mark.parametrize(
        "body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": "x" * 201}, {"reason": "a\u0007"}]
    )
    def test_needs_a_reason(self, in_as, helper, clerk, body):
        program = in_as(helper)

        assert fields_of(program.post(f"users/{clerk.pk}/impersonate", body)) == {"reason"}
        assert name_of(program) == "thehelper"

    def test_takes_nothing_that_it_does_not_know(self, in_as, helper, clerk):
        asked = WHY | {"read_only": "perhaps", "until": "2099-01-01"}

        assert fields_of(in_as(helper).post(f"users/{clerk.pk}/impersonate", asked)) == {"read_only", "until"}

    def test_needs_the_permission(self, in_as, hire, role, mei):
        watcher = hire("thewatcher", roles=[role("watchers", 60, "accounts.view_user", "accounts.impersonate_write")])

        assert code_of(in_as(watcher).post(f"users/{mei.pk}/impersonate", WHY)) == (403, "10009")

    def test_needs_a_rank_above_the_subjects(self, in_as, helper, hire, role, boss):
        peer = hire("thepeer", roles=[role("peers", 60)])
        higher = hire("thehigher", roles=[role("higher", 61)])
        program = in_as(helper)

        for subject in (peer, higher, boss):
            assert code_of(program.post(f"users/{subject.pk}/impersonate", WHY)) == (403, "10009")
        assert name_of(program) == "thehelper"

    def test_a_superuser_may_act_as_anybody_but_themselves(self, in_as, boss, hire):
        other = hire("otherboss", is_superuser=True)
        program = in_as(boss)

        assert code_of(program.post(f"users/{boss.pk}/impersonate", WHY)) == (409, "10005")
        assert program.post(f"users/{other.pk}/impersonate", WHY).status_code == 200

    def test_is_about_people_in_reach(self, in_as, hire, role):
        north, south = (Department.objects.create(name=name, position=number) for number, name in enumerate("NS"))
        office = role("keepers", 60, "accounts.view_user", "accounts.impersonate_user")
        services.update_role(by=None, role=office, scope="department")
        program = in_as(hire("thekeeper", department=north, roles=[office]))
        near, far = hire("nearby", department=north), hire("faraway", department=south)

        assert code_of(program.post(f"users/{far.pk}/impersonate", WHY)) == (404, "10008")
        assert program.post(f"users/{near.pk}/impersonate", WHY).status_code == 200
        services.update_user(by=None, user=near, department=south)

        assert code_of(program.get("auth/me")) == (403, "10009")
        assert name_of(program) == "thekeeper"
        assert why_ended() == ["lost"]

    def test_is_about_people_who_are_there(self, in_as, helper, mei):
        program = in_as(helper)
        services.deactivate_user(user=mei, by=None)

        assert code_of(program.post(f"users/{mei.pk}/impersonate", WHY)) == (409, "10005")
        assert code_of(program.post("users/999999/impersonate", WHY)) == (404, "10008")

    def test_needs_a_recent_sign_in(self, in_as, helper, clerk):
        program = in_as(helper)
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(seconds=601))

        assert code_of(program.post(f"users/{clerk.pk}/impersonate", WHY)) == (403, "20008")

    def test_changing_things_needs_a_permission_of_its_own(self, in_as, hire, role, mei):
        reader = hire("thereader", roles=[role("readers", 60, "accounts.view_user", "accounts.impersonate_user")])
        program = in_as(reader)

        assert code_of(program.post(f"users/{mei.pk}/impersonate", WHY | {"read_only": False})) == (403, "10009")
        assert program.post(f"users/{mei.pk}/impersonate", WHY).status_code == 200

    def test_is_not_for_machines(self, helper, clerk, program):
        made = services.create_api_token(
            owner=helper,
            name="robot",
            scopes=["accounts.view_user", "accounts.impersonate_user"],
            expires_at=timezone.now() + timedelta(days=1),
        )
        machine = program()
        machine.tokens = {"access": made.text}

        answer = machine.post(f"users/{clerk.pk}/impersonate", WHY)

        assert code_of(answer) == (403, "10009")
        assert "API token" in answer.json()["error"]["message"]

    def test_does_not_go_further_from_person_to_person(self, in_as, boss, helper, mei):
        program = in_as(boss)
        program.post(f"users/{helper.pk}/impersonate", WHY | {"read_only": False})

        answer = program.post(f"users/{mei.pk}/impersonate", WHY)

        assert code_of(answer) == (403, "10009")
        assert "act as somebody else" in answer.json()["error"]["message"]
        assert name_of(program) == "thehelper"

    def test_is_told_the_person_with_the_reason(self, in_as, helper, hire):
        wang = hire("wangfang", email="wang@example.com", language="en")

        in_as(helper).post(f"users/{wang.pk}/impersonate", WHY)

        mail = Mail.objects.get()
        assert (mail.user, mail.name) == (wang, "impersonated")
        text = impersonation_mail(mail)
        assert "Helga acts as you" in text
        assert WHY["reason"] in text
        assert "without being able to change anything" in text

    def test_is_not_told_where_the_house_says_so(self, in_as, helper, hire, settings):
        settings.IMPERSONATION_TELLS = False
        wang = hire("wangfang", email="wang@example.com")

        assert in_as(helper).post(f"users/{wang.pk}/impersonate", WHY).status_code == 200
        assert not Mail.objects.exists()


def impersonation_mail(mail: Mail) -> str:
    message = mails.compose(mail)
    return f"{message.subject}\n{message.body}"


class TestTheSubject:
    def test_stays_signed_in_and_is_nowhere_counted(self, in_as, phone_of, helper, clerk):
        phone = phone_of(clerk)
        clerk.refresh_from_db()
        last_login, events = clerk.last_login, LoginEvent.objects.count()
        program = in_as(helper)

        program.post(f"users/{clerk.pk}/impersonate", WHY)

        assert name_of(phone) == "theclerk"
        assert [one["current"] for one in phone.get("auth/sessions").json()["results"]] == [True]
        clerk.refresh_from_db()
        assert clerk.last_login == last_login
        assert LoginEvent.objects.count() == events
        assert LoginSession.objects.live().filter(user=clerk).count() == 1
        assert not clerk.devices.exclude(first_seen_at__lte=clerk.last_login + timedelta(minutes=1)).exists()

    def test_may_sign_in_and_out_without_ending_it(self, acting, phone_of, clerk):
        phone = phone_of(clerk)
        assert phone.post("auth/logout").status_code == 204

        assert name_of(acting) == "theclerk"

    def test_shows_where_the_actor_is_signed_in(self, acting, helper):
        session = LoginSession.objects.get(user=helper)

        assert session.subject is not None
        assert session.subject.username == "theclerk"
