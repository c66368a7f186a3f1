"""The simulator's queue, builds, logs and restarts, as Jenkins' source has them."""

import json

import pytest

SHOP, BACKUP, RELEASE = "job/build-shop/", "job/Nightly/job/backup/", "job/Release/job/release/"


class TestAskingForABuild:
    def test_answers_where_in_the_queue_it_is(self, ask, simulator, told):
        answer = ask("POST", f"{SHOP}build")

        assert answer.status_code == 201
        where = answer.headers["Location"].removeprefix(simulator.url)
        assert told(where)["_class"] == "hudson.model.Queue$WaitingItem"

    @pytest.mark.parametrize(
        ("path", "form", "status", "said"),
        [
            (f"{RELEASE}build", None, 400, "Nothing is submitted"),
            (f"{RELEASE}build", {"VERSION": "2"}, 400, "This page expects a form submission"),
            (f"{SHOP}buildWithParameters", None, 400, "build-shop is not parameterized"),
            ("job/old-import/build", None, 409, "old-import is not buildable"),
            (f"{RELEASE}buildWithParameters", {"TARGET": "moon"}, 500, "Illegal choice for parameter TARGET: moon"),
            ("job/nobody/build", None, 404, "Not Found"),
        ],
    )
    def test_refuses(self, ask, path, form, status, said):
        answer = ask("POST", path, data=form)

        assert answer.status_code == status
        assert said in answer.text

    def test_fills_in_defaults_and_hides_secrets(self, ask, told):
        form = {"TARGET": "production", "DEPLOY_KEY": "s3cret", "UNKNOWN": "dropped"}
        answer = ask("POST", f"{RELEASE}buildWithParameters", data=form, files={"settings.ini": ("my.ini", b"[a]")})

        item = told("queue/item/" + answer.headers["Location"].rstrip("/").rpartition("/")[2] + "/")
        values = {each["name"]: each.get("value") for each in item["actions"][0]["parameters"]}
        assert values["VERSION"] == "1.0.0"
        assert values["DRY_RUN"] is True
        assert values["DEPLOY_KEY"] is values["settings.ini"] is None
        assert "\nDEPLOY_KEY=****" in item["params"]
        assert "\nsettings.ini=my.ini" in item["params"]
        assert "UNKNOWN" not in values

    def test_takes_the_form_of_the_page(self, ask, told, simulator):
        form = json.dumps({"parameter": [{"name": "VERSION", "value": "3"}, {"name": "DRY_RUN", "value": False}]})
        assert ask("POST", f"{RELEASE}build", data={"json": form}).status_code == 201

        simulator.skip(5)
        parameters = told(f"{RELEASE}lastBuild/")["actions"][0]["parameters"]
        assert [each["value"] for each in parameters] == ["3", False]


class TestQueue:
    def test_merges_what_is_equal(self, ask, told):
        one = ask("POST", f"{RELEASE}buildWithParameters", data={"VERSION": "1"})
        same = ask("POST", f"{RELEASE}buildWithParameters", data={"VERSION": "1"})
        other = ask("POST", f"{RELEASE}buildWithParameters", data={"VERSION": "2"})

        assert (one.status_code, same.status_code, other.status_code) == (201, 303, 201)
        assert one.headers["Location"] == same.headers["Location"] != other.headers["Location"]
        items = told("queue/")["items"]
        assert [len(item["actions"][1]["causes"]) for item in items if item["task"]["name"] == "release"] == [1, 2]

    def test_answers_201_for_a_plain_duplicate(self, ask):
        first, second = (ask("POST", f"{SHOP}build") for _ in range(2))

        assert (first.status_code, second.status_code) == (201, 201)
        assert first.headers["Location"] == second.headers["Location"]

    def test_says_why_an_item_is_blocked(self, told):
        blocked = told(BACKUP)["queueItem"]

        assert (blocked["_class"], blocked["blocked"]) == ("hudson.model.Queue$BlockedItem", True)
        assert blocked["why"] == "Build #1 is already in progress (ETA: N/A)"

    def test_cancels_once(self, ask, told):
        number = told(BACKUP)["queueItem"]["id"]
        statuses = [ask("POST", "queue/cancelItem", data={"id": each}).status_code for each in (number, number, 999)]

        assert statuses == [204, 500, 404]
        assert told(f"queue/item/{number}/")["cancelled"] is True

    def test_remembers_for_five_minutes(self, ask, told, simulator):
        where = ask("POST", f"{SHOP}build").headers["Location"].removeprefix(simulator.url)
        simulator.skip(6)
        assert told(where)["executable"]["number"] == 5

        simulator.skip(301)
        assert ask("GET", f"{where}api/json").status_code == 404

    def test_begins_in_the_order_of_time(self, ask, told, simulator):
        ask("POST", f"{SHOP}build", params={"delay": "30sec"})
        ask("POST", "job/lint/build", params={"delay": "10sec"})
        assert "previousBuild" not in told(f"{SHOP}lastBuild/")
        assert told("job/build-app/lastBuild/")["previousBuild"]["number"] == 1
        simulator.skip(3600)

        shop, lint = told(f"{SHOP}lastBuild/"), told("job/lint/lastBuild/")
        assert 19_000 < shop["timestamp"] - lint["timestamp"] < 21_000
        assert (shop["duration"], lint["duration"]) == (20_000, 4_000)


class TestLog:
    def progress(self, ask, start=0, kind="Text"):
        answer = ask("GET", f"{BACKUP}1/logText/progressive{kind}", params={"start": start})
        return answer.content, int(answer.headers["X-Text-Size"]), answer.headers.get("X-More-Data")

    def test_grows_by_the_second(self, ask, simulator):
        simulator.skip(10)
        text, size, more = self.progress(ask)
        assert text.startswith(b"Started by user admin\r\nRunning as SYSTEM\r\n")
        assert (len(text.replace(b"\r\n", b"\n")), more) == (size, "true")

        simulator.write("Nightly/backup", "said now")
        assert self.progress(ask, size)[0].endswith(b"said now\r\n")
        simulator.finish("Nightly/backup")
        rest, end, more = self.progress(ask, size)
        assert rest.endswith(b"Finished: SUCCESS\r\n")
        assert (self.progress(ask, end), more) == ((b"", end, None), None)

    def test_begins_anew_where_it_is_shorter(self, ask):
        assert self.progress(ask, 10**9)[0].startswith(b"Started by")

    def test_counts_lines_it_did_not_send(self, ask, simulator):
        _, size, _ = self.progress(ask)
        simulator.last_build("Nightly/backup").log.write_raw("half a ")
        assert self.progress(ask, size)[:2] == (b"", size + 7)

        simulator.jenkins.counts_sent_text = True
        assert self.progress(ask, size)[:2] == (b"", size)

    def test_sends_ten_thousand_lines_at_most(self, ask, simulator):
        simulator.write("Nightly/backup", *(["x"] * 20_000))

        assert self.progress(ask)[0].count(b"\n") == 10_000
        assert self.progress(ask, kind="Html")[1] < len(simulator.last_build("Nightly/backup").log.content)

    def test_has_colours(self, ask, simulator):
        simulator.skip(5)

        assert b"\x1b[36mINFO\x1b[0m" in ask("GET", f"{BACKUP}1/consoleText").content


class TestRestart:
    def test_waits_for_builds_and_comes_back(self, ask, told, simulator):
        ask("POST", f"{SHOP}build", params={"delay": "0sec"})
        ask("POST", "safeRestart")
        assert told()["quietingDown"] is True
        ask("POST", "job/lint/build", params={"delay": "0sec"})
        assert "Jenkins is about to shut down" in {item["why"] for item in told("queue/")["items"]}

        simulator.finish("Nightly/backup")
        simulator.skip(20)
        assert "Please wait while Jenkins is getting ready to work" in ask("GET", "api/json").text
        simulator.skip(2)
        assert told()["quietingDown"] is False
        assert told("job/lint/")["lastBuild"]["number"] == 2

    def test_aborts_what_runs_and_keeps_the_queue(self, ask, told, simulator):
        pipeline = ask("POST", "job/build-app/build", params={"delay": "0sec"}).headers["Location"]
        waiting = [item["id"] for item in told("queue/")["items"]]
        simulator.restart(seconds=5)
        assert ask("GET", "api/json").status_code == 503

        simulator.skip(5)
        assert told(f"{BACKUP}1/")["result"] == "ABORTED"
        assert told("job/build-app/lastBuild/")["building"] is True
        assert ask("GET", f"{pipeline.removeprefix(simulator.url)}api/json").status_code == 404
        assert told(f"{BACKUP}lastBuild/")["queueId"] in waiting

    def test_can_be_called_off(self, ask, told):
        ask("POST", "quietDown")
        ask("POST", "cancelQuietDown")

        assert told()["quietingDown"] is False


class TestStopping:
    def test_aborts(self, ask, told):
        assert ask("POST", f"{BACKUP}1/stop").status_code == 302

        assert told(f"{BACKUP}1/")["result"] == "ABORTED"
        assert ask("POST", f"{BACKUP}1/stop").status_code == 302

    def test_terms_and_kills_only_pipelines(self, ask, told):
        ask("POST", "job/build-app/build", params={"delay": "0sec"})

        assert ask("POST", f"{BACKUP}1/kill").status_code == 404
        assert ask("POST", "job/build-app/lastBuild/term").status_code == 302
        assert told("job/build-app/lastCompletedBuild/")["result"] == "ABORTED"
