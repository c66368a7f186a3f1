"""The kill switch: the sessions of a department, of everybody, and who is left alone."""

import json
from datetime import timedelta

import pytest
from auditlog.models import LogEntry
from django.core.management import call_command
from django.utils import timezone

from accounts import services, sessions, standing
from accounts.models import LoginSession, User
from tests.accounts.conftest import code_of
from tests.accounts.together import together

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


@pytest.fixture
def tree(mei, hans):
    """Mei belongs to a department, Hans to one below it."""
    head = services.create_department(by=None, name="Works")
    below = services.create_department(by=None, name="Foundry", parent=head)
    User.objects.filter(pk=mei.pk).update(department=head)
    User.objects.filter(pk=hans.pk).update(department=below)
    return head


@pytest.fixture
def desk(phone_of, clerk):
    """The clerk, signed in."""
    return phone_of(clerk)


def events(name):
    return [one for one in LogEntry.objects.order_by("pk") if (one.additional_data or {}).get("event") == name]


class TestDepartment:
    @pytest.fixture(autouse=True)
    def _may_look(self, clerk, role):
        services.set_roles(by=None, user=clerk, roles=[*clerk.roles, role("gardeners", 1, "accounts.view_department")])

    @pytest.mark.parametrize(
        ("body", "over"), [({}, 2), ({"sub_departments": True}, 2), ({"sub_departments": False}, 1)]
    )
    def test_ends_with_or_without_what_is_below(self, tree, phone_of, mei, hans, desk, body, over):
        phones = [phone_of(mei), phone_of(hans)]

        answer = desk.post(f"departments/{tree.pk}/end-sessions", body | {"reason": "lost laptops"})

        assert answer.json() == {"ended": over, "people": over, "left_alone": 0}
        told = [code_of(one.get("auth/me")) for one in phones[:over]]
        assert told == [(401, "20002")] * over
        assert [one.get("auth/me").status_code for one in phones[over:]] == [200] * (2 - over)
        assert desk.get("auth/me").status_code == 200

    def test_is_named_in_one_entry_of_the_audit_trail(self, tree, phone_of, mei, hans, desk, clerk):
        phone_of(mei), phone_of(hans)

        desk.post(f"departments/{tree.pk}/end-sessions", {"reason": "lost laptops"})

        entry, *others = events("sessions.ended")
        assert (entry.actor, entry.object_repr, others) == (clerk, "Works", [])
        assert entry.additional_data["reason"] == "lost laptops"
        told = {"number": 2, "people": ["hansmeier", "meiling"], "whom": "Works, with sub-departments"}
        assert entry.additional_data["details"] == told
        rows = LoginSession.objects.filter(user__in=[mei, hans])
        assert {(one.end_reason, one.ended_by) for one in rows} == {("revoked", clerk)}

    def test_of_nobody_is_not_found(self, desk):
        assert code_of(desk.post("departments/999999/end-sessions")) == (404, "10008")

    def test_needs_the_permission_and_a_recent_sign_in(self, tree, phone_of, mei, desk):
        assert code_of(phone_of(mei).post(f"departments/{tree.pk}/end-sessions")) == (403, "10009")
        LoginSession.objects.update(confirmed_at=timezone.now() - timedelta(hours=1))

        assert code_of(desk.post(f"departments/{tree.pk}/end-sessions")) == (403, "20008")

    @pytest.mark.parametrize("body", [[], "all", 5, {"reason": 5}, {"reason": "x" * 201}, {"reason": "a\0b"}])
    def test_takes_no_other_body(self, tree, phone_of, mei, desk, body):
        phone = phone_of(mei)
        for where in ("sessions/end-all", f"departments/{tree.pk}/end-sessions"):
            answer = desk.call("POST", where, json.dumps(body).encode())
            assert answer.status_code == 400, answer.content
        assert phone.get("auth/me").status_code == 200

    def test_names_what_is_wrong_with_the_body(self, tree, phone_of, mei, desk):
        phone = phone_of(mei)
        for body, field in (({"sub_departments": "perhaps"}, "sub_departments"), ({"all": True}, "all")):
            answer = desk.post(f"departments/{tree.pk}/end-sessions", body)
            assert field in answer.json()["error"]["fields"]
        assert phone.get("auth/me").status_code == 200


class TestEverybody:
    def test_ends_but_for_those_who_rank_as_high(self, phone_of, mei, hans, boss, hire, role, desk):
        low = [phone_of(mei), phone_of(hans)]
        high = [phone_of(boss), phone_of(hire("othercler", roles=[role("equals", 50)]))]

        answer = desk.post("sessions/end-all", {"reason": "break-in"})

        assert answer.json() == {"ended": 2, "people": 2, "left_alone": 2}
        assert [code_of(one.get("auth/me")) for one in low] == [(401, "20002")] * 2
        assert [code_of(one.refresh()) for one in low] == [(401, "20002")] * 2
        assert [one.get("auth/me").status_code for one in high] == [200, 200]
        assert desk.get("auth/me").status_code == 200
        assert desk.refresh().status_code == 200

    def test_reaches_nobody_out_of_scope(self, tree, phone_of, mei, hans, hire, role):
        office = role("foremen", 50, "accounts.view_loginsession", "accounts.end_loginsession")
        services.update_role(by=None, role=office, scope="department")
        foreman = phone_of(hire("foreman1", roles=[office], department=tree))
        near, far = phone_of(mei), phone_of(hans)
        listed = {one["username"] for one in foreman.get("sessions/?live=true").json()["results"]}
        assert listed == {"foreman1", "meiling"}
        assert code_of(foreman.delete(f"sessions/{far.tokens['session']['id']}")) == (404, "10008")

        assert foreman.post("sessions/end-all").json() == {"ended": 1, "people": 1, "left_alone": 0}

        assert [one.get("auth/me").status_code for one in (near, far)] == [401, 200]

    def test_ends_other_superusers_for_a_superuser_but_not_the_session_that_asks(self, phone_of, boss, hire, settings):
        settings.MULTI_LOGIN = True
        other = phone_of(hire("otherboss", is_superuser=True))
        mine, here = phone_of(boss), phone_of(boss)

        assert here.post("sessions/end-all").json() == {"ended": 2, "people": 2, "left_alone": 0}

        assert [one.get("auth/me").status_code for one in (other, mine, here)] == [401, 401, 200]

    def test_ends_the_session_that_asks_as_well_when_told_so(self, phone_of, mei, boss):
        phone_of(mei)
        here = phone_of(boss)

        assert here.post("sessions/end-all", {"mine_too": True}).json()["ended"] == 2

        assert code_of(here.get("auth/me")) == (401, "20002")
        assert not LoginSession.objects.live().exists()

    def test_ends_nothing_for_somebody_without_rank(self, phone_of, mei, hire, role):
        keyed = hire("keyholder", roles=[role("keys", 0, "accounts.end_loginsession")])
        phone = phone_of(mei)

        assert phone_of(keyed).post("sessions/end-all").json() == {"ended": 0, "people": 0, "left_alone": 1}

        assert phone.get("auth/me").status_code == 200
        assert len(events("sessions.ended")) == 1  # the attempt itself is worth an entry

    def test_voids_a_sign_in_that_is_half_done(self, mei, boss, open_session):
        """Whoever gave the password before is out, even without a session yet."""
        before = User.objects.get(pk=mei.pk).auth_epoch
        services.end_everybodys_sessions(by=boss)

        assert User.objects.get(pk=mei.pk).auth_epoch == before + 1
        assert sessions.state_of(open_session(User.objects.get(pk=mei.pk)).sid).reason == ""

    def test_takes_as_many_queries_for_many_as_for_few(self, hire, boss, open_session, django_assert_max_num_queries):
        people = User.objects.bulk_create(User(username=f"crowd{number}") for number in range(60))
        for one in people:
            open_session(one)

        with django_assert_max_num_queries(14):
            done = services.end_everybodys_sessions(by=boss)

        assert done == sessions.Ended(sessions=60, people=60, left_alone=0)

    @pytest.mark.parametrize("what", ["sessions/end-all", "users/{mei}/end-sessions"])
    @pytest.mark.parametrize("who", ["mei", "machine"])
    def test_needs_the_permission_and_a_person(self, phone_of, mei, boss, who, what):
        phone = phone_of(mei)
        if who == "machine":
            expires = timezone.now() + timedelta(days=1)
            scopes = ["accounts.end_loginsession", "accounts.view_user"]
            made = services.create_api_token(owner=boss, name="watcher", scopes=scopes, expires_at=expires)
            asking = {"headers": {"authorization": f"Bearer {made.text}"}}
        else:
            asking = {}

        assert code_of(phone.post(what.format(mei=mei.pk), **asking)) == (403, "10009")

        assert phone.get("auth/me").status_code == 200

    def test_from_the_shell_ends_administrators_too(self, phone_of, mei, boss, capsys):
        phones = [phone_of(mei), phone_of(boss)]

        call_command("rescue", "sessions", "--all")

        assert [one.get("auth/me").status_code for one in phones] == [401, 401]
        assert "2 session(s) of 2 person(s) ended" in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_leaves_nobody_in_who_signs_in_meanwhile(self, hire, boss):
        """Each sign-in comes before it, and is over, or after it, and stays: never half."""
        people = [hire(f"racer{number}") for number in range(6)]

        def act(number):
            if number == 6:
                services.end_everybodys_sessions(by=boss)
            else:
                for _again in range(3):
                    sessions.open(user=people[number], scope="api")

        assert not [one for one in together(7, act) if isinstance(one, Exception)]

        for one in people:
            live = LoginSession.objects.live().select_related("user").filter(user=one)
            assert [standing.judge(row) for row in live] in ([], [""])

    def test_two_at_once_do_not_wait_for_each_other(self, hire, open_session):
        bosses = [hire(f"bigboss{number}", is_superuser=True) for number in range(2)]
        for number in range(8):
            open_session(hire(f"sheep{number}"))

        ended = together(2, lambda number: services.end_everybodys_sessions(by=bosses[number]).sessions)

        assert sum(one for one in ended if isinstance(one, int)) == 8, ended
        assert not LoginSession.objects.live().exists()


class TestList:
    @pytest.fixture
    def reader(self, phone_of, hire, role):
        """Staff who may look, and end what ranks below 50."""
        office = role("watch", 50, "accounts.view_loginsession", "accounts.end_loginsession")
        return phone_of(hire("watchman", roles=[office]))

    def test_shows_who_is_and_was_signed_in_where(self, reader, mei, open_session):
        over, live = open_session(mei), open_session(mei, "admin", device="Laptop")
        sessions.end(over, reason="logout")

        page = reader.get(f"sessions/?user={mei.pk}").json()

        assert [(one["id"], one["live"], one["end_reason"]) for one in page["results"]] == [
            (live.sid, True, ""),
            (over.sid, False, "logout"),
        ]
        assert page["results"][0]["username"] == "meiling"
        assert "family_secret" not in str(page)

    @pytest.mark.parametrize(
        ("query", "number"),
        [
            ("", 3),
            ("live=true", 2),
            ("live=false", 1),
            ("scope=admin", 1),
            ("search=laptop", 1),
            ("search=meiling", 2),
            ("end_reason=logout", 1),
            ("device_kind=other", 3),
            ("since=2100-01-01T00:00:00Z", 0),
            ("until=2100-01-01T00:00:00Z&live=true&scope=api", 1),
        ],
    )
    def test_is_narrowed(self, reader, mei, open_session, query, number):
        sessions.end(open_session(mei), reason="logout")
        open_session(mei, "admin", device="Laptop")

        assert reader.get(f"sessions/?{query}").json()["count"] == number

    def test_is_narrowed_to_a_department_with_what_is_below(self, reader, tree, mei, hans, open_session):
        open_session(mei), open_session(hans)

        assert reader.get(f"sessions/?department={tree.pk}").json()["count"] == 2

    @pytest.mark.parametrize("query", ["live=perhaps", "user=x", "scope=moon", "since=now", "nothing=1"])
    def test_names_what_is_wrong_with_the_query(self, reader, query):
        answer = reader.get(f"sessions/?{query}")

        assert code_of(answer) == (400, "10000")
        assert query.partition("=")[0] in answer.json()["error"]["fields"]

    def test_needs_the_permission(self, phone_of, mei, clerk):
        assert code_of(phone_of(mei).get("sessions/")) == (403, "10009")
        assert code_of(phone_of(clerk).get("sessions/")) == (403, "10009")

    def test_ends_one_and_says_why_in_the_audit_trail(self, reader, phone_of, mei):
        phone = phone_of(mei)
        sid = phone.tokens["session"]["id"]

        assert reader.delete(f"sessions/{sid}?reason=stolen").status_code == 204

        assert code_of(phone.get("auth/me")) == (401, "20002")
        entry = events("sessions.ended")[0]
        assert (entry.additional_data["reason"], entry.additional_data["details"]["people"]) == ("stolen", ["meiling"])
        shown = reader.get(f"sessions/{sid}").json()
        assert (shown["live"], shown["end_reason"], shown["ended_by"]) == (False, "revoked", "watchman")

    def test_does_not_end_who_ranks_as_high(self, reader, phone_of, boss):
        above = phone_of(boss)

        assert code_of(reader.delete(f"sessions/{above.tokens['session']['id']}")) == (403, "10009")
        assert above.get("auth/me").status_code == 200

    @pytest.mark.parametrize("sid", ["0" * 32, "nope", "%00", "0" * 31 + "G"])
    def test_of_nothing_is_not_found(self, reader, sid):
        assert reader.delete(f"sessions/{sid}").status_code in {400, 404}
