"""The AsyncAPI document: valid, complete, and true."""

import json
from functools import cache

import jsonschema
import pytest
import yaml
from django.conf import settings
from django.test import Client
from django.utils import translation

from project.env import ROOT
from realtime import asyncapi, events, topics
from realtime.core.codes import CloseCode
from realtime.topics import topic

OFFICIAL = ROOT / "tests" / "realtime" / "asyncapi" / "3.0.0.json"
"""AsyncAPI's own schema of its documents, version 3.0.0 (Apache 2.0, see LICENSE beside it)."""


@cache
def official() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(json.loads(OFFICIAL.read_text()))


def described() -> dict:
    return asyncapi.document("office.example.com", secure=True)


@pytest.fixture
def address() -> str:
    return "/api/asyncapi/"


class TestDocument:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_is_what_asyncapi_wants(self, language):
        with translation.override(language):
            official().validate(described())

    def test_would_be_found_out_otherwise(self):
        document = described()
        document["operations"][asyncapi.ask_of("ping")]["action"] = "shout"

        assert not official().is_valid(document)

    def test_leads_nowhere_else(self):
        document = described()

        for pointer in pointers(document):
            part = document
            for key in pointer.removeprefix("#/").split("/"):
                part = part[key]

    def test_has_every_topic_and_every_event(self):
        document = described()

        asked = {one["title"] for one in document["operations"].values() if one["action"] == "receive"}
        told = {one["title"] for one in document["operations"].values() if one["action"] == "send"}
        assert asked == {one.name for one in topics.registered()}
        assert told == {one.name for one in events.declared()}
        assert all(one["summary"] for one in document["operations"].values())

    def test_tells_who_may_ask(self, gate_topics):
        operation = described()["operations"][asyncapi.ask_of("tests.gate")]

        assert (operation["x-permission"], operation["x-guests"]) == ("gate.open", False)
        assert operation["description"] == "with the permission gate.open"

    def test_tells_what_is_asked_and_how_often(self, gate_topics):
        document = described()

        assert document["operations"][asyncapi.ask_of("tests.rare")]["x-rate"] == "2/min"
        joined = document["components"]["messages"][asyncapi.ask_of("join")]
        assert joined["examples"][0]["payload"] == {"id": 1, "topic": "join", "data": {"group": "public.lobby"}}
        shape = document["components"]["schemas"][joined["payload"]["properties"]["data"]["$ref"].rpartition("/")[2]]
        assert shape["required"] == ["group"]

    def test_tells_what_an_answer_is(self, gate_topics):
        messages = described()["components"]["messages"]

        answer = messages[asyncapi.answer_of("ping")]["payload"]["properties"]["data"]
        assert answer == {"type": "object", "additionalProperties": {"type": "number", "format": "double"}}

    def test_has_every_close_code_and_every_limit(self):
        channel = described()["channels"]["gateway"]

        assert [one["code"] for one in channel["x-close-codes"]] == [one.value for one in CloseCode]
        assert channel["x-limits"]["frame"] == settings.GATEWAY_MAX_FRAME
        assert {"10000", "10009", "20001", "40000", "40004"} <= {one["code"] for one in channel["x-error-codes"]}

    def test_shows_frames_that_fit(self):
        document = described()
        for name, message in document["components"]["messages"].items():
            shape = {**message["payload"], "components": document["components"]}
            for example in message["examples"]:
                assert jsonschema.Draft7Validator(shape).is_valid(example["payload"]), name

    def test_grows_with_a_topic(self, gate_topics):
        @topic("tests.new")
        def new(connection, data) -> list[int]:
            """Count."""
            return [1]

        operation = described()["operations"][asyncapi.ask_of("tests.new")]
        assert operation["summary"] == "Count."


def pointers(part: object) -> list[str]:
    if isinstance(part, list):
        return [found for one in part for found in pointers(one)]
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for one in part.values() for found in pointers(one)]
    return []


class TestOverHttp:
    def test_is_for_whoever_may_read_the_openapi_schema(self, client: Client, address):
        answer = client.get(address)

        assert answer.status_code == client.get("/api/schema/").status_code == 200
        assert answer.json()["servers"]["here"] == described()["servers"]["here"] | {
            "host": "testserver",
            "protocol": "ws",
        }

    def test_names_the_server_that_was_asked(self, client: Client, address):
        answer = client.get(address, secure=True, headers={"Host": "localhost:8443"})

        assert (answer.json()["servers"]["here"]["host"], answer.json()["servers"]["here"]["protocol"]) == (
            "localhost:8443",
            "wss",
        )

    def test_speaks_the_callers_language(self, client: Client, address):
        answer = client.get(address, headers={"Accept-Language": "zh-hans"})

        assert answer.json()["operations"][asyncapi.ask_of("ping")]["summary"] == "返回服务器的时间。"

    @pytest.mark.parametrize("kind", ["application/vnd.aai.asyncapi+json", "application/json"])
    def test_comes_as_json(self, client: Client, address, kind):
        answer = client.get(address, headers={"Accept": kind})

        assert answer.headers["Content-Type"].startswith(kind)
        assert answer.json()["asyncapi"] == "3.0.0"

    def test_comes_as_yaml(self, client: Client, address):
        answer = client.get(address, headers={"Accept": "application/vnd.aai.asyncapi+yaml"})

        assert yaml.safe_load(answer.content)["asyncapi"] == "3.0.0"

    def test_refuses_what_is_no_question(self, client: Client, address):
        assert client.post(address).status_code == 405
