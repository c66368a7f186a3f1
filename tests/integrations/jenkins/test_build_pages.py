"""The page of a build, and what waits for a second person: what is shown, and what may be pressed."""

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.jenkins import services
from integrations.jenkins.models import Build, Job
from tests.integrations.jenkins.pages import ended, page_of, text

pytestmark = pytest.mark.django_db


class TestBuilds:
    def test_tell_what_happened(self, as_, boss, builder, known):
        build = ended(
            known("shop"), builder, state="failed", reason="Because", decided_by=boss, decided_at=timezone.now(), decision="Fine",
            number=7, began_at=timezone.now(), milliseconds=200_000,
        )  # fmt: skip

        page = text(as_(builder).get(page_of(build)))

        for part in ("Asked for", "“Because”", "Approved", "“Fine”", "Began as #7", "Ended: failed", "3 min 20 s"):
            assert part in page

    def test_are_filtered_and_found(self, as_, builder, known):
        ended(known("shop"), builder)
        services.ask(job=known("api"), by=builder)
        browser = as_(builder)
        address = reverse("admin:jenkins_build_changelist")

        assert "shop" not in text(browser.get(address, {"which": "open"})).partition("Asked by")[2]
        assert "api" not in text(browser.get(address, {"which": "over"})).partition("Asked by")[2]
        assert "shop" in text(browser.get(address, {"q": "shop"}))

    def test_stop_after_a_question_and_only_for_those_who_may(self, as_, builder, hire, known):
        build = services.ask(job=known("shop"), by=builder)
        address = reverse("admin:jenkins_build_stop", args=(build.pk,))
        stranger = as_(hire("stranger", "jenkins.view_job", "jenkins.build_job"))

        assert "Stop shop" in text(as_(builder).get(address))
        stranger.post(address, {"confirmed": "yes"})
        assert Build.objects.get().stop_asked_at is None
        as_(builder).post(address, {"confirmed": "yes"})

        build.refresh_from_db()
        assert build.state == "aborted"
        assert build.stopped_by == builder


class TestApprovals:
    @pytest.fixture
    def waiting(self, known, builder) -> Build:
        return services.ask(job=known("shop", needs_approval=True), by=builder, reason="The checkout goes live")

    def test_show_what_waits_for_me_and_let_me_decide(self, as_, approver, waiting):
        browser = as_(approver)
        address = reverse("dashboard:jenkins_approvals")

        assert "The checkout goes live" in text(browser.get(address))
        browser.post(
            reverse("admin:jenkins_build_decide", args=(waiting.pk,)),
            {"decision": "approve", "reason": "Go", "next": "approvals"},
        )

        waiting.refresh_from_db()
        assert (waiting.state, waiting.decided_by, waiting.decision) == ("approved", approver, "Go")
        assert "Nothing waits for you" in text(browser.get(address))

    def test_want_a_reason_for_a_no(self, as_, approver, waiting):
        decide = reverse("admin:jenkins_build_decide", args=(waiting.pk,))
        browser = as_(approver)

        browser.post(decide, {"decision": "reject", "reason": " "})
        assert Build.objects.get().state == "requested"
        browser.post(decide, {"decision": "reject", "reason": "Not today"})

        assert Build.objects.get().state == "rejected"
        assert "“Not today”" in text(browser.get(page_of(waiting)))

    def test_are_never_for_whoever_asked(self, as_, boss, known):
        own = services.ask(job=known("shop", needs_approval=True), by=boss)
        browser = as_(boss)

        assert 'name="decision"' not in browser.get(page_of(own)).content.decode()
        assert 'name="decision"' not in browser.get(reverse("dashboard:jenkins_approvals")).content.decode()
        browser.post(reverse("admin:jenkins_build_decide", args=(own.pk,)), {"decision": "approve"})

        assert Build.objects.get().state == "requested"

    def test_are_not_for_everybody(self, as_, builder, hire, waiting):
        decide = reverse("admin:jenkins_build_decide", args=(waiting.pk,))

        assert as_(hire("viewer", "jenkins.view_job")).get(reverse("dashboard:jenkins_approvals")).status_code == 403
        assert as_(builder).post(decide, {"decision": "approve"}).status_code == 403

    def test_are_in_the_sidebar_of_whoever_they_are_of_use_to(self, as_, hire, builder):
        address = reverse("dashboard:jenkins_approvals")
        second, viewer = hire("second", "jenkins.approve_build"), hire("viewer", "jenkins.view_job")

        shown = [address in as_(one).get(reverse("admin:index")).content.decode() for one in (second, builder, viewer)]

        assert shown == [True, True, False]

    def test_only_superusers_say_which_jobs_want_it(self, as_, boss, approver, known):
        job = known("shop")
        address = reverse("admin:jenkins_job_approval", args=(job.pk,))
        wanted = {"approval-needed": "on", "approval-hours": "8"}

        as_(approver).post(address, wanted)
        assert Job.objects.get().needs_approval is False
        as_(boss).post(address, wanted)

        job.refresh_from_db()
        assert (job.needs_approval, job.approval_hours) == (True, 8)
