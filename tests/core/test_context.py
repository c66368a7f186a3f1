"""Whoever looks knows who is asking; nobody keeps it."""

import asyncio
import copy
import json
import pickle
import threading

import pytest
from django.template import engines
from django.test import RequestFactory

from project.core import context
from project.core.context import Context, Identity


class TestUnset:
    def test_reads_answer_nothing_and_never_fail(self):
        assert context.current() is None
        assert context.get_user() is None
        assert context.get_user_id() == 0
        assert context.get_username() == ""
        assert context.get_role_key() == ""
        assert context.get_module() == ""
        assert context.get_addon() == ""
        assert not context.is_addon_request()
        assert context.get_data("anything") is None
        assert context.get_request_id() == ""
        assert context.get_ip() == ""

    def test_writes_are_told_to_the_log_and_forgotten(self, lines):
        context.set_user(Identity(7))
        context.set_module("api")
        context.set_addon("shop")
        context.set_data("k", "v")

        assert context.current() is None
        assert [line["setting"] for line in lines] == ["user", "module", "addon", "data"]


class TestContext:
    def test_is_the_same_object_all_along_the_chain(self):
        begun = context.init(module="api", ip="192.0.2.1")

        context.set_user(Identity(7, "mei", role_keys=("clerk", "guard")))
        context.set_module("admin")
        context.set_addon("shop")
        context.set_data("k", "v")

        assert begun is context.current()
        assert (begun.user.user_id, begun.module, begun.data) == (7, "admin", {"k": "v"})
        assert (context.get_user_id(), context.get_username(), context.get_role_key()) == (7, "mei", "clerk")
        assert context.is_addon_request()
        assert context.get_data("k") == "v"

    def test_gives_itself_a_request_id(self):
        assert len(context.init().request_id) == 32

    def test_of_a_user_is_overwritten_wholly(self):
        context.init()
        context.set_user(Identity(7, "mei", session_id="s", department_id=3))

        context.set_user(Identity(8))

        assert context.get_user() == Identity(8)

    def test_reads_the_session_only_when_asked(self):
        read = []
        context.init(session=lambda: read.append(1) or {"k": "v"})

        assert read == []
        assert context.current().session == {"k": "v"}

    @pytest.mark.parametrize("keep", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps])
    def test_cannot_be_kept(self, keep):
        with pytest.raises(TypeError):
            keep(context.init())

    def test_of_another_thread_or_task_is_not_seen(self):
        seen = []

        async def one(number):
            context.init(user=Identity(number))
            await asyncio.sleep(0)
            seen.append(context.get_user_id() == number)

        async def many():
            await asyncio.gather(*(one(number) for number in range(1, 20)))

        context.init(user=Identity(99))
        thread = threading.Thread(target=lambda: seen.append(context.current() is None))
        thread.start()
        thread.join()
        asyncio.run(many())

        assert seen == [True] * 20
        assert context.get_user_id() == 99


class TestDetached:
    def test_copy_outlives_the_request_without_its_session(self):
        context.init(module="api", user=Identity(7), session=dict, language="en")
        context.set_data("k", "v")

        copied = context.detach()
        context.set_data("k", "changed")
        context.leave()

        with context.entered(copied):
            assert (context.get_user_id(), context.get_module(), context.get_data("k")) == (7, "api", "v")
            assert context.current().session is None
            assert context.current().language == "en"
        assert context.current() is None

    def test_copy_of_nothing_is_empty(self):
        copied = context.detach()

        assert isinstance(copied, Context)
        assert (copied.user, copied.data, copied.request_id) == (None, {}, "")


class TestTemplates:
    def test_read_it_as_Context(self):  # noqa: N802 (the name in templates)
        context.init(user=Identity(7, "mei"))
        page = engines["django"].from_string("{{ Context.user.username }}")

        assert page.render({}, RequestFactory().get("/")) == "mei"
