"""The state of a server is one request, kept as rows, and says how old it is."""

from datetime import timedelta

import jenkins as python_jenkins
import pytest
from django.utils import timezone

from integrations.jenkins import services
from integrations.jenkins.models import Job, Server
from project.core import sealed
from tests.fakes.jenkins import Simulator

pytestmark = pytest.mark.every_database


class TestRefreshing:
    def test_is_one_request_however_many_jobs(self, db):
        with Simulator(jobs=300, folders=20) as many:
            server = Server(name="Many", url=many.url, user=many.user)
            server.seal(many.token)
            server.save()

            assert services.refresh(server)
            assert len(many.requests) == 1

        assert Job.objects.only_jobs().count() == 300
        assert Server.objects.get().state["jobs"] == 300

    def test_knows_what_is_new_changed_and_gone(self, server, client):
        client.create_job("new", python_jenkins.EMPTY_CONFIG_XML)
        client.delete_job("lint")
        client.enable_job("build-shop", enabled=False)
        services.refresh(server)

        assert Job.objects.get(full_name="new").status == "not_built"
        assert Job.objects.get(full_name="lint").gone_at is not None
        assert Job.objects.get(full_name="build-shop").status == "disabled"
        client.create_job("lint", python_jenkins.EMPTY_CONFIG_XML)
        services.refresh(server)
        assert Job.objects.get(full_name="lint").gone_at is None

    def test_does_not_lose_what_was_seen_after_it_was_asked(self, server):
        """A job that is made while the answer is under way is not in it, and there nevertheless."""
        soon = timezone.now() + timedelta(seconds=5)
        Job.objects.create(server=server, full_name="made", name="made", seen_at=soon)
        services.refresh(server)

        assert Job.objects.get(full_name="made").gone_at is None

    def test_reads_what_jobs_ask_for(self, server, job):
        asked = {one.name: one for one in job("Release/release").asks_for}

        assert any(one.choices for one in asked.values())
        assert all(one.default is None for one in asked.values() if one.secret)

    def test_is_nobodys_twice_at_a_time(self, server, jenkins):
        Server.objects.update(lease_until=timezone.now() + timedelta(seconds=10))
        jenkins.requests.clear()

        assert not services.refresh(server)
        assert not jenkins.requests

    def test_is_due_when_it_is_old(self, server, settings):
        assert services.servers_due() == []
        Server.objects.update(asked_at=timezone.now() - timedelta(seconds=settings.JENKINS_REFRESH_SECONDS))

        assert services.servers_due() == [server]

    def test_with_a_token_of_another_secret_key_says_so(self, server, settings):
        settings.SECRET_KEY = "x" * 60
        sealed._box_of.cache_clear()

        assert not services.refresh(server)
        assert Server.objects.get().trouble_code == "60002"
