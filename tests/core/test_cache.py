"""What is kept is found again: in memory, in a folder, in Redis."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from django.core.cache import caches
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from project.core import cache
from project.core.cache import stores
from project.core.cache.files import FileStore
from project.core.cache.memory import MemoryStore
from tests.clients import until


@pytest.fixture(params=["memory", "file", "redis"])
def keeper(request, settings, tmp_path):
    """Both caches on each adapter in turn; says which."""
    if request.param == "redis":
        request.getfixturevalue("redis_caches")
    else:
        url = f"memory://{tmp_path.name}" if request.param == "memory" else f"file://{tmp_path}/cache"
        settings.CACHES = {
            "default": {"BACKEND": "project.core.cache.Cache", "LOCATION": url},
            "state": {"BACKEND": "project.core.cache.StateCache", "LOCATION": url},
        }
    return request.param


@pytest.fixture
def menu(monkeypatch):
    """A catalogue with a key of the tests' own that lives for ever, and one each process may copy."""
    monkeypatch.setitem(cache.KEYS, "menu", cache.Key("menu:{}", cache.FOR_EVER))
    monkeypatch.setitem(cache.KEYS, "prices", cache.Key("prices:{}", 600, local=True))
    monkeypatch.setitem(cache.KEYS, "tries", cache.Key("tries:{}", 60))


class TestCache:
    def test_keeps_reads_and_forgets(self, keeper):
        cache.set("session", "a b:ü", value={"user": 7, "tags": ["x", None]})

        assert cache.get("session", "a b:ü") == {"user": 7, "tags": ["x", None]}
        assert cache.get("session", "other") is None

        cache.forget("session", "a b:ü")
        assert cache.get("session", "a b:ü", default="gone") == "gone"

    def test_reads_through_once(self, keeper, menu):
        cooked = []

        def cook():
            cooked.append(1)
            return

        assert cache.read_through("menu", "mei", load=cook) is None
        assert cache.read_through("menu", "mei", load=cook) is None
        assert len(cooked) == 1

    def test_forgets_when_the_time_is_up(self, keeper, menu):
        cache.set("session", "s", value=1, ttl=0.05)
        cache.set("menu", "m", value=1)

        until(lambda: cache.get("session", "s") is None, "the session is forgotten")
        assert cache.get("menu", "m") == 1

    def test_takes_plain_json_only_and_names_the_key(self, keeper):
        with pytest.raises(TypeError, match="session:s"):
            cache.set("session", "s", value=timezone.now())

    def test_is_a_django_cache(self, keeper):
        django = caches["default"]

        django.set_many({"a": 1, "b": [2]})

        assert django.get_many(["a", "b", "c"]) == {"a": 1, "b": [2]}
        assert django.incr("a", 4) == 5
        assert django.decr("a", 1) == 4
        assert "a" in django
        assert django.touch("a", 10)
        assert not django.touch("c", 10)
        assert not django.add("a", 9)
        assert django.get_or_set("c", lambda: 3) == 3
        with pytest.raises(ValueError, match="not found"):
            django.incr("d")
        django.set("e", 1, timeout=0)
        assert django.get("e") is None
        django.delete_many(["a", "b"])
        assert django.get_many(["a", "b"]) == {}

    async def test_serves_coroutines(self, keeper):
        django = caches["default"]

        await django.aset("a", 1)

        assert await django.aget("a") == 1
        assert not await django.aadd("a", 2)
        assert await django.adelete("a")


class TestCatalogue:
    def test_names_what_it_knows(self):
        with pytest.raises(KeyError, match="session"):
            cache.get("sesion", 1)

    def test_counts_the_parts(self):
        with pytest.raises(TypeError, match="takes 1"):
            cache.key("session", 1, 2)

    def test_keeps_parts_apart(self, monkeypatch):
        monkeypatch.setitem(cache.KEYS, "pair", cache.Key("pair:{}:{}"))

        assert cache.key("pair", "a:b", "c") != cache.key("pair", "a", "b:c")


class TestState:
    def test_gives_a_ticket_to_one_of_eight(self, keeper):
        cache.state.add("ticket", "t", value="mei")

        with ThreadPoolExecutor(8) as pool:
            taken = list(pool.map(lambda _number: cache.state.take("ticket", "t"), range(8)))

        assert sorted(taken, key=str) == [None] * 7 + ["mei"]

    def test_adds_once(self, keeper):
        assert cache.state.add("ticket", "t", value=1)
        assert not cache.state.add("ticket", "t", value=2)
        assert cache.state.get("ticket", "t") == 1
        assert cache.state.delete("ticket", "t")

    def test_counts_every_try_from_the_first_on(self, keeper, menu):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _number: cache.state.incr("tries", "mei"), range(40)))

        assert cache.state.incr("tries", "mei", by=2) == 42
        assert cache.state.get("tries", "mei") == 42

    def test_counts_anew_when_the_time_is_up(self, keeper, menu):
        cache.state.incr("tries", "mei", ttl=1)
        cache.state.incr("tries", "mei", ttl=600)

        until(lambda: cache.state.get("tries", "mei") is None, "the count is forgotten")
        assert cache.state.incr("tries", "mei") == 1

    async def test_serves_coroutines(self, keeper, menu):
        state = cache.state

        await state.aset("session", "s", value=1)

        assert await state.aget("session", "s") == 1
        assert await state.aincr("tries", "s") == 1
        assert await state.aadd("ticket", "t", value=2)
        assert await state.atake("ticket", "t") == 2
        assert await state.atake("ticket", "t") is None
        assert await state.adelete("session", "s")

    def test_and_cache_never_meet(self, keeper):
        cache.set("session", "s", value="cache")

        assert cache.state.get("session", "s") is None


class TestAdapters:
    @pytest.mark.parametrize("url", ["memcached://host", "", "file://relative/folder", "file://", "Memory"])
    def test_that_do_not_exist_are_refused(self, url):
        with pytest.raises(ImproperlyConfigured, match="CACHE_URL"):
            stores.open_store(url, "cache")


class TestMemory:
    def test_is_bounded(self):
        memory = MemoryStore(limit=3)
        for key in "abc":
            memory.set(key, key, None)
        memory.get("a")

        memory.set("d", "d", None)

        assert memory.get_many("abcd") == {"a": "a", "c": "c", "d": "d"}

    def test_purges_what_has_expired(self):
        moments = iter([0.0, 2.0])
        memory = MemoryStore(limit=10, clock=lambda: next(moments))
        memory.set("a", "a", 1)
        memory.set("b", "b", None)

        memory.purge()

        assert len(memory) == 1


class TestFiles:
    def test_are_shared_by_processes_without_losing_a_count(self, tmp_path):
        count = (
            "import sys; from pathlib import Path; from project.core.cache.files import FileStore\n"
            "store = FileStore(Path(sys.argv[1]))\n"
            "for _ in range(200): store.incr('n', 1, None, create=True)"
        )
        started = [subprocess.Popen([sys.executable, "-c", count, str(tmp_path)]) for _process in range(3)]

        assert [process.wait(60) for process in started] == [0, 0, 0]
        assert FileStore(tmp_path).get("n") == "600"

    def test_of_the_expired_are_deleted_when_read(self, tmp_path):
        store = FileStore(tmp_path)
        store.set("a", "a", 1)

        with time_machine.travel(timezone.now() + timedelta(seconds=2)):
            assert store.get("a") is None

        assert not list(tmp_path.glob("*/*.json"))

    @pytest.mark.parametrize(
        "content", [b"", b"\x80\x04\x95", b"[]", b'{"key": "a"}', b'{"key":"a","text":5,"until":null}']
    )
    def test_that_we_did_not_write_are_a_miss(self, tmp_path, content):
        store = FileStore(tmp_path)
        store.set("a", "a", None)
        [path] = tmp_path.glob("*/*.json")
        path.write_bytes(content)

        assert store.get("a") is None
        assert store.set("a", "b", None, only_new=True)

    def test_are_readable_by_the_owner_only(self, tmp_path):
        FileStore(tmp_path).set("a", "a", None)
        [path] = tmp_path.glob("*/*.json")

        assert path.stat().st_mode & 0o777 == 0o600
        assert json.loads(path.read_text())["text"] == "a"
