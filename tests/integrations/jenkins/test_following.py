"""How long a node follows a log: as long as somebody watches, and a little longer."""

import threading

import pytest

from integrations.jenkins.following import Followers
from tests.clients import until


class Time:
    """A clock that the test turns."""

    now = 0.0

    def __call__(self):
        return self.now


class Reader:
    """What follows a log until the test lets it end."""

    def __init__(self, followers):
        self.begun, self.may_end, self.followers = [], threading.Event(), followers

    def __call__(self, build_id):
        self.begun.append(build_id)
        self.may_end.wait()
        self.followers.end(build_id)


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def followers(time):
    return Followers(most=2, linger=5.0, clock=time)


@pytest.fixture
def reader(followers):
    one = Reader(followers)
    yield one
    one.may_end.set()


def test_one_reader_follows_a_log_however_many_ask(followers, reader):
    assert [followers.begin(one, reader) for one in "aab"] == [True, True, True]

    until(lambda: len(reader.begun) == 2, "both have begun")
    assert sorted(reader.begun) == ["a", "b"]


def test_a_log_that_nobody_watches_any_more_is_left(followers, reader, time):
    followers.begin("a", reader)
    time.now = 4.0
    assert not followers.is_over("a", watched=True)
    time.now = 9.0
    assert not followers.is_over("a", watched=False)
    time.now = 9.1
    assert followers.is_over("a", watched=False)


def test_who_asks_as_it_is_about_to_end_has_it_go_on(followers, reader, time):
    followers.begin("a", reader)
    time.now = 60.0
    followers.begin("a", reader)

    # who asked is not in the group yet, and would wait for ever
    assert not followers.is_over("a", watched=False)


def test_who_asks_once_it_ended_begins_anew_and_the_first_does_not_end_that(followers, reader, time):
    followers.begin("a", reader)
    time.now = 60.0
    assert followers.is_over("a", watched=False)
    followers.begin("a", reader)
    until(lambda: reader.begun == ["a", "a"], "another has begun")

    followers.end("a")  # not from the thread that follows it now

    assert not followers.is_over("a", watched=False)


def test_so_many_are_followed_and_no_more(followers, reader):
    assert [followers.begin(one, reader) for one in "abc"] == [True, True, False]

    reader.may_end.set()
    assert until(lambda: followers.begin("c", reader), "there is room once they ended")
