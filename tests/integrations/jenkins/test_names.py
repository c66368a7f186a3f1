"""Names of jobs lead nowhere else."""

import pytest

from integrations.jenkins import names
from integrations.jenkins.errors import BadName
from integrations.jenkins.numbers import number_in


@pytest.mark.attack("T-J-5")
class TestNames:
    @pytest.mark.parametrize(
        "name",
        [
            "", ".", "..", "../x", "x/..", "x/../../y", "/x", "x/", "x//y", "%2e%2e", "x/%2E%2e/y", "%252e%252e",
            "x%2F..%2Fy", "a\r\nHost: evil", "a%0d%0ab", "a\0b", "a%00b", "x\\..\\y", "a\u2028b", "x" * 501, "x/ /y",
        ],
    )  # fmt: skip
    def test_that_lead_elsewhere_are_refused(self, name):
        with pytest.raises(BadName) as refused:
            names.checked(name)

        assert refused.value.status == 400
        assert "\r" not in str(refused.value)

    @pytest.mark.parametrize("name", ["a/b", "a?b", "a*b", "a%20b", "a#b", "<b>", 'a"b', " a", "a ", "a.", "a:b"])
    def test_that_jenkins_does_not_take_are_refused_for_something_new(self, name):
        with pytest.raises(BadName):
            names.checked_new(name)

    def test_of_branches_may_hold_an_escaped_slash(self):
        assert names.path("repo/feature%2Flogin") == "job/repo/job/feature%252Flogin/"

    def test_become_addresses(self):
        assert names.path("发布/web app/v1.2") == "job/%E5%8F%91%E5%B8%83/job/web%20app/job/v1.2/"

    def test_are_read_from_addresses(self):
        assert names.from_url_path("a/job/web%20app/") == "a/web app"

    def test_know_the_folders_above(self):
        assert names.folders_of("a/b/c") == ["a/b/c", "a/b", "a", ""]


@pytest.mark.parametrize("text", ["", "-1", "1.0", "\u0663", "\u00b2", " 1", "9" * 19, "9" * 5000])
def test_what_is_no_number_is_none(text):
    assert number_in(text) is None
    assert number_in("018") == 18
