"""Ranks, names, first administrators, passwords, devices."""

import pytest
from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import ValidationError

from accounts import devices, scope, services, validators
from accounts.errors import LastAdministrator, NotAbove
from accounts.models import User
from tests.accounts.together import together

pytestmark = pytest.mark.django_db


class TestRank:
    def test_decides_who_stands_above_whom(self, clerk, mei, boss, hire, role):
        chief = hire("thechief", roles=[role("chiefs", 60), role("walkers", 1)])

        assert scope.outranks(clerk, mei)
        assert not scope.outranks(clerk, clerk)
        assert not scope.outranks(clerk, chief)
        assert not scope.outranks(clerk, boss)
        assert scope.outranks(boss, boss)
        assert not scope.outranks(mei, clerk)

    def test_answers_permissions_about_people(self, clerk, mei, boss, open_session):
        assert clerk.has_perm("accounts.change_user", mei)
        assert not clerk.has_perm("accounts.change_user", boss)
        assert clerk.has_perm("accounts.view_user", boss)
        assert not mei.has_perm("accounts.change_user", clerk)
        assert clerk.has_perm("accounts.end_loginsession", open_session(mei))
        assert not clerk.has_perm("accounts.end_loginsession", open_session(boss))
        assert boss.has_perm("accounts.change_user", boss)

    def test_is_nothing_for_the_disabled(self, boss, mei):
        boss.is_active = False

        assert not scope.outranks(boss, mei)
        assert not boss.has_perm("accounts.change_user", mei)
        assert not scope.people(boss).exists()

    def test_is_asked_by_every_service(self, clerk, boss):
        for act in (
            lambda: services.set_password(user=boss, password="an entirely new sentence", by=clerk),
            lambda: services.end_sessions(user=boss, by=clerk),
            lambda: services.deactivate_user(user=boss, by=clerk),
            lambda: services.delete_user(user=boss, by=clerk),
            lambda: services.set_roles(user=boss, roles=[], by=clerk),
        ):
            with pytest.raises(NotAbove):
                act()


class TestSuperusersGroupless:
    def test_keep_groups_that_are_no_roles(self, mei, role, django_user_model):
        group = mei.groups.create(name="no role")

        services.set_roles(user=mei, roles=[role("walkers", 1)], by=None)

        assert set(mei.groups.values_list("name", flat=True)) == {group.name, "Role walkers"}


@pytest.mark.every_database
@pytest.mark.django_db(transaction=True)
class TestAdministrators:
    def test_cannot_remove_each_other_in_the_same_moment(self, boss, hire):
        other = hire("otherboss", is_superuser=True)
        people = [boss, other]

        answers = together(2, lambda number: services.deactivate_user(user=people[number], by=people[1 - number]))

        assert sum(isinstance(answer, LastAdministrator | NotAbove) for answer in answers) == 1
        assert User.objects.filter(is_superuser=True, is_active=True).count() == 1

    def test_are_made_once(self):
        made = together(6, lambda _number: services.ensure_first_administrator())

        assert User.objects.filter(is_superuser=True).count() == 1
        assert sum(isinstance(one, tuple) and one[1] is not None for one in made) == 1


class TestFirstAdministrator:
    def test_gets_a_password_that_works(self):
        user, password = services.ensure_first_administrator()

        assert (user.username, user.is_staff, user.is_superuser) == ("admin", True, True)
        assert user.check_password(password)
        assert len(password or "") == 23

    def test_takes_what_the_operator_decided(self, settings):
        settings.FIRST_ADMINISTRATOR = {"username": "root", "password": "a long sentence", "email": "r@example.com"}

        user, password = services.ensure_first_administrator()

        assert password is None
        assert (user.username, user.email) == ("root", "r@example.com")
        assert user.check_password("a long sentence")

    def test_is_left_alone_afterwards(self, boss):
        assert services.ensure_first_administrator() == (boss, None)


class TestValidators:
    @pytest.mark.parametrize(
        ("value", "kept"),
        [
            ("13800138000", "13800138000"),
            ("19912345678", "19912345678"),
            ("+8613800138000", "13800138000"),
            ("+86 138-0013-8000", "13800138000"),
            ("+6581234567", "+6581234567"),
            ("+65 8123 4567", "+6581234567"),
            ("+44 7911 123456", "+447911123456"),
        ],
    )
    def test_know_phones_in_one_spelling(self, value, kept):
        validators.phone(value)

        assert validators.phone.kept(value) == validators.phone.kept(kept) == kept

    @pytest.mark.parametrize(
        "value",
        [
            "12800138000", "1380013800", "138001380000", "13800138000\n", " 13800138000", "１３８００１３８０００", 13800138000,
            "81234567", "6581234567", "+8612800138000", "+861065529988", "+999123456", "+1 900 555 0123", "+",
        ],
    )  # fmt: skip
    def test_know_what_is_no_phone(self, value):
        with pytest.raises(ValidationError) as refused:
            validators.phone(value)

        assert "11 digits" in refused.value.messages[0]

    def test_know_the_phones_of_another_country_where_the_house_stands_there(self, settings):
        settings.SMS_REGION = "SG"

        assert validators.phone.kept("8123 4567") == "+6581234567"
        assert validators.phone.kept("13800138000") == "13800138000"
        with pytest.raises(ValidationError):
            validators.phone("138001380")

    @pytest.mark.parametrize(
        ("check", "good", "bad"),
        [
            (
                validators.username,
                ["abcdef", "A1b2C3", "x" * 30],
                ["abcde", "x" * 31, "abc_def", "用户名用户名", "abcdef\n"],
            ),
            (
                validators.password,
                ["abc123", "A" * 15 + "1"],
                ["abcdef", "123456", "abc12", "a1" * 9, "abc 123", "abc123\n"],
            ),
            (validators.sms_code, ["012345"], ["12345", "1234567", "12345a", "123456\n", "１２３４５６"]),
            (validators.time_zone, ["Asia/Shanghai"], ["Asia/Nowhere", "/etc/passwd", "../x", ""]),
        ],
    )
    def test_follow_the_seed(self, check, good, bad):
        for value in good:
            check(value)
        for value in bad:
            with pytest.raises(ValidationError):
                check(value)


@pytest.mark.usefixtures("product_hashers")
class TestPasswords:
    def test_are_argon2id_with_small_memory(self):
        assert make_password("x").startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")

    def test_are_hashed_by_many_at_once(self):
        hashes = together(12, lambda number: make_password(f"word {number}"))

        assert all(check_password(f"word {number}", str(hashed)) for number, hashed in enumerate(hashes))


class TestNames:
    @pytest.mark.parametrize("name", ["admin", "ops.team-1", "小明"])
    def test_of_operators_are_free(self, name):
        assert services.create_user(by=None, username=name).username == name

    def test_show_people_as_people_know_them(self, mei, hans):
        assert (str(mei), mei.get_short_name()) == ("小明 (meiling)", "小明")
        assert User(username="x").get_full_name() == "x"


class TestDevices:
    @pytest.mark.parametrize(
        ("agent", "name"),
        [
            ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0 Safari/537.36", "Chrome · Windows"),
            ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0 Safari/537.36 Edg/142.0", "Edge · Windows"),
            ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Mobile Safari/604.1", "Safari · iOS"),
            ("python-requests/2.34", "Python Requests"),
            ("", ""),
        ],
    )  # fmt: skip
    def test_are_called_what_people_call_them(self, agent, name):
        assert devices.name_of(agent) == name
