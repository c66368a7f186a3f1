"""The template: an example that is left out, and drop-downs of any length."""

import io
from typing import Any

import openpyxl
import pytest
from django.utils import translation

from accounts.models import Department, User
from integrations.sheets import services
from tests.integrations.conftest import content_of
from tests.integrations.makers import as_csv, saved

pytestmark = pytest.mark.django_db


class TestTemplate:
    @pytest.mark.parametrize("resource", ["users", "departments", "roles", "address_rules"])
    def test_its_example_is_left_out_in_whatever_language(self, upload, boss, resource):
        for language in ("en", "zh-hans"):
            file = template(language, boss, resource=resource)
            assert opened(file).worksheets[0]["A2"].value

            job = upload(file, resource=resource)

            assert (job.state, job.error_code) == ("failed", "30002")  # there is nothing but the example

    def test_what_stands_below_the_example_comes_in(self, upload, boss):
        job = upload(template("zh-hans", boss, ["liming01", "李明"]))

        assert (job.state, job.counts["new"], len(job.notes)) == ("ready", 1, 1)

    def test_an_example_that_was_edited_is_a_row(self, upload, boss):
        job = upload(as_csv(["用户名", "姓名"], ["wangxiaoming", "王大明"]), name="p.csv")

        assert (job.counts["new"], job.notes) == (1, [])

    def test_long_drop_downs_stand_on_a_hidden_sheet(self, boss):
        for n in range(40):
            Department.objects.create(name=f"Department, number {n}")

        workbook = opened(template("en", boss))

        people, lists = workbook.worksheets
        rule = next(rule for rule in people.data_validations.dataValidation if str(rule.formula1).startswith("_lists!"))
        assert (people["A2"].value, lists.sheet_state, rule.formula1) == ("wangxiaoming", "hidden", "_lists!$A$2:$A$41")
        assert "Department, number 7" in [row[0].value for row in lists.iter_rows()]

    def test_yes_and_no_are_dropped_down_too(self, boss):
        rules = (
            opened(template("zh-hans", boss, resource="address_rules")).worksheets[0].data_validations.dataValidation
        )

        assert [rule.formula1 for rule in rules].count('"是,否"') == 4


def template(language: str, by: User, *rows: list[str], resource: str = "users") -> bytes:
    with translation.override(language):
        workbook = opened(content_of(services.template(resource, by=by)))
    sheet = workbook.worksheets[0]
    for number, row in enumerate(rows, 3):
        for column, value in enumerate(row, 1):
            sheet.cell(number, column, value)
    return saved(workbook)


def opened(file: bytes) -> Any:
    return openpyxl.load_workbook(io.BytesIO(file))
