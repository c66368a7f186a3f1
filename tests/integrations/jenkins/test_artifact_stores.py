"""Files that Jenkins keeps elsewhere: fetched from hosts of the operator's list alone, and with nothing of ours."""

import base64
import traceback
from ipaddress import ip_address

import pytest

from integrations.jenkins import services
from integrations.jenkins.errors import (
    FileElsewhere,
    JenkinsError,
    NoAnswer,
    NotAtJenkins,
    SentElsewhere,
    UnknownCertificate,
)
from integrations.jenkins.filestores import Stores
from project.core import breaker
from tests.deploy.certificates import Authority
from tests.fakes.jenkins import Store
from tests.integrations.jenkins.pages import artifact_of, read

PATH = "report.html"


@pytest.fixture
def store(jenkins):
    """Where this Jenkins keeps its files, over http."""
    with Store() as running:
        jenkins.keep_artifacts_at(running)
        yield running


@pytest.fixture
def listed(store, settings):
    """It is on the operator's list."""
    settings.JENKINS_ARTIFACT_HOSTS = [f"http://{store.host}"]
    return store


def fetch(build, by):
    return b"".join(services.open_artifact(build, path=PATH, by=by).pieces)


def refusal(build, by):
    with pytest.raises(Exception) as refused:  # noqa: PT011 (each test says which)
        fetch(build, by)
    return refused.value


class TestListedStores:
    def test_give_their_files_to_people_as_jenkins_does(self, sign_in, builder, left, listed, jenkins):
        answer = sign_in(builder).get(artifact_of(left, PATH))

        left = jenkins.last_build("Team/leaves").artifacts_left[PATH]
        assert read(answer) == left
        assert answer["Content-Length"] == str(len(left))
        assert answer["Content-Disposition"] == 'attachment; filename="report.html"'

    @pytest.mark.attack("T-J-2")
    def test_get_nothing_of_ours(self, builder, left, listed, jenkins):
        fetch(left, builder)

        (_target, sent), secret = (
            listed.requests[0],
            base64.b64encode(f"{jenkins.user}:{jenkins.token}".encode()).decode(),
        )
        assert not {"authorization", "cookie", "referer", "jenkins-crumb"} & sent.keys()
        assert secret not in str(listed.requests)

    def test_that_send_on_are_followed_as_far_as_they_are_listed(self, builder, left, listed, settings):
        with Store() as region:
            settings.JENKINS_ARTIFACT_HOSTS.append(f"http://{region.host}")
            listed.sends_on = region.keep("there", b"moved")

            assert fetch(left, builder) == b"moved"

    @pytest.mark.attack("T-J-2")
    def test_that_send_on_to_others_are_not_followed(self, builder, left, listed):
        with Store() as other:
            listed.sends_on = other.keep("there", b"secret of the house")

            problem = refusal(left, builder)

            assert type(problem) is FileElsewhere
            assert other.host in str(problem)
            assert not other.requests

    @pytest.mark.attack("T-J-1")
    def test_that_send_round_in_circles_are_left_after_three(self, builder, left, listed):
        listed.sends_on = ""

        assert type(refusal(left, builder)) is SentElsewhere
        assert len(listed.requests) == 3

    def test_that_cut_a_file_are_told(self, builder, left, listed):
        listed.ends_after = 20

        problem = refusal(left, builder)

        assert type(problem) is NoAnswer
        assert listed.host in str(problem)

    def test_are_named_where_they_refuse(self, builder, left, listed, jenkins):
        jenkins.faults.add("redirect", path="artifact", to=f"{listed.url}gone?X-Amz-Signature=1")
        gone = refusal(left, builder)
        listed.keep("gone", b"")
        late = refusal(left, builder)

        assert type(gone) is NotAtJenkins
        assert type(late) is JenkinsError
        assert f"{listed.host}: HTTP 403" in str(late)
        assert breaker.named(f"jenkins-{left.server_id}-files").snapshot().failed == 0

    @pytest.mark.attack("T-J-7")
    def test_have_no_signature_in_errors(self, builder, left, settings, jenkins):
        settings.JENKINS_ARTIFACT_HOSTS = ["http://127.0.0.1:9"]
        jenkins.faults.add("redirect", path="artifact", to="http://127.0.0.1:9/file?X-Amz-Signature=5ecret")

        problem = refusal(left, builder)

        assert "127.0.0.1:9" in str(problem)
        assert "5ecret" not in "".join(traceback.format_exception(problem))


@pytest.mark.attack("T-J-2")
class TestOtherStores:
    def test_are_not_asked_and_the_error_says_what_to_list(self, sign_in, builder, left, store):
        refused = sign_in(builder).get(artifact_of(left, PATH)).json()["error"]

        assert refused["code"] == "60004"
        assert f"http://{store.host}" in refused["message"]
        assert "JENKINS_ARTIFACT_HOSTS" in refused["message"]
        assert not store.requests

    @pytest.mark.parametrize(
        "to",
        [
            "file:///etc/passwd", "gopher://builds.example.com/", "//builds.example.com@127.0.0.1/", "http://builds.example.com/x",
            "https://builds.example.com:444/x", "https://builds.example.com.evil.com/x", "https://user@builds.example.com/x",
            "https://evil.com\\@builds.example.com/x", "https://evil.com#builds.example.com", "https://169.254.169.254/latest/",
            "https://2130706433/", "https://[::1]/", "https:///x", "https://builds.example.com:port/", "", "x" * 9000,
        ],
    )  # fmt: skip
    def test_are_none_of_what_looks_like_a_listed_one(self, settings, to):
        settings.JENKINS_ARTIFACT_HOSTS = ["builds.example.com", ".blob.example.net"]

        with pytest.raises(FileElsewhere):
            Stores("Ours").ensure_listed(to)

    def test_are_reached_by_https_unless_an_entry_says_otherwise(self, settings):
        settings.JENKINS_ARTIFACT_HOSTS = [
            "builds.example.com",
            ".blob.example.net:8443",
            "http://minio.example.com:9000",
        ]
        stores = Stores("Ours")

        for good in (
            "https://builds.example.com/a?X-Amz-Signature=b", "https://Builds.Example.com:443/", "https://eu.blob.example.net:8443/",
            "http://minio.example.com:9000/x",
        ):  # fmt: skip
            assert stores.ensure_listed(good)
        for bad in ("http://builds.example.com/", "https://minio.example.com:9000/", "https://eu.blob.example.net/"):
            with pytest.raises(FileElsewhere):
                stores.ensure_listed(bad)

    @pytest.mark.parametrize(
        "where",
        [
            "127.0.0.1", "10.20.0.7", "192.168.1.1", "169.254.169.254", "100.100.100.200", "0.0.0.0", "224.0.0.1", "::1",  # noqa: S104 (refused, not listened at)
            "fe80::1", "fd00:ec2::254",
        ],
    )  # fmt: skip
    def test_whose_names_lead_inside_need_the_network_too(self, settings, where):
        settings.JENKINS_ARTIFACT_HOSTS = ["builds.example.com"]
        with pytest.raises(FileElsewhere):
            Stores("Ours").ensure_allowed("builds.example.com", ip_address(where))

        settings.JENKINS_ARTIFACT_HOSTS.append(f"{where}/{128 if ':' in where else 32}")
        Stores("Ours").ensure_allowed("builds.example.com", ip_address(where))

    def test_that_are_names_for_this_machine_are_not_connected_to(self, builder, left, store, settings, jenkins):
        port = store.host.rpartition(":")[2]
        settings.JENKINS_ARTIFACT_HOSTS = [f"http://localhost:{port}"]
        jenkins.faults.add("redirect", path="artifact", to=store.keep("x", b"x").replace("127.0.0.1", "localhost"))

        problem = refusal(left, builder)

        assert type(problem) is FileElsewhere
        assert "not public" in str(problem)
        assert not store.requests


class TestStoresInTheHouse:
    @pytest.fixture
    def authority(self, tmp_path):
        return Authority(tmp_path / "house")

    def test_are_trusted_by_the_operators_certificates(self, builder, left, jenkins, settings, authority):
        with Store(authority.issue("store")) as store:
            jenkins.keep_artifacts_at(store)
            settings.JENKINS_ARTIFACT_HOSTS = [store.host, "127.0.0.0/8", "::1/128"]

            assert type(refusal(left, builder)) is UnknownCertificate
            settings.JENKINS_CA_FILE = authority.root
            assert fetch(left, builder) == jenkins.last_build("Team/leaves").artifacts_left[PATH]
