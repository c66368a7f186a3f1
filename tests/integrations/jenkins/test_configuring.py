"""Jobs are created, changed, renamed, copied and deleted from here; queues are emptied; machines come and go."""

import jenkins as python_jenkins
import pytest

from integrations.jenkins import jobxml, services
from integrations.jenkins.errors import BadName, BadXml, NotAtJenkins, NotHere, NotReached, TakenName
from integrations.jenkins.models import Job, Rule, Server
from project.core.errors import InvalidParameters, NoPermission
from tests.integrations.jenkins.conftest import step

XML = python_jenkins.EMPTY_CONFIG_XML


@pytest.fixture
def chief(hire):
    """Who configures jobs, and may do most with builds and servers."""
    powers = ("view_job", "build_job", "configure_job", "stop_build", "view_server", "manage_server")
    return hire("chief", *(f"jenkins.{one}" for one in powers))


class TestXml:
    @pytest.mark.parametrize(
        "text",
        [
            "", "<project>", "no xml", '<!DOCTYPE x [<!ENTITY a "aa">]><project>&a;</project>',
            '<!DOCTYPE x SYSTEM "file:///etc/passwd"><project/>', "<a>" * 200 + "</a>" * 200,
            "<project>" + "x" * 1024 * 1024 + "</project>",
            '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]><project>&c;</project>',
            '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://192.0.2.1/x.dtd"> %p;]><project/>',
            '<?xml version="1.1" encoding="UTF-16"?><project/>', '<?xml version="1.0" encoding="IBM037"?><project/>',
            '<?xml version="1.0"?><?xml version="1.0"?><project/>', "<project>&undeclared;</project>",
        ],
        ids=[
            "empty", "open", "text", "entity", "outside", "deep", "large", "laughs", "parameter", "wide", "ebcdic", "twice", "unknown",
        ],
    )  # fmt: skip
    def test_that_is_none_or_hostile_is_refused(self, text):
        with pytest.raises(BadXml):
            jobxml.checked(text)

    @pytest.mark.parametrize("name", jobxml.TEMPLATES)
    def test_of_the_templates_is_good(self, name):
        assert jobxml.checked(jobxml.TEMPLATES[name].xml)


class TestJobs:
    def test_are_created_where_one_may(self, server, chief, client):
        services.create_folder(server, name="Team", by=chief)
        made = services.create_job(server, name="web", folder="Team", xml=jobxml.TEMPLATES["shell"].xml, by=chief)

        assert (made.full_name, made.folder, made.buildable) == ("Team/web", "Team", True)
        assert client.job("Team/web").full_name == "Team/web"
        with pytest.raises(TakenName):
            services.create_job(server, name="web", folder="Team", xml=XML, by=chief)

    def test_are_created_nowhere_else(self, server, chief, builder, boss):
        Rule.objects.create(server=server, folder="Team", person=boss, may_configure=True)

        with pytest.raises(NotHere):
            services.create_folder(server, name="Team", by=chief)
        with pytest.raises(NoPermission):
            services.create_folder(server, name="Other", by=builder)
        with pytest.raises(BadName):
            services.create_folder(server, name="..", by=chief)

    def test_show_what_would_change(self, server, chief):
        job = services.create_job(server, name="web", xml=XML, by=chief)
        lines = services.difference(job, xml=python_jenkins.RECONFIG_XML, by=chief)

        assert any(line.startswith("+") and "FOO=bar" in line for line in lines)
        services.update_job(job, xml=python_jenkins.RECONFIG_XML, by=chief)
        assert "FOO=bar" in services.xml_of(job, by=chief)

    def test_keep_their_approval_under_another_name(self, server, chief, boss):
        job = services.create_job(server, name="deploy", xml=XML, by=chief)
        services.want_approval(job, needed=True, by=boss)
        renamed = services.rename_job(job, name="ship", by=chief)

        assert (renamed.pk, renamed.full_name, renamed.needs_approval) == (job.pk, "ship", True)
        assert services.ask(job=renamed, by=chief).state == "requested"
        with pytest.raises(TakenName):
            services.rename_job(renamed, name="Release", by=chief)

    def test_hand_their_approval_to_copies(self, server, chief, boss):
        job = services.create_job(server, name="deploy", xml=XML, by=chief)
        services.want_approval(job, needed=True, by=boss)

        assert services.copy_job(job, name="deploy2", by=chief).needs_approval

    def test_in_a_folder_that_wants_approval_hand_it_to_copies_elsewhere(self, server, chief, boss, job):
        services.want_approval(job("Release"), needed=True, hours=3, by=boss)

        outside = services.copy_job(job("Release/release"), name="release-2", by=chief)
        inside = services.copy_job(job("Release/release"), name="release-3", folder="Release", by=chief)

        assert (outside.needs_approval, outside.approval_hours) == (True, 3)
        assert not inside.needs_approval
        assert {services.ask(job=one, by=chief).state for one in (outside, inside)} == {"requested"}

    def test_that_want_approval_hand_it_to_copies_of_the_folder_they_are_in(self, server, chief, boss, job):
        services.want_approval(job("Release/release"), needed=True, by=boss)

        services.copy_job(job("Release"), name="Release-2", by=chief)
        services.refresh(server)

        assert services.ask(job=job("Release-2/release"), by=chief).state == "requested"

    def test_of_a_closed_folder_go_nowhere_with_the_folder_above(self, server, chief, boss, job, client):
        Rule.objects.create(server=server, folder="Nightly/Databases", person=boss, may_configure=True)
        above = job("Nightly")

        for act in (
            lambda: services.copy_job(above, name="mine", by=chief),
            lambda: services.rename_job(above, name="mine", by=chief),
            lambda: services.delete_job(above, typed="Nightly", by=chief),
        ):
            with pytest.raises(NotHere):
                act()
        assert "Nightly/Databases/check" in client.all_job_names()
        assert "mine/Databases/check" not in client.all_job_names()

    def test_take_what_is_in_them_and_their_rules_along(self, server, chief, boss):
        services.create_folder(server, name="Team", by=chief)
        inner = services.create_job(server, name="web", folder="Team", xml=XML, by=chief)
        rule = Rule.objects.create(server=server, folder="Team", person=boss, may_view=False, may_approve=True)
        services.rename_job(Job.objects.get(full_name="Team"), name="Crew", by=chief)
        inner.refresh_from_db()
        rule.refresh_from_db()

        assert (inner.full_name, rule.folder) == ("Crew/web", "Crew")

    def test_are_deleted_when_their_name_is_typed(self, server, chief, client):
        job = services.create_job(server, name="web", xml=XML, by=chief)

        with pytest.raises(InvalidParameters):
            services.delete_job(job, typed="wed", by=chief)
        services.delete_job(job, typed="web", by=chief)
        assert "web" not in client.all_job_names()
        assert Job.objects.get(full_name="web").gone_at is not None

    def test_can_be_switched_off(self, server, chief):
        job = services.create_job(server, name="web", xml=XML, by=chief)

        assert services.enable_job(job, enabled=False, by=chief).status == "disabled"
        assert services.enable_job(job, enabled=True, by=chief).buildable

    def test_of_a_server_that_is_down_are_not_waited_for(self, server, chief, jenkins):
        jenkins.faults.add("starting")
        services.refresh(server)
        jenkins.requests.clear()

        with pytest.raises(NotReached):
            services.create_folder(Server.objects.get(), name="Team", by=chief)
        assert not jenkins.requests


class TestQueue:
    @pytest.fixture
    def waiting(self, server, client, chief, builder, boss):
        """Two builds that wait: one of the builder, one that nobody of us asked for."""
        slow = XML.replace("<builders/>", "<builders/><quietPeriod>100</quietPeriod>")
        for name in ("ours", "theirs"):
            services.create_job(server, name=name, xml=slow, by=boss)
        client.cancel_all()
        build = step(services.ask(job=Job.objects.get(full_name="ours"), by=builder))
        return build, client.build_job("theirs")

    def test_says_who_of_us_asked(self, waiting, server, chief, builder, jenkins):
        build, other = waiting
        found = {one.item.number: one for one in services.queue_of(server, by=chief)}

        assert found[build.queue_number].asked_by == builder
        assert (found[other].asked_by, found[other].item.by) == (None, jenkins.user)

    def test_gives_up_what_is_ones_own(self, waiting, server, builder, client):
        build, other = waiting
        with pytest.raises(NoPermission):
            services.cancel_item(server, other, by=builder)
        services.cancel_item(server, build.queue_number, by=builder)

        assert client.pending() == [other]
        with pytest.raises(NotAtJenkins):
            services.cancel_item(server, build.queue_number, by=builder)

    def test_is_emptied_by_who_may(self, waiting, server, builder, chief, client):
        with pytest.raises(NoPermission):
            services.cancel_all(server, by=builder)

        assert len(services.cancel_all(server, by=chief)) == 2
        assert client.pending() == []

    def test_hides_what_one_may_not_see(self, waiting, server, chief, boss):
        Rule.objects.create(server=server, folder="theirs", person=boss)

        assert [one.item.job for one in services.queue_of(server, by=chief)] == ["ours"]


class TestMachines:
    def test_come_and_go(self, server, chief):
        services.create_node(server, name="linux-9", executors=3, labels="linux", by=chief)
        assert any(one.name == "linux-9" for one in services.nodes_of(server, by=chief))
        services.delete_node(server, name="linux-9", by=chief)

        assert not any(one.name == "linux-9" for one in services.nodes_of(server, by=chief))

    def test_are_not_everybodys(self, server, builder):
        for attempt in (
            lambda: services.nodes_of(server, by=builder),
            lambda: services.create_node(server, name="x", by=builder),
            lambda: services.install_plugin(server, name="git", by=builder),
            lambda: services.uninstall_plugin(server, name="git", by=builder),
            lambda: services.restart_server(server, by=builder),
        ):
            with pytest.raises(NoPermission):
                attempt()

    def test_have_plugins(self, server, chief):
        services.install_plugin(server, name="ansicolor", version="1.0.6", by=chief)
        services.uninstall_plugin(server, name="timestamper", by=chief)

        assert {one.name: one.deleted for one in services.plugins_of(server, by=chief)}["timestamper"]
