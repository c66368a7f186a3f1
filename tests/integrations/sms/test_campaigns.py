"""Messages to many: counted, confirmed, sent once to each, stopped at any moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Q
from django.utils import timezone

from accounts import services as accounts
from accounts.models import ApiToken, Department, Machine, User
from integrations.sms import campaigns, services
from integrations.sms.campaigns import sending
from integrations.sms.errors import BadParameters, NotInThisState, TemplateInUse, UnknownTemplate
from integrations.sms.models import Campaign, Message, Provider, Recipient, Template, TemplateText
from project.core import jobs
from project.core.errors import InvalidParameters
from tests.integrations.makers import book
from tests.integrations.sms.conftest import work

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]

Begin = Callable[..., Campaign]
HELLO = {"name": "Hello", "template": "parcel", "parameters": {"place": "reception"}}


@pytest.fixture(autouse=True)
def private_files(settings: Any, tmp_path: Any) -> None:
    """Files of a test stay with the test."""
    private = settings.STORAGES["private"]
    settings.STORAGES = settings.STORAGES | {"private": private | {"OPTIONS": {"location": tmp_path / "private"}}}
    settings.SMS_DAILY_BUDGET = 1_000


@pytest.fixture(autouse=True)
def parcel(outbox: Any) -> Template:
    """A template that asks for a number and a place."""
    texts = {"en": "Parcel ${number} is at the ${place}.", "zh-hans": "包裹${number}已到${place}。"}
    rows = [TemplateText(language=language, text=text) for language, text in texts.items()]
    return services.write_template(Template(key="parcel", name="Parcel"), texts=rows, by=None)


@pytest.fixture
def boss() -> User:
    """A superuser."""
    return User.objects.create_user("bigboss", is_staff=True, is_superuser=True, language="en")


@pytest.fixture
def clerk() -> User:
    """Somebody of the post room, who reaches only the people of it."""
    room = Department.objects.create(name="Post room")
    named = Q(codename__in=("send_campaign", "view_campaign"))
    role = accounts.create_role(
        by=None,
        key="post",
        name="Post",
        rank=10,
        scope="department",
        permissions=list(Permission.objects.filter(named)),
    )
    return accounts.create_user(by=None, username="clerk", is_staff=True, department=room, roles=[role], language="en")


def grant(person: User, codename: str) -> None:
    person.roles[0].group.permissions.add(Permission.objects.get(codename=codename))


@pytest.fixture
def to_rows(boss: User) -> Begin:
    """A campaign to numbers, counted."""

    def begin(*phones: str, by: User | None = None, **said: Any) -> Campaign:
        rows = [(phone, {"number": str(at)}) for at, phone in enumerate(phones, start=1)]
        return counted(campaigns.start_from_rows(rows=rows, by=by or boss, **HELLO | said))

    return begin


@pytest.fixture
def to_sheet(boss: User) -> Begin:
    """A campaign to the rows of a sheet, counted."""

    def begin(*rows: Any, by: User | None = None, **said: Any) -> Campaign:
        file = SimpleUploadedFile("parcels.xlsx", book(*rows))
        return counted(campaigns.start_from_sheet(file=file, by=by or boss, **HELLO | said))

    return begin


def run(campaign: Campaign) -> Campaign:
    """Do what the worker would."""
    Campaign.objects.filter(pk=campaign.pk).update(next_at=timezone.now() - timedelta(seconds=1))
    jobs.registered()
    jobs.run("sms.Campaign", str(campaign.pk))
    return Campaign.objects.get(pk=campaign.pk)


def counted(campaign: Campaign) -> Campaign:
    return run(campaigns.prepare(campaign, by=campaign.created_by))


def sent(campaign: Campaign) -> Campaign:
    """Send it to its end."""
    campaign = run(campaigns.confirm(campaign, by=campaign.created_by))
    for message in Message.objects.filter(state="pending"):
        work(message)
    return run(campaign)


def numbers(n: int) -> list[str]:
    return [f"138{at:08}" for at in range(n)]


class TestCounting:
    def test_tells_what_it_costs(self, to_rows):
        campaign = to_rows("13800000001", "13800000002")

        assert (campaign.state, campaign.good, campaign.bad, campaign.segments) == ("ready", 2, 0, 2)
        assert f"{campaign.cost:.2f} {campaign.currency}" == "0.10 CNY"
        assert not Message.objects.exists()

    def test_leaves_out_bad_numbers_and_doubles_and_says_why(self, to_rows):
        campaign = to_rows("13800000001", "+86 138 0000 0001", "12", "13800000003")

        assert (campaign.good, campaign.bad) == (2, 2)
        bad = dict(campaign.recipients.exclude(problem="").values_list("number", "problem"))
        assert "further up already" in bad[2]
        assert "This is not a mobile number: 12" in bad[3]

    def test_reads_a_sheet_with_what_differs_in_columns(self, to_sheet):
        campaign = to_sheet(
            ["手机号", "number", "语言", "备注"],
            [13800000001, "A1", "en", "x"],
            ["13800000002", None, "", "y"],
            ["13800000003", "A3", "klingon", ""],
            ["#N/A", "A4", "", ""],
        )

        assert (campaign.state, campaign.good, campaign.bad) == ("ready", 1, 3), campaign.error
        assert any("备注" in note for note in campaign.notes)
        bad = dict(campaign.recipients.exclude(problem="").values_list("number", "problem"))
        assert "number: The text has a place for it." in bad[3]
        assert "There is no language “klingon” here." in bad[4]
        assert 5 in bad
        assert campaign.recipients.get(problem="").language == "en"

    @pytest.mark.parametrize(
        ("header", "said"), [(["name", "number"], "phone"), (["phone", "place"], "number"), (["phone", "tel"], "phone")]
    )
    def test_fails_with_the_column_that_is_missing(self, to_sheet, header, said):
        campaign = to_sheet(header, ["13800000001", "A1"])

        assert campaign.state == "failed"
        assert said in campaign.error

    def test_speaks_each_persons_language(self, boss):
        for name, language, phone in (("ann", "en", "13800000001"), ("mei", "zh-hans", "13800000002")):
            User.objects.create_user(name, language=language, phone=phone)
        ids = list(User.objects.exclude(pk=boss.pk).values_list("pk", flat=True))
        said = HELLO | {"parameters": {"place": "desk", "number": "7"}}

        campaign = counted(campaigns.start_from_people(ids=ids, by=boss, **said))
        sent(campaign)

        assert set(Message.objects.values_list("person__username", "language")) == {("ann", "en"), ("mei", "zh-hans")}

    def test_leaves_out_people_out_of_reach_without_a_phone_and_disabled_ones(self, clerk):
        User.objects.create_user("near", phone="13800000001", department=clerk.department)
        User.objects.create_user("far", phone="13800000002")
        User.objects.create_user("mute", department=clerk.department)
        User.objects.create_user("gone", phone="13800000003", department=clerk.department, is_active=False)
        ids = list(User.objects.filter(username__in=("near", "far", "mute", "gone")).values_list("pk", flat=True))
        said = HELLO | {"parameters": {"place": "desk", "number": "7"}}

        campaign = counted(campaigns.start_from_people(ids=ids, by=clerk, **said))

        assert [one.person.username for one in campaign.recipients.filter(problem="")] == ["near"]
        assert campaign.bad == 3

    def test_writes_to_no_number_out_of_reach(self, to_rows, clerk):
        User.objects.create_user("near", phone="13800000001", department=clerk.department)
        User.objects.create_user("far", phone="13800000002")

        campaign = to_rows("13800000001", "13800000002", "13800000003", by=clerk)

        assert (campaign.good, campaign.bad) == (1, 2)
        # whether somebody has the number is not told
        assert len(set(campaign.recipients.exclude(problem="").values_list("problem", flat=True))) == 1

    def test_writes_to_any_number_by_a_permission(self, to_rows, clerk):
        grant(clerk, "send_to_number")

        campaign = to_rows("13800000001", "13800000002", by=clerk)
        assert (campaign.good, campaign.bad) == (2, 0)

        clerk.roles[0].group.permissions.remove(Permission.objects.get(codename="send_to_number"))
        sent(campaign)
        assert not Message.objects.exists(), "it is asked again when it is sent"

    def test_of_a_machine_goes_as_far_as_its_scopes_say(self, to_rows, boss):
        machine = Machine.of(ApiToken(owner=boss, scopes=["sms.send_campaign"]))
        rows = [("13800000001", {"number": "1"})]

        begun = campaigns.start_from_rows(rows=rows, by=machine, **HELLO)

        campaign = counted(Campaign.objects.get(pk=begun.pk))
        assert (campaign.good, campaign.bad) == (0, 1)

    def test_is_changed_and_counted_anew(self, to_rows, boss):
        campaign = to_rows("13800000001")
        place = {"place": "gate"}

        campaign = counted(campaigns.edit(campaign, by=boss, name="Again", template="parcel", parameters=place))

        assert (campaign.name, campaign.good, campaign.recipients.count()) == ("Again", 1, 1)
        assert campaign.recipients.get().parameters["place"] == "gate"

    @pytest.mark.parametrize(
        ("said", "problem"),
        [
            ({"template": "verification"}, UnknownTemplate),
            ({"template": "nothing"}, UnknownTemplate),
            ({"parameters": {"colour": "red"}}, BadParameters),
            ({"parameters": {"place": "a\nb"}}, BadParameters),
        ],
    )
    def test_does_not_begin_with_what_cannot_be(self, boss, said, problem):
        with pytest.raises(problem):
            campaigns.start_from_rows(rows=[("13800000001", {})], by=boss, **HELLO | said)

    def test_does_not_begin_with_nobody(self, boss):
        with pytest.raises(InvalidParameters):
            campaigns.start_from_people(ids=[], by=boss, **HELLO)


class TestSending:
    def test_sends_one_to_each(self, to_rows, outbox):
        campaign = sent(to_rows(*numbers(12)))

        assert (campaign.state, campaign.done, campaign.total) == ("done", 12, 12)
        assert sorted(one.phone for one in outbox) == [f"+86{one}" for one in numbers(12)]
        assert {one.text for one in outbox} == {f"包裹{n}已到reception。" for n in range(1, 13)}
        assert campaign.recipients.filter(queued=True, message__state="sent").count() == 12

    def test_counts_of_two_confirmations_one(self, to_rows, boss):
        campaign = to_rows("13800000001")
        other = Campaign.objects.get(pk=campaign.pk)
        campaigns.confirm(campaign, by=boss)

        with pytest.raises(NotInThisState):
            campaigns.confirm(other, by=boss)

    def test_is_not_confirmed_as_something_else_than_was_shown(self, to_rows, boss):
        with pytest.raises(NotInThisState):
            campaigns.confirm(to_rows("13800000001"), by=boss, good=2)

    def test_goes_on_where_a_killed_worker_left_it(self, to_rows, boss):
        campaign = campaigns.confirm(to_rows(*numbers(9)), by=boss)
        dead = jobs.claim(Campaign, campaign.pk)
        assert dead is not None
        sending._write(dead, list(sending._waiting(dead)[:4]))
        assert Message.objects.count() == 4
        Campaign.objects.update(lease_until=timezone.now() - timedelta(seconds=1))

        run(campaign)

        assert Message.objects.count() == 9
        assert Message.objects.values("phone").distinct().count() == 9

    def test_writes_nothing_for_a_worker_that_woke_too_late(self, to_rows, boss):
        campaign = campaigns.confirm(to_rows(*numbers(3)), by=boss)
        asleep = jobs.claim(Campaign, campaign.pk)
        assert asleep is not None
        Campaign.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
        run(campaign)

        with pytest.raises(jobs.LeaseLost):
            sending._write(asleep, list(asleep.recipients.all()))

        assert Message.objects.count() == 3

    def test_stops_with_what_waits_cancelled(self, to_rows, boss, outbox):
        campaign = run(campaigns.confirm(to_rows(*numbers(5)), by=boss))
        for message in Message.objects.all()[:2]:
            work(message)

        campaigns.stop(campaign, by=boss)
        for message in Message.objects.all():
            work(message)

        assert len(outbox) == 2
        assert campaigns.tallies(campaign) == {"sent": 2, "cancelled": 3}

    def test_writes_nothing_once_it_is_stopped(self, to_rows, boss):
        campaign = campaigns.confirm(to_rows(*numbers(3)), by=boss)
        busy = jobs.claim(Campaign, campaign.pk)
        assert busy is not None
        campaigns.stop(Campaign.objects.get(pk=campaign.pk), by=boss)

        with pytest.raises(jobs.LeaseLost):
            sending._write(busy, list(busy.recipients.all()))

        assert not Message.objects.exists()

    def test_leaves_a_fifth_of_the_days_money_to_codes(self, to_rows, boss, settings):
        campaign = campaigns.confirm(to_rows(*numbers(10)), by=boss)
        settings.SMS_DAILY_BUDGET = 0.5  # of which eight can be paid

        campaign = run(campaign)
        assert (campaign.state, campaign.waits_for, Message.objects.count()) == ("sending", "budget", 8)

        settings.SMS_DAILY_BUDGET = 1_000
        campaign = run(campaign)
        assert (campaign.waits_for, Message.objects.count()) == ("", 10)

    def test_asks_again_whom_the_sender_reaches(self, to_rows, clerk):
        near = User.objects.create_user("near", phone="13800000001", department=clerk.department)
        User.objects.create_user("near2", phone="13800000002", department=clerk.department)
        campaign = campaigns.confirm(to_rows("13800000001", "13800000002", by=clerk), by=clerk)
        User.objects.filter(pk=near.pk).update(department=None)

        run(campaign)

        assert [one.phone for one in Message.objects.all()] == ["+8613800000002"]
        assert "reach" in Recipient.objects.get(phone="+8613800000001").problem

    def test_ends_when_the_sender_may_not_any_more(self, to_rows, clerk):
        User.objects.create_user("near", phone="13800000001", department=clerk.department)
        campaign = campaigns.confirm(to_rows("13800000001", by=clerk), by=clerk)
        User.objects.filter(pk=clerk.pk).update(is_active=False)

        assert run(campaign).state == "failed"
        assert not Message.objects.exists()

    def test_keeps_the_template_while_it_goes_on(self, to_rows, parcel):
        to_rows("13800000001")

        with pytest.raises(InvalidParameters):
            services.check_texts(parcel, {"en": "Nothing"})
        with pytest.raises(TemplateInUse):
            services.delete_template(parcel, by=None)

    def test_forgets_a_recipient_who_is_forgotten(self, to_rows, boss):
        person = User.objects.create_user("ann", phone="13800000001")
        campaign = to_rows("13800000001", "13800000002")

        services.forget(person)
        run(campaigns.confirm(campaign, by=boss))

        forgotten = Recipient.objects.get(person=person)
        assert (forgotten.phone, forgotten.parameters, forgotten.queued) == (None, {}, False)
        assert [one.phone for one in Message.objects.all()] == ["+8613800000002"]

    def test_keeps_nothing_that_was_sent_along_once_it_has_ended(self, to_sheet, to_rows, boss):
        ended = [to_sheet(["phone", "number"], ["13800000001", "A1"]), to_rows("13800000001")]
        file = ended[0].file
        assert file.storage.exists(file.name)

        for one in ended:
            campaigns.stop(one, by=boss)

        assert not file.storage.exists(file.name)
        assert Campaign.objects.get(pk=ended[1].pk).audience == {"rows": []}

    def test_is_forgotten_after_a_while(self, to_rows, settings):
        campaign = to_rows("13800000001")
        Campaign.objects.update(created_at=timezone.now() - timedelta(days=settings.SMS_DAYS + 1))

        assert campaigns.purge() == 1
        assert not Recipient.objects.filter(campaign=campaign.pk).exists()


def test_a_provider_that_is_away_leaves_it_sending(to_rows, boss):
    Provider.objects.update(enabled=False)
    campaign = run(campaigns.confirm(to_rows("13800000001"), by=boss))

    assert (campaign.state, campaign.done) == ("sending", 0)
    assert campaign.attempts == 0
