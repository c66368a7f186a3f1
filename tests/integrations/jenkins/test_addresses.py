"""Jenkins servers are only where the operator says they may be."""

from ipaddress import ip_address

import pytest

from integrations.jenkins import addresses, services
from integrations.jenkins.errors import AddressNotAllowed
from integrations.jenkins.models import Server
from project.core.errors import InvalidParameters, NoPermission

HOSTILE = [
    "file:///etc/passwd",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "ftp://jenkins.example.com/",
    "//jenkins.example.com/",
    "jenkins.example.com",
    "http://",
    "http://user@jenkins.example.com/",
    "http://user:secret@jenkins.example.com/",
    "http://jenkins.example.com@169.254.169.254/",
    "http://jenkins.example.com\\@169.254.169.254/",
    "http://169.254.169.254/",
    "http://[fe80::1]/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://localhost/",
    "http://127.0.0.1/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0/",
    "http://jenkins。example。com/",
    "http://ｊenkins.example.com/",
    "http://jenkins.example.com/\r\nX-Injected: 1",
    "http://jenkins.example.com/?x=1",
    "http://jenkins.example.com/#x",
    "http://jenkins.example.com/a/../../b/",
    "http://jenkins.example.com/%2e%2e/",
    "http://jenkins.example.com:port/",
    "http://evil.com/",
    "http://jenkins.example.com.evil.com/",
]


@pytest.fixture
def one_host(settings):
    """The operator's list holds one name."""
    settings.JENKINS_ALLOWED_SERVERS = ["jenkins.example.com"]


@pytest.mark.attack("T-J-4")
class TestAddresses:
    @pytest.mark.parametrize("url", HOSTILE)
    def test_are_refused_unless_listed(self, one_host, url):
        with pytest.raises(AddressNotAllowed):
            addresses.placed(url)

    @pytest.mark.parametrize("url", HOSTILE[:6])
    def test_are_refused_by_the_form_and_by_the_test_button_alike(self, one_host, boss, url):
        with pytest.raises(AddressNotAllowed):
            services.add_server(name="Ours", url=url, by=boss)
        with pytest.raises(AddressNotAllowed):
            services.try_server(url=url, by=boss)

    def test_are_spelled_in_one_way(self, one_host):
        assert addresses.placed(" HTTPS://Jenkins.Example.com.:443/ci ").url == "https://jenkins.example.com/ci/"

    @pytest.mark.parametrize("where", ["127.0.0.1", "169.254.169.254", "::1", "fe80::1", "0.0.0.0", "224.0.0.1"])  # noqa: S104 (looked at, not bound)
    def test_of_a_listed_name_lead_nowhere_special(self, one_host, where):
        with pytest.raises(AddressNotAllowed):
            addresses.ensure_allowed("jenkins.example.com", ip_address(where))

    def test_of_a_listed_name_may_be_in_the_house(self, one_host):
        addresses.ensure_allowed("jenkins.example.com", ip_address("10.20.0.7"))

    def test_of_a_server_are_narrowed_by_its_own_list(self, one_host):
        with pytest.raises(AddressNotAllowed):
            addresses.ensure_allowed("jenkins.example.com", ip_address("10.20.0.7"), ["10.30.0.0/16"])

    def test_are_looked_up_anew_for_each_connection(self, settings):
        settings.JENKINS_ALLOWED_SERVERS = ["localhost"]

        assert addresses.placed("http://localhost/").host == "localhost"
        with pytest.raises(AddressNotAllowed):  # the name is listed; what it leads to is this machine
            addresses.found("localhost", 80, addresses.ensure_allowed)

    def test_of_this_machine_are_for_networks_to_allow(self, settings):
        settings.JENKINS_ALLOWED_SERVERS = ["127.0.0.0/8"]

        assert addresses.placed("http://127.0.0.1:8080/").url == "http://127.0.0.1:8080/"


class TestServers:
    @pytest.mark.attack("T-J-4")
    def test_are_for_superusers_alone(self, hire):
        nearly = hire("nearly", "jenkins.add_server", "jenkins.change_server", "jenkins.delete_server")
        server = Server.objects.create(name="Ours", url="http://127.0.0.1:9/")

        for attempt in (
            lambda: services.add_server(name="Theirs", url="http://127.0.0.1:9/", by=nearly),
            lambda: services.change_server(server, name="Theirs", by=nearly),
            lambda: services.delete_server(server, by=nearly),
            lambda: services.try_server(url="http://127.0.0.1:9/", by=nearly),
        ):
            with pytest.raises(NoPermission):
                attempt()

    @pytest.mark.attack("T-J-7")
    def test_do_not_take_their_token_to_another_address(self, boss):
        server = services.add_server(name="Ours", url="http://127.0.0.1:9/", user="bot", token="s3cret", by=boss)

        with pytest.raises(InvalidParameters) as refused:
            services.change_server(server, url="http://127.0.0.2:9/", by=boss)

        assert set(refused.value.fields) == {"token"}
        assert Server.objects.get().token == "s3cret"

    def test_of_one_name_there_is_one(self, boss):
        services.add_server(name="Ours", url="http://127.0.0.1:9/", by=boss)

        with pytest.raises(InvalidParameters) as refused:
            services.add_server(name="Ours", url="http://127.0.0.1:9/", by=boss)

        assert set(refused.value.fields) == {"name"}
