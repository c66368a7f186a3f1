"""What clients may ask of the gateway itself, and whom they may join."""

import pytest

from realtime import gateway, topics
from tests.realtime.conftest import until


class TestOwnTopics:
    def test_answer_with_time_and_echo(self, mei):
        assert mei.ask("ping")["data"]["time"] > 1e9
        assert mei.ask("echo", {"any": ["thing", 1]})["data"] == {"any": ["thing", 1]}

    def test_tell_who_one_is(self, hans):
        known = hans.ask("whoami")["data"]

        assert known["connection"] == hans.id
        assert known["user"] == {"id": 2, "username": "hans", "name": "Hans"}
        assert known["groups"] == ["department.0", "everyone", "role.guard", "user.2"]
        assert known["staff"] is True
        assert known["counters"]["received"] == 1

    def test_keep_settings_of_the_connection(self, mei, hans):
        assert mei.ask("session.set", {"theme": "dark", "room": "7"})["data"] == {"theme": "dark", "room": "7"}
        assert mei.ask("session.get", {"key": "room"})["data"] == {"value": "7"}
        assert mei.ask("session.get", {"key": "unknown"})["data"] == {"value": ""}
        assert mei.ask("session.remove", {"key": "room"})["data"] == {"theme": "dark"}
        assert mei.ask("session.get")["data"] == {"theme": "dark"}
        assert hans.ask("session.get")["data"] == {}

    def test_keep_no_more_settings_than_is_reasonable(self, mei):
        assert mei.ask("session.set", {f"k{n}": "" for n in range(100)})["data"]

        assert mei.ask("session.set", {"one": "more"})["error"]["code"] == "10000"
        assert mei.ask("session.set", {"k1": "changed"})["data"]["k1"] == "changed"

    def test_are_listed_for_completion(self, mei):
        listed = {one["topic"]: one["about"] for one in mei.ask("topics.list")["data"]}

        assert {"ping", "echo", "auth", "unauth", "join", "leave", "whoami", "session.set"} <= listed.keys()
        assert all(listed.values())

    def test_complain_in_the_clients_language(self, gatehouse, opener):
        english = opener(gatehouse, bearer="mei", headers={"Accept-Language": "en-GB"}).greeted()

        assert english.ask("no.such")["error"]["message"] == "There is no topic “no.such”."

    def test_answers_that_are_not_json_fail_alone(self, gatehouse, opener, gate_topics):
        mei = opener(gatehouse, bearer="mei").greeted()

        assert mei.ask("tests.odd")["error"]["code"] == "10001"
        assert mei.is_alive()


class TestGroups:
    def test_count_their_members(self, mei, hans):
        assert mei.ask("join", {"group": "public.lobby"})["data"] == {"group": "public.lobby", "members": 1}
        assert hans.ask("join", {"group": "public.lobby"})["data"]["members"] == 2
        assert hans.ask("join", {"group": "public.lobby"})["data"]["members"] == 2
        assert mei.ask("leave", {"group": "public.lobby"})["data"]["members"] == 1

        gateway.send_group("public.lobby", "lobby", "hello")

        assert hans.next("lobby") == "hello"
        assert mei.is_alive()
        assert mei.kept == []

    @pytest.mark.attack("T-WS-14")
    @pytest.mark.parametrize(
        "group",
        [
            "user.2",
            "user.02",
            "role.guard",
            "department.0",
            "everyone",
            "orders.secret",
            "session.session-hans",
            "node.x",
            "public",
            "PUBLIC.x",
            "public.",
            "public.x.",
            "public.x y",
            "public.\u0000",
            "public.ｕ",
            "../user.2",
        ],
    )
    def test_of_other_people_or_nobodys_are_refused(self, mei, group):
        assert mei.ask("join", {"group": group})["error"]["code"] == "40002"
        assert mei.ask("whoami")["data"]["groups"] == ["department.1", "everyone", "user.1"]

    def test_are_joined_by_their_name_alone(self, mei):
        answer = mei.ask("join", {"group": "public.x", "extra": 1, "more": 2})

        assert answer["error"]["code"] == "10000"
        assert answer["error"]["fields"].keys() == {"extra", "more"}
        assert "public.x" not in mei.ask("whoami")["data"]["groups"]

    @pytest.mark.attack("T-WS-14")
    @pytest.mark.parametrize(
        "group", ["user.1", "user.2", "role.guard", "department.1", "everyone", "public.lobby", "orders.secret"]
    )
    def test_tell_nothing_to_those_who_did_not_join(self, mei, hans, group):
        hans.ask("join", {"group": "public.lobby"})

        answer = mei.ask("leave", {"group": group})

        assert answer["error"]["code"] == "40002"
        assert "data" not in answer
        assert mei.ask("whoami")["data"]["groups"] == ["department.1", "everyone", "user.1"]

    def test_are_left_once(self, mei):
        mei.ask("join", {"group": "public.lobby"})

        assert mei.ask("leave", {"group": "public.lobby"})["data"]["members"] == 0
        assert mei.ask("leave", {"group": "public.lobby"})["error"]["code"] == "40002"

    def test_follow_the_longest_policy(self, gatehouse, opener, gate_topics):
        hans, mei = opener(gatehouse, bearer="hans").greeted(), opener(gatehouse, bearer="mei").greeted()

        assert hans.ask("join", {"group": "club.tea"})["data"]["members"] == 1
        assert hans.ask("join", {"group": "club.secret.tea"})["error"]["code"] == "40002"
        assert mei.ask("join", {"group": "club.tea"})["error"]["code"] == "40002"

    def test_are_limited_per_connection(self, gatehouse, gate_settings, opener):
        gate_settings.GATEWAY_RATE = (1000, 1000)
        mei = opener(gatehouse, bearer="mei").greeted()
        for number in range(100):
            assert "data" in mei.ask("join", {"group": f"public.{number}"})

        assert mei.ask("join", {"group": "public.more"})["error"]["code"] == "10000"
        assert "data" in mei.ask("join", {"group": "public.7"})

    def test_of_one_user_do_not_pass_to_the_next(self, mei):
        mei.ask("join", {"group": "public.lobby"})
        mei.ask("session.set", {"theme": "dark"})

        now = mei.ask("auth", {"access": "hans"})["data"]

        assert now["groups"] == ["department.0", "everyone", "role.guard", "user.2"]
        assert now["settings"] == {"theme": "dark"}

    def test_stay_when_the_same_user_signs_in_again(self, mei):
        mei.ask("join", {"group": "public.lobby"})

        assert "public.lobby" in mei.ask("auth", {"access": "mei"})["data"]["groups"]

    def test_are_empty_again_when_the_last_one_goes(self, gatehouse, mei):
        mei.ask("join", {"group": "public.lobby"})

        mei.close()

        assert until(lambda: gateway.connections() == [])
        assert gateway.this_node()["groups"] == 0


class TestRegistry:
    def test_finds_what_apps_bring(self, gate_topics):
        assert topics.find("tests.plain").about == "Double a number."

    def test_refuses_two_handlers_of_one_topic(self, gate_topics):
        with pytest.raises(topics.DoubleRegistration, match="tests.gate"):
            topics.topic("tests.gate")(lambda connection, data: None)

    def test_refuses_two_policies_of_one_prefix(self, gate_topics):
        with pytest.raises(topics.DoubleRegistration, match="club."):
            topics.policy("club.")(lambda connection, group: True)

    @pytest.mark.parametrize("prefix", ["user.", "role.x", "department.", "everyone"])
    def test_gives_automatic_groups_no_policy(self, gate_topics, prefix):
        with pytest.raises(ValueError, match="automatic"):
            topics.policy(prefix)

    @pytest.mark.parametrize("name", ["", "Orders", "orders.", "a b", "x\u0000"])
    def test_wants_plain_names(self, name):
        with pytest.raises(ValueError, match="no topic"):
            topics.topic(name)
