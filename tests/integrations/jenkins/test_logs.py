"""Logs are read once from Jenkins, and handed out without gap or repetition."""

import jenkins as python_jenkins
import pytest

from integrations.jenkins import logs, services
from integrations.jenkins.models import Build, BuildLog, Job
from project.core import breaker
from tests.integrations.jenkins.conftest import step

QUIET = python_jenkins.EMPTY_CONFIG_XML.replace("<builders/>", "<description>sim: seconds=inf rate=0</description>")


@pytest.fixture
def running(server, client, builder, jenkins):
    """A build that writes what the test has it write."""
    client.create_job("talker", QUIET)
    services.refresh(server)
    build = step(services.ask(job=Job.objects.get(full_name="talker"), by=builder))
    jenkins.skip(2)
    return step(build)


def reads(jenkins):
    return sum("progressiveText" in request.path for request in jenkins.requests)


def gathered(build, start=0, most=services.reading.ANSWER_BYTES):
    """Everything from `start` on, as a viewer puts it together."""
    text = ""
    while True:
        part = services.log_part(build, start, most)
        assert part["start"] == start
        text += part["text"]
        start = part["end"]
        if not part["text"]:
            return text


class TestFiles:
    def test_keep_characters_and_lines_whole(self):
        text = "早上好\nthe second line\n".encode()
        logs.write("x", 0, [text], 10_000)

        for most in (1, 4, 7, 12, 20):
            start, got = 0, ""
            while start < len(text):
                part = logs.read("x", start, len(text), max(most, 4))
                assert part.end > start
                start, got = part.end, got + part.text
            assert got == text.decode()
            assert "�" not in got

    def test_hand_out_no_half_character_while_more_comes(self):
        half = "早".encode()[:2]
        logs.write("x", 0, [b"a", half], 10_000)

        assert logs.read("x", 0, 3, 100).end == 1
        assert logs.read("x", 0, 3, 100, whole=True).text == "a�"
        assert logs.whole_end("x", 3) == 1

    def test_have_plain_line_ends(self):
        size, came, _cut = logs.write("x", 0, [b"a\r", b"\nb\r\n", b"c\rd\r"], 10_000)

        assert logs.read("x", 0, size, 100).text == "a\nb\nc\rd\r"
        assert came == size

    def test_end_where_enough_is_kept(self):
        size, _came, cut = logs.write("x", 0, [b"abc", b"def"], 4)

        assert (size, cut) == (4, True)

    def test_written_again_after_a_death_are_the_same(self):
        logs.write("x", 0, [b"abc"], 100)
        logs.write("x", 3, [b"half of"], 100)
        size, _came, _cut = logs.write("x", 3, [b"half of it"], 100)

        assert logs.read("x", 0, size, 100).text == "abchalf of it"


class TestReading:
    def test_gives_what_was_written_piece_by_piece(self, running, jenkins):
        jenkins.write("talker", "one")
        first = services.log_part(running)
        jenkins.write("talker", "two", "三")
        BuildLog.objects.update(updated_at="2020-01-01T00:00:00Z")
        second = services.log_part(running, first["end"])

        assert first["text"].endswith("one\n")
        assert second["text"] == "two\n三\n"
        assert second["more"]
        assert not second["complete"]

    def test_by_many_costs_jenkins_one(self, running, jenkins):
        jenkins.write("talker", "one")
        jenkins.requests.clear()
        for _viewer in range(50):
            services.log_part(running)

        assert reads(jenkins) == 1

    def test_is_one_readers_at_a_time(self, running):
        row = services.log_of(running)

        assert services.take_log(row, "node-1")
        assert not services.take_log(row, "node-2")
        assert services.take_log(row, "node-1")
        services.release_log(row, "node-1")
        assert services.take_log(row, "node-2")

    def test_goes_on_where_another_ended(self, running, jenkins):
        row = services.log_of(running)
        services.take_log(row, "node-1")
        jenkins.write("talker", "one")
        services.read_log_on(running, "node-1")
        services.release_log(row, "node-1")
        services.take_log(row, "node-2")
        jenkins.write("talker", "two")
        services.read_log_on(running, "node-2")

        assert gathered(running).endswith("one\ntwo\n")
        assert gathered(running).count("one\n") == 1

    def test_of_who_lost_the_lease_changes_nothing(self, running, jenkins):
        services.take_log(services.log_of(running), "node-1")
        jenkins.write("talker", "one")
        services.read_log_on(running, "somebody-else")

        assert services.log_of(running).size == 0

    def test_ends_with_the_build(self, running, jenkins):
        jenkins.write("talker", "one")
        jenkins.finish("talker")
        step(running)

        text = gathered(running)
        assert text.endswith("one\nFinished: SUCCESS\n")
        assert services.log_of(running).complete
        jenkins.requests.clear()
        assert gathered(running) == text
        assert b"".join(services.whole_log(running)).decode() == text
        assert reads(jenkins) == 0

    def test_of_a_long_log_stays_in_bounds(self, running, jenkins, settings):
        settings.JENKINS_LOG_MAX_BYTES = 2_000_000
        jenkins.write("talker", *("x" * 200 for _line in range(20_000)))
        part = services.log_part(running)

        row = services.log_of(running)
        assert (row.size, row.cut, row.complete) == (2_000_000, True, True)
        assert len(part["text"]) <= services.reading.ANSWER_BYTES

    def test_that_cannot_be_written_is_not_called_jenkins_fault(self, running, tmp_path, settings):
        (tmp_path / "full").touch()
        settings.STORAGES = settings.STORAGES | {
            "private": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(tmp_path / "full")},
            }
        }
        services.take_log(services.log_of(running), "node-1")

        with pytest.raises(OSError, match="full"):
            services.read_log_on(running, "node-1")
        assert breaker.named(f"jenkins-{running.server_id}-logs").snapshot().failed == 0

    def test_forgets_old_ones(self, running, jenkins):
        jenkins.write("talker", "one")
        services.log_part(running)
        BuildLog.objects.update(updated_at="2020-01-01T00:00:00Z")

        assert services.forget_old_logs() == 1
        assert not logs.path_of(running.pk).exists()
        assert Build.objects.exists()


class TestFromTheEnd:
    """What stands before a place, for pages that begin at the end of a long log."""

    @pytest.mark.parametrize("most", [12, 25, 1000])
    def test_parts_that_are_asked_for_backwards_are_the_whole(self, tmp_path, settings, most):
        settings.STORAGES = settings.STORAGES | {
            "private": {
                "BACKEND": "django.core.files.storage.FileSystemStorage",
                "OPTIONS": {"location": str(tmp_path)},
            }
        }
        text = "".join(f"line {number} 行\n" for number in range(30)) + "no end"
        size, _came, _cut = logs.write("long", 0, [text.encode()], 10_000)

        found, end = [], size
        while end:
            part = logs.lines_before("long", end, most)
            assert part.end == end
            found.append(part.text)
            end = part.start

        whole = "".join(reversed(found))
        assert whole == text if most > 20 else whole.replace("�", "").startswith("line 0")


class TestMoreThanIsGivenAtOnce:
    """Jenkins gives 10,000 whole lines at once, and says since 2.506 where the log ends, not where those end."""

    def test_no_line_of_a_quick_log_is_lost(self, running, jenkins):
        jenkins.write("talker", *(f"line {number}" for number in range(25_000)))
        jenkins.last_build("talker").log.write_raw("half")
        row = services.log_of(running)
        assert services.take_log(row, "reader")

        for _turn in range(4):
            services.read_log_on(running, "reader")
        jenkins.last_build("talker").log.write_raw(" of a line\n")
        services.read_log_on(running, "reader")

        text = b"".join(logs.all_of(running.pk, BuildLog.objects.get().size)).decode()
        assert [line for line in text.splitlines() if line.startswith("line ")] == [f"line {n}" for n in range(25_000)]
        assert text.endswith("line 24999\nhalf of a line\n")
