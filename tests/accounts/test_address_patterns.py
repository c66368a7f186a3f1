"""How addresses may be written, what each writing means; and the right rule among many."""

import random
from ipaddress import ip_address

import pytest
from django.core.exceptions import ValidationError

from accounts.addresses.patterns import parse, parse_address
from accounts.addresses.table import Rule, Table


def covers(pattern: str, address: str) -> bool:
    return parse_address(address) in parse(pattern).span


class TestPatterns:
    @pytest.mark.parametrize(
        ("pattern", "inside", "outside"),
        [
            ("203.0.113.7", ["203.0.113.7"], ["203.0.113.8", "2001:db8::7"]),
            ("10.0.0.0/8", ["10.0.0.0", "10.255.255.255"], ["9.255.255.255", "11.0.0.0"]),
            ("0.0.0.0/0", ["1.2.3.4", "255.255.255.255"], ["::1"]),
            ("10.1.*", ["10.1.0.0", "10.1.255.255"], ["110.1.0.1", "10.10.0.1", "10.11.0.1", "10.2.0.0", "1.10.1.1"]),
            ("10.1.*.*", ["10.1.2.3"], ["110.1.2.3"]),
            ("10.*", ["10.0.0.0", "10.255.255.255"], ["100.0.0.1", "1.0.0.1"]),
            ("10.1.2.*", ["10.1.2.0", "10.1.2.255"], ["10.1.20.1", "10.1.3.0"]),
            ("10.0.0.250-10.0.1.5", ["10.0.0.250", "10.0.1.0", "10.0.1.5"], ["10.0.0.249", "10.0.1.6"]),
            ("2001:db8::/32", ["2001:db8::", "2001:db8:ffff::1"], ["2001:db9::", "10.0.0.1"]),
            (
                "2001:db8::a-2001:db8::1:0",
                ["2001:db8::a", "2001:db8::ffff", "2001:db8::1:0"],
                ["2001:db8::9", "2001:db8::1:1"],
            ),
            ("::ffff:10.0.0.1", ["10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1"], ["10.0.0.2"]),
            ("::ffff:10.0.0.0/104", ["10.200.0.1"], ["11.0.0.1"]),
            ("::ffff:10.0.0.1-10.0.0.3", ["10.0.0.2"], ["10.0.0.4"]),
        ],
    )
    def test_mean_these_addresses_and_no_others(self, pattern, inside, outside):
        assert [address for address in inside if not covers(pattern, address)] == []
        assert [address for address in outside if covers(pattern, address)] == []

    @pytest.mark.parametrize(
        ("given", "kept"),
        [(" 10.1.*.* ", "10.1.*"), ("2001:DB8:0::/32", "2001:db8::/32"), ("10.0.0.1 - 10.0.0.9", "10.0.0.1-10.0.0.9")],
    )
    def test_are_kept_in_one_form(self, given, kept):
        assert parse(given).text == kept

    @pytest.mark.parametrize(
        "text",
        ["", "*", "*.*", "*.1.2.3", "10.*.1", "10.1*", "10.1.", "10.1", "010.1.*", "256.*", "10.1.2.3.*", "１０.1.*",
         "10.0.0.01", "0x0a.0.0.1", "167772161", "10.0.0.1/33", "10.0.0.0/08", "10.0.0.0/255.0.0.0", "10.0.0.0/-1", "10.0.0.0/",
         "2001:db8::/129", "fe80::1%eth0", "fe80::%eth0/64", "10.0.0.9-10.0.0.1", "10.0.0.1-2001:db8::1", "10.0.0.1-",
         "10.0.0.1-9", "2001:db8:*", "localhost", "10.0.0.1, 10.0.0.2", "10.0.0.1\n10.0.0.2", "١٠.0.0.1"],
    )  # fmt: skip
    def test_that_are_none_are_refused(self, text):
        with pytest.raises(ValidationError):
            parse(text)

    def test_say_which_network_was_meant(self):
        with pytest.raises(ValidationError, match=r"the network is 10\.0\.0\.0/8"):
            parse("10.1.2.3/8")


class TestTable:
    def test_a_denial_wins_however_narrow_the_permission(self):
        table = Table([rule(1, "10.0.0.0/8", denies=True), rule(2, "10.1.2.3")])

        assert table.decide(ip_address("10.1.2.3")) == (False, 1)
        assert table.decide(ip_address("11.0.0.1")) == (False, None)

    def test_the_narrowest_of_several_is_named(self):
        table = Table(
            [rule(1, "0.0.0.0/0"), rule(2, "10.0.0.0/8"), rule(3, "10.1.0.0/16"), rule(4, "10.1.2.0-10.1.2.9")]
        )

        found = [
            table.decide(ip_address(one)).rule for one in ("9.9.9.9", "10.9.9.9", "10.1.9.9", "10.1.2.9", "10.1.2.10")
        ]

        assert found == [1, 2, 3, 4, 3]

    def test_finds_what_trying_each_of_ten_thousand_rules_finds(self):
        chance = random.Random(7)
        rules = [rule(number, _made_up(chance), denies=chance.random() < 0.5) for number in range(1, 10_001)]
        table = Table(rules)
        asked = [ip_address(chance.getrandbits(32)) for _ in range(40)]
        asked += [ip_address(int(ip_address("2001:db8::")) + chance.getrandbits(96)) for _ in range(40)]

        decided = 0
        for address in asked:
            named = [one for one in rules if address in one.span]
            denied = any(one.denies for one in named)
            decision = table.decide(address)
            assert decision.passes == (bool(named) and not denied)
            if decision.rule is not None:
                decided += 1
                mine = [one for one in named if one.denies == denied]
                narrowest = min(mine, key=lambda one: one.span.last - one.span.first)
                found = next(one for one in mine if one.pk == decision.rule)
                assert found.span.last - found.span.first == narrowest.span.last - narrowest.span.first
        assert 0 < decided < len(asked)


def rule(pk: int, pattern: str, *, denies: bool = False) -> Rule:
    return Rule(pk, denies, parse(pattern).span, ("api",), None)


def _made_up(chance: random.Random) -> str:
    is_old = chance.random() < 0.7
    base = ip_address(chance.getrandbits(32) if is_old else (0x20010DB8 << 96) | chance.getrandbits(96))
    width = min(chance.getrandbits(chance.choice((4, 12, 20))), 2**base.max_prefixlen - 1 - int(base))
    return f"{base}-{base + width}"
