"""A campaign is counted: whom it is for, what that costs, and who is left out."""

import pytest
from django.contrib.auth.models import Permission

from accounts.models import ApiToken, Machine, User
from integrations.sms import campaigns
from integrations.sms.errors import BadParameters, UnknownTemplate
from integrations.sms.models import Campaign, Message
from project.core.errors import InvalidParameters
from tests.integrations.sms.campaigns.conftest import HELLO, counted, grant, sent

pytestmark = [pytest.mark.django_db, pytest.mark.every_database]


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
        assert "This is not a mobile number." in bad[3]

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

    def test_takes_a_nought_for_a_value(self, to_sheet):
        campaign = to_sheet(["phone", "number"], ["13800000001", 0])

        assert campaign.recipients.get().parameters["number"] == "0"

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
