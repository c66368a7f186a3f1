"""What clients may ask of the gateway itself, and whom they may join."""

import pytest

from realtime import gateway, topics
from tests.realtime import desk
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


class TestRates:
    def test_count_for_a_user_over_all_connections(self, gatehouse, opener, gate_topics):
        first, second, hans = (opener(gatehouse, bearer=name).greeted() for name in ("mei", "mei", "hans"))
        assert first.ask("tests.rare")["data"] == "done"
        assert second.ask("tests.rare")["data"] == "done"

        error = first.ask("tests.rare")["error"]

        assert error["code"] == "10007"
        assert 0 < error["retry_after"] <= 30
        assert f"in {error['retry_after']} seconds" in error["message"]
        assert second.ask("tests.rare")["error"]["code"] == "10007"
        assert hans.ask("tests.rare")["data"] == "done"
        assert first.is_alive()

    def test_count_for_each_guest_alone(self, gatehouse, opener, gate_topics):
        one, another = opener(gatehouse).greeted(), opener(gatehouse).greeted()

        assert [list(one.ask("tests.rare")) for _ in range(3)][-1] == ["id", "topic", "error"]
        assert another.ask("tests.rare")["data"] == "done"

    def test_are_not_got_round_by_coming_back(self, gatehouse, opener, gate_topics):
        first = opener(gatehouse, bearer="mei").greeted()
        assert [first.ask("tests.rare") for _ in range(2)]
        first.close()

        assert opener(gatehouse, bearer="mei").greeted().ask("tests.rare")["error"]["code"] == "10007"

    @pytest.mark.parametrize("rate", ["10", "10/", "/min", "0/min", "-1/s", "1.5/s", "10/fortnight", "１/s"])
    def test_are_calls_in_a_time(self, gate_topics, rate):
        with pytest.raises(ValueError, match="is no rate"):
            topics.topic("tests.never", rate=rate)


@pytest.mark.parametrize("topic", ["tests.order", "tests.order-plain"])
class TestSchemas:
    @pytest.fixture
    def mei(self, gatehouse, opener, gate_topics):
        return opener(gatehouse, bearer="mei").greeted()

    def test_give_handlers_what_they_declare(self, mei, topic):
        answer = mei.ask(topic, {"drink": "tea", "cups": "3"})["data"]

        assert answer == {"drink": "tea", "cups": 3, "may_wait": topic == "tests.order-plain"}
        assert mei.ask(topic, {"drink": "coffee"})["data"]["cups"] == 1

    def test_name_all_that_is_wrong(self, mei, topic):
        error = mei.ask(topic, {"drink": "wine", "cups": 10, "sugar": 2})["error"]

        assert error["code"] == "10000"
        assert error["fields"] == {
            "drink": ['"wine" is not a valid choice.'],
            "cups": ["Ensure this value is less than or equal to 9."],
            "sugar": ["There is no such field."],
        }
        assert mei.is_alive()

    @pytest.mark.parametrize(
        ("data", "field"), [(None, "drink"), ("tea", "non_field_errors"), ([1], "non_field_errors")]
    )
    def test_take_no_data_for_an_empty_form(self, mei, topic, data, field):
        assert list(mei.ask(topic, data)["error"]["fields"]) == [field]


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

    def test_refuses_a_prompt_handler_that_needs_a_thread(self, gate_topics):
        with pytest.raises(ValueError, match="cannot be prompt"):
            topics.topic("tests.never", prompt=True)(lambda connection, data: None)

    def test_knows_the_terms_of_a_topic(self, gate_topics):
        order, rare = topics.find("tests.order"), topics.find("tests.rare")

        assert (order.schema, order.rate, order.guests) == (desk.OrderSchema, None, False)
        assert (rare.schema, str(rare.rate), rare.guests) == (None, "2/min", True)

    @pytest.mark.parametrize("name", ["", "Orders", "orders.", "a b", "x\u0000"])
    def test_wants_plain_names(self, name):
        with pytest.raises(ValueError, match="no topic"):
            topics.topic(name)
