"""Token buckets of many users."""

import pytest

from realtime.core.rates import CLEAN_AT, Allowances, Rate


class TestRate:
    @pytest.mark.parametrize(
        ("text", "rate"), [("10/min", (10, 60)), ("1/s", (1, 1)), ("5/h", (5, 3600)), ("2/d", (2, 86_400))]
    )
    def test_reads_as_it_is_written(self, text, rate):
        assert Rate.parse(text) == rate
        assert str(Rate.parse(text)) == text


class TestAllowances:
    def test_tell_how_long_to_wait(self):
        allowances = Allowances()

        assert [allowances.wait("mei", 0.5, 2, now) for now in (100.0, 100.0, 100.0, 101.0)] == [0, 0, 2, 1]
        assert allowances.wait("mei", 0.5, 2, 102.0) == 0
        assert allowances.wait("hans", 0.5, 2, 102.0) == 0

    def test_forget_who_has_all_of_it_again(self):
        allowances = Allowances()
        for number in range(CLEAN_AT):
            allowances.wait(number, 1.0, 10, float(number))

        allowances.wait("one more", 1.0, 10, CLEAN_AT - 0.5)

        assert len(allowances) == 2
