"""What a new password must be, wherever somebody chooses one."""

import pytest
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.core.exceptions import ValidationError
from django.utils import translation

from accounts import services
from accounts.models import User
from tests.accounts.conftest import PASSWORD, fields_of

pytestmark = pytest.mark.django_db

LONG = "nine green bottles hang " * 5
SENTENCE = "rain falls on the tin roof"


def said(password, user=None) -> list[str]:
    """What is wrong with the password."""
    try:
        validate_password(password, user)
    except ValidationError as problem:
        return list(problem.messages)
    return []


class TestLength:
    def test_is_ten_at_least_unless_the_operator_asks_for_more(self, settings):
        assert said("Kd8-wq2Lz") == ["This password is too short: at least 10 characters."]
        assert said("Kd8-wq2Lzx") == []

        settings.PASSWORD_MIN_LENGTH = 15
        assert said("Kd8-wq2Lzx") == ["This password is too short: at least 15 characters."]

    def test_may_be_128_and_all_of_it_counts(self, mei, phone_of, program):
        longest = (LONG + LONG)[:128]
        assert said(longest) == []
        assert said(longest + "x") == ["This password is too long: at most 128 characters."]
        services.set_password(user=mei, password=longest)

        wrong = program().post("auth/login", {"username": "meiling", "password": longest[:-1]})

        assert wrong.status_code == 401
        assert program().sign_in(mei, longest).get("auth/me").status_code == 200

    def test_is_all_that_counts_for_kinds_of_characters(self):
        for one in (
            SENTENCE,
            "SHOUTING FROM THE HILL",
            "我在北京的胡同里吃了三个包子",
            "🎈🎏🎐🎑🎀🎁🎊🎉🎎🎍",
            "83021746559028",
        ):
            assert said(one) == [], one

    def test_is_told_before_somebody_tries(self):
        assert "At least 10 characters." in password_validators_help_texts()[0]


class TestLeaked:
    @pytest.mark.parametrize(
        "leaked", ["1234567890", "password12345", "Passw0rd123!", "qwertyuiop123", "PASSWORD12345"]
    )
    def test_ones_are_refused(self, leaked):
        assert "This password is on the lists of leaked ones that everybody tries first." in said(leaked)

    def test_short_ones_too_where_short_ones_are_allowed(self, settings):
        settings.PASSWORD_MIN_LENGTH = 8

        assert said("password") == said("baseball") != []
        assert said("tQ7-mvex") == []

    def test_ones_are_refused_in_chinese_too(self):
        with translation.override("zh-hans"):
            assert "该密码在已泄露密码列表中，会被最先尝试。" in said("password12345")


class TestOwnData:
    @pytest.mark.parametrize("own", ["meilingzhang1", "xiaoming.zhang", "13812345678", "mailboxmei@example"])
    def test_is_no_password(self, hire, own):
        mei = hire("meilingzhang", nickname="xiaoming zhang", phone="13812345678", email="mailboxmei@example.com")

        assert len(said(own, mei)) == 1
        assert "too similar to the" in said(own, mei)[0]

    def test_of_the_house_is_none_either(self, settings):
        settings.PASSWORD_FORBIDDEN_WORDS = ["gatehouse", "example corp."]
        little = ["This password is little more than a name that everybody here knows."]

        assert said("Gatehouse-26!") == little
        assert said("gatehouseGATEHOUSE") == little
        assert said("Example Corp.2026") == little
        assert said("gatehouse keeper of lions") == []


class TestPresentOne:
    def test_is_no_new_one(self, phone_of, mei):
        answer = phone_of(mei).post("auth/password", {"old_password": PASSWORD, "new_password": PASSWORD})

        assert fields_of(answer) == {"new_password"}
        assert "This is the present password." in answer.content.decode()

    def test_may_be_set_again_by_an_operator(self, mei):
        assert services.set_password(user=mei, password=PASSWORD) == 0


class TestSeedsRule:
    @pytest.fixture(autouse=True)
    def _by_the_seed(self, settings):
        settings.PASSWORD_RULE = "seed"

    @pytest.mark.parametrize("good", ["wq7Lz2", "Kd8wq2Lzx0Fh3Jn5"])
    def test_takes_six_to_sixteen_letters_and_digits(self, good):
        assert said(good) == []

    @pytest.mark.parametrize(
        "bad", ["wq7Lz", "Kd8wq2Lzx0Fh3Jn5p", "onlyletters", "3902184417", "wq7Lz-2", "wq7Lz2\n", SENTENCE]
    )
    def test_takes_nothing_else(self, bad):
        assert "This password has 6 to 16 letters and digits, with at least one of each." in said(bad)

    def test_still_refuses_leaked_ones(self):
        assert said("abc123") == ["This password is on the lists of leaked ones that everybody tries first."]

    def test_is_told_before_somebody_tries(self):
        assert password_validators_help_texts()[0] == "6 to 16 letters and digits, with at least one of each."


class TestEveryDoor:
    """The same rule wherever a password is set."""

    BAD = "gatehouse1"

    def test_asks_it(self, boss, mei, phone_of):
        administrator = phone_of(boss)
        new = {"username": "newperson1", "password": self.BAD}

        assert fields_of(administrator.post("users/", new)) == {"password"}
        assert fields_of(administrator.post(f"users/{mei.pk}/password", {"new_password": self.BAD})) == {"new_password"}
        own = {"old_password": PASSWORD, "new_password": self.BAD}
        assert fields_of(administrator.post("auth/password", own)) == {"new_password"}
        with pytest.raises(ValidationError):
            services.create_user(by=None, username="newperson2", password=self.BAD)
        assert not User.objects.filter(username__startswith="newperson").exists()
