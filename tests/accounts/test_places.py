"""Addresses are somewhere, or say that nobody knows; files that are broken are named at start."""

import pytest
from django.core.checks import run_checks
from django.utils import translation

from accounts import places
from tests.accounts.regions import write_xdb


class TestPlaces:
    @pytest.mark.parametrize(
        ("address", "country"),
        [
            ("114.114.114.114", "CN"),
            ("8.8.8.8", "US"),
            ("2001:4860:4860::8888", "US"),
            ("240e::1", "CN"),
            ("::ffff:8.8.8.8", "US"),
            ("127.0.0.1", "local"),
            ("10.20.30.40", "local"),
            ("172.16.0.1", "local"),
            ("192.168.255.255", "local"),
            ("100.64.0.1", "local"),
            ("169.254.1.1", "local"),
            ("::1", "local"),
            ("fe80::1", "local"),
            ("fd00::1", "local"),
            ("::ffff:10.0.0.1", "local"),
            ("203.0.113.9", ""),
            ("2001:db8::1", ""),
            ("0.0.0.0", ""),  # noqa: S104 (nothing listens there)
            ("255.255.255.255", ""),
            ("::", ""),
            ("", ""),
            (None, ""),
            ("nowhere", ""),
            ("1.2.3", ""),
            ("fe80::1%eth0", "local"),
            ("1" * 10_000, ""),
        ],
    )
    def test_are_found_by_address(self, address, country):
        assert places.of(address).country == country

    @pytest.mark.parametrize("order", [("240e::1", "8.8.8.8", "240e::2"), ("8.8.8.8", "240e::3", "8.8.4.4")])
    def test_are_found_whatever_was_asked_before(self, order, monkeypatch):
        monkeypatch.setattr(places, "_country_data", None)
        places._looked_up.cache_clear()

        assert [places.of(one).country for one in order] == ["CN" if ":" in one else "US" for one in order]

    def test_are_named_in_the_language_of_the_reader(self):
        assert places.name_of("CN") == "China"
        assert places.name_of("local") == "local network"
        assert places.name_of("") == "unknown place"
        with translation.override("zh-hans"):
            assert places.name_of("CN") == "中国"
            assert places.name_of("local") == "内网"
            assert places.name_of("") == "未知地点"

    def test_keep_a_code_nobody_has_a_name_for(self):
        assert places.name_of("QQ") == "QQ"


class TestFileOfRegions:
    @pytest.fixture
    def regions(self, tmp_path, settings):
        path = write_xdb(
            tmp_path / "regions.xdb",
            {
                "114.114.0.0/16": "中国|江苏省|南京市|电信|CN",
                "113.108.0.0/16": "中国|0|广东省|深圳市|电信",
                "8.8.0.0/16": "Reserved|Reserved|Reserved|0|0",
                "9.9.0.0/16": "Atlantis|0|0|0|0",
            },
        )
        settings.IP2REGION_FILE = path
        return path

    def test_tells_province_and_city(self, regions):
        assert places.of("114.114.114.114") == ("CN", "江苏省 南京市")
        assert str(places.of("114.114.114.114")) == "China · 江苏省 南京市"

    def test_of_the_older_kind_is_read_as_well(self, regions):
        assert places.of("113.108.1.1") == ("CN", "广东省 深圳市")

    def test_gives_way_where_it_knows_nothing(self, regions):
        assert places.of("8.8.8.8") == ("US", "")
        assert places.of("9.9.9.9").country
        assert places.of("1.1.1.1").country == "AU"
        assert places.of("2001:4860:4860::8888").country == "US"
        assert places.of("127.0.0.1").country == "local"

    def test_that_can_be_read_passes_the_checks(self, regions):
        assert not [one for one in run_checks() if one.id == "accounts.E002"]

    @pytest.mark.parametrize("content", [b"", b"PK\x03\x04 no such thing", b"\0" * 300, b"\xff" * 1000])
    def test_that_is_broken_is_refused_at_start_and_keeps_nobody_out(self, tmp_path, settings, content):
        path = tmp_path / "broken.xdb"
        path.write_bytes(content)
        settings.IP2REGION_FILE = path

        (problem,) = [one for one in run_checks() if one.id == "accounts.E002"]
        assert str(path) in problem.msg
        assert places.of("8.8.8.9").country == "US"
