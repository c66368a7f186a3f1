"""Files that builds left: listed from what is known, passed on piece by piece, and nothing else of Jenkins with them."""

import pytest
from auditlog.models import LogEntry
from django.urls import reverse

from integrations.jenkins import services
from integrations.jenkins.errors import AnswerTooLarge, EndUnknown, NoAnswer
from integrations.jenkins.models import Build, Job, Rule
from project.core import breaker
from tests.integrations.jenkins.conftest import FILES, step
from tests.integrations.jenkins.pages import artifact_of, page_of, read, said, text


class TestArtifacts:
    def test_are_listed_also_while_jenkins_is_away(self, sign_in, builder, left, jenkins):
        jenkins.faults.down()

        found = sign_in(builder).get(artifact_of(left)).json()["results"]

        assert [one["path"] for one in found] == FILES.split(",")
        assert found[0]["name"] == "app.zip"

    def test_come_as_they_are_and_as_files_only(self, sign_in, builder, left, jenkins):
        program = sign_in(builder)

        answer = program.get(artifact_of(left, "report.html"))

        kept = jenkins.last_build("Team/leaves").artifacts_left
        assert read(answer) == kept["report.html"]
        assert answer["Content-Type"] == "application/octet-stream"
        assert answer["Content-Disposition"] == 'attachment; filename="report.html"'
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Content-Length"] == str(len(kept["report.html"]))
        assert read(program.get(artifact_of(left, "dist/gr%C3%B6%C3%9Fe.txt"))) == kept["dist/größe.txt"]
        entry = LogEntry.objects.filter(additional_data__event="jenkins_build.artifact_read").latest("pk")
        assert (entry.actor, entry.additional_data["details"]["path"]) == (builder, "dist/größe.txt")

    @pytest.mark.attack("T-J-5")
    @pytest.mark.parametrize(
        "path",
        [
            "../../../../config.xml", "..%2F..%2Fconfig.xml", "%252e%252e/config.xml", "dist/../report.html", "*zip*/all.zip",
            "dist/", "/report.html", "report.html%00", "dist%5Capp.zip", "report.html%0d%0aX-Evil: 1", "no-such", "",
        ],
    )  # fmt: skip
    def test_are_only_what_the_build_left(self, sign_in, builder, left, jenkins, path):
        program = sign_in(builder)
        jenkins.requests.clear()

        answer = program.get(artifact_of(left, path))

        assert answer.status_code in {400, 404}
        assert not jenkins.requests

    @pytest.mark.attack("T-J-5")
    def test_of_names_that_lead_elsewhere_are_not_kept(self, leaves, builder, jenkins):
        asked = step(services.ask(job=leaves, by=builder))
        jenkins.skip(10)
        odd = ("../../secrets/master.key", "a\\b", "%2e%2e/x", "a\nb", "/etc/passwd", "ok.txt")
        jenkins.last_build("Team/leaves").artifacts_left = dict.fromkeys(odd, b"x")

        assert step(asked, 2).artifacts == ["ok.txt"]

    @pytest.mark.attack("T-F-11")
    def test_are_not_for_whom_the_folder_is_closed(self, sign_in, hire, as_, left, boss, server, jenkins):
        outsider = hire("outsider", "jenkins.view_job", "jenkins.build_job")
        Rule.objects.create(server=server, folder="Team", person=boss, may_view=True)
        program, browser = sign_in(outsider), as_(outsider)
        jenkins.requests.clear()

        log = f"jenkins/builds/{left.pk}/log"
        for path in (
            artifact_of(left),
            artifact_of(left, "report.html"),
            log,
            f"{log}/download",
            f"jenkins/jobs/{left.job_id}/last-log",
        ):
            assert program.get(path).status_code == 404
        for name in ("artifact", "log", "download"):
            shown = browser.get(reverse(f"admin:jenkins_build_{name}", args=(left.pk,)), {"path": "report.html"})
            assert shown.status_code == 404
        assert not jenkins.requests

    def test_that_are_too_large_are_refused_before_anything_of_them_comes(self, sign_in, builder, left, settings):
        settings.JENKINS_ARTIFACT_MAX_BYTES = 100

        answer = sign_in(builder).get(artifact_of(left, "report.html"))

        assert (answer.status_code, answer.json()["error"]["code"]) == (502, "60005")

    @pytest.mark.attack("T-J-1")
    def test_that_never_end_are_cut(self, builder, left, jenkins, settings):
        settings.JENKINS_ARTIFACT_MAX_BYTES = 3 * 1024**2
        jenkins.faults.add("huge", 50, path="artifact")

        opened = services.open_artifact(left, path="report.html", by=builder)
        with pytest.raises(AnswerTooLarge):
            sum(map(len, opened.pieces))

    def test_that_say_nowhere_how_long_they_are_are_not_begun(self, builder, left, jenkins):
        jenkins.faults.add("endless", path="artifact")

        with pytest.raises(EndUnknown, match="Ours does not say where this file ends"):
            services.open_artifact(left, path="report.html", by=builder)

    @pytest.mark.parametrize("fault", ["cut", "lost"])
    def test_that_end_too_early_do_not_look_whole(self, builder, left, jenkins, fault):
        jenkins.faults.add(fault, path="artifact")

        with pytest.raises(NoAnswer):
            list(services.open_artifact(left, path="report.html", by=builder).pieces)

    def test_that_nobody_reads_keep_nothing_open(self, builder, left):
        opened = services.open_artifact(left, path="report.html", by=builder)
        files = breaker.named(f"jenkins-{left.server_id}-files")
        assert files.snapshot().running == 1

        opened.pieces.close()

        assert files.snapshot().running == 0

    def test_that_are_read_slowly_take_no_other_calls_turn(self, builder, left, server):
        opened = [services.open_artifact(left, path="report.html", by=builder) for _time in range(8)]

        with pytest.raises(breaker.Busy, match="Ours"):
            services.open_artifact(left, path="report.html", by=builder)
        assert services.refresh(server)
        for one in opened:
            one.pieces.close()

    @pytest.mark.parametrize(
        ("fault", "code"), [("redirect", "60004"), ("not_found", "60006"), ("forbidden", "60003"), ("error", "60000")]
    )
    def test_that_cannot_be_had_say_why(self, sign_in, as_, builder, left, jenkins, fault, code):
        jenkins.faults.add(fault, path="artifact")
        browser = as_(builder)

        refused = sign_in(builder).get(artifact_of(left, "report.html")).json()["error"]
        page = browser.get(reverse("admin:jenkins_build_artifact", args=(left.pk,)), {"path": "report.html"})

        assert refused["code"] == code
        assert page.url == page_of(left)
        assert refused["message"].partition("“")[0] in said(browser, page).replace("&#x27;", "'")

    def test_are_on_the_page_of_the_build(self, as_, builder, left, jenkins):
        browser = as_(builder)

        page = browser.get(page_of(left))

        assert "Files it left" in text(page)
        links = [
            part.partition('"')[0] for part in page.content.decode().split('href="') if "/artifact/?path=" in part[:120]
        ]
        assert len(links) == 3
        kept = jenkins.last_build("Team/leaves").artifacts_left
        assert [read(browser.get(one)) for one in links] == [kept[path] for path in FILES.split(",")]

    def test_are_none_of_a_build_that_left_none(self, as_, builder, known):
        over = Build.objects.create(
            server=known("web").server, job=Job.objects.get(), state="success", created_by=builder
        )

        assert "Files it left" not in text(as_(builder).get(page_of(over)))
