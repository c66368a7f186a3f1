"""Phone numbers are written one way, whatever way they were given."""

import pytest

from integrations.sms import phones
from integrations.sms.phones import NotAPhoneNumber


class TestParts:
    """What somebody seeks is found in the rows however they write it."""

    @pytest.mark.parametrize(
        ("sought", "kept", "sent"),
        [
            ("138 0013", "1380013", "1380013"),
            ("138-0013", "1380013", "1380013"),
            ("+86138", "138", "+86138"),
            ("0086 138", "138", "+86138"),
            ("8613800138000", "13800138000", "8613800138000"),
            ("86138", "86138", "86138"),
            ("+65 8123-45", "+65812345", "+65812345"),
            ("(138) 0013.8000", "13800138000", "13800138000"),
            ("１３８\u3000００１３", "1380013", "1380013"),
            ("138–0013", "1380013", "1380013"),
            ("+86", "", "+86"),
            ("anna", "", ""),
            ("anna 138", "", ""),
            ("", "", ""),
            ("+", "", ""),
        ],
    )
    def test_of_numbers_are_read_in_every_spelling(self, sought, kept, sent):
        assert (phones.part_as_kept(sought), phones.part(sought)) == (kept, sent)


class TestPhoneNumbers:
    @pytest.mark.parametrize(
        "text",
        [
            "13800000000",
            "+8613800000000",
            "+86 138 0000 0000",
            "008613800000000",
            " 138-0000-0000 ",
            "１３８００００００００",
        ],
    )
    def test_of_china_are_one_number_however_they_are_written(self, text):
        assert phones.parse(text) == "+8613800000000"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [("+65 8123 4567", "+6581234567"), ("+1 (202) 555-0123", "+12025550123"), ("+44 7911 123456", "+447911123456")],
    )
    def test_of_other_countries_are_taken_with_their_code(self, text, expected):
        assert phones.parse(text) == expected

    def test_without_a_code_belong_to_the_country_of_the_house(self, settings):
        settings.SMS_REGION = "SG"

        assert phones.parse("8123 4567") == "+6581234567"
        assert phones.parse("138 0000 0000", region="CN") == "+8613800000000"

    def test_stand_in_rows_as_people_write_them_and_come_back(self, settings):
        for region in ("CN", "SG", "US"):
            settings.SMS_REGION = region
            for phone in ("+8613800000000", "+8613055550123", "+6581234567", "+13055550123"):
                assert phones.as_sent(phones.as_kept(phone)) == phones.parse(phones.as_kept(phone)) == phone

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "12345",
            "12800000000",  # the seed's rule: 13 to 19
            "138000000000",
            "+86 10 6552 9988",  # a telephone on a desk
            "+1 900 555 0123",  # one pays to be called there
            "+999 123456789",
            "138 0000 0000 ext. 5",
            "13800000000\n+6581234567",
            "call me",
            "1" * 5000,
        ],
    )
    def test_that_nobody_can_be_written_to_at_are_refused(self, text):
        with pytest.raises(NotAPhoneNumber) as refused:
            phones.parse(text)

        assert refused.value.status == 400
        assert list(refused.value.fields) == ["phone"]

    @pytest.mark.parametrize("start", range(130, 200, 7))
    def test_of_china_follow_the_seeds_rule_and_not_the_tables_age(self, start):
        assert phones.parse(f"{start}00000000") == f"+86{start}00000000"

    def test_are_masked_for_most_eyes(self):
        assert phones.masked("+8613812345678") == "+86138****5678"
        assert phones.masked("+6581234567") == "+65****4567"

    def test_tell_their_country(self):
        assert phones.prefix_of("+8613800000000") == 86
        assert phones.prefix_of("+12025550123") == 1
        assert phones.national("+8613800000000") == "13800000000"
