"""The Chinese catalogues are whole, and what is compiled is what is written."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext

from accounts import errors
from integrations.sheets import errors as sheet_errors
from project.core import errors as core_errors
from project.env import ROOT
from tests import environment

CATALOGUES = [ROOT / "locale", ROOT / "locale" / "borrowed"]
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\{\w+[^}]*\}")
SEED = [
    (core_errors.InvalidParameters, "参数错误"),
    (core_errors.GatehouseError, "系统错误"),
    (core_errors.RemoteCertificate, "证书错误"),
    (core_errors.RemoteFailed, "调用方法出错"),
    (core_errors.Unreachable, "连接错误"),
    (core_errors.Conflict, "操作失败"),
    (errors.BadCredentials, "用户名或密码不正确"),
    (errors.Displaced, "账号已在其他设备登录"),
    (errors.NotSignedIn, "当前登录已失效，请尝试请求refresh_token获取新令牌"),
    (errors.RefreshRefused, "刷新令牌失败，请重新登录"),
    (sheet_errors.ExportFailed, "导出失败"),
    (sheet_errors.UnreadableFile, "文件解析失败"),
]


@pytest.fixture(params=CATALOGUES, ids=lambda folder: folder.name)
def catalogue(request: pytest.FixtureRequest) -> Path:
    return request.param / "zh_Hans" / "LC_MESSAGES" / "django.po"


class TestCatalogues:
    def test_leave_nothing_untranslated_or_uncertain(self, catalogue):
        entries = polib.pofile(str(catalogue))

        assert [one.msgid for one in entries if not one.translated() or one.fuzzy] == []

    def test_keep_the_places_values_go_to(self, catalogue):
        def places(text: str) -> set[str]:
            return set(PLACEHOLDER.findall(text))

        wrong = [
            one.msgid
            for one in polib.pofile(str(catalogue))
            for said in [one.msgstr or "".join(map(str, one.msgstr_plural.values()))]
            if places(said) - places(one.msgid) - places(one.msgid_plural)
        ]
        assert wrong == []

    def test_are_compiled_as_they_are_written(self, catalogue):
        written = {
            (one.msgctxt, one.msgid): one.msgstr or one.msgstr_plural
            for one in polib.pofile(str(catalogue))
            if not one.obsolete
        }
        compiled = {
            (one.msgctxt, one.msgid): one.msgstr or one.msgstr_plural
            for one in polib.mofile(str(catalogue.with_suffix(".mo")))
        }

        assert compiled == written

    def test_hold_every_message_of_the_code(self):
        if not shutil.which("xgettext"):
            environment.missing("xgettext (GNU gettext) is not on the PATH: apt-get install gettext")

        found = subprocess.run(
            [sys.executable, "locale/update.py", "--missing"], capture_output=True, text=True, check=True, cwd=ROOT
        )

        assert found.stdout.splitlines() == []


class TestSeedErrors:
    @pytest.mark.parametrize(("error", "text"), SEED, ids=lambda value: getattr(value, "__name__", ""))
    def test_speak_the_seeds_own_chinese(self, error, text):
        with translation.override("zh-hans"):
            assert str(error.message) == text


class TestLanguages:
    def test_are_chinese_and_english(self):
        assert [code for code, _name in settings.LANGUAGES] == ["zh-hans", "en"]

    def test_do_not_change_what_django_calls_its_months(self):
        with translation.override("zh-hans"):
            assert gettext("May") == "五月"
