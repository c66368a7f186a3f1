"""The quick ways through a sheet lead where the careful ones do."""

import io
import json
import time
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone, translation

from accounts.models import Department, Role, User
from accounts.resources import UserResource
from integrations.sheets import packing
from integrations.sheets.batches import Batch, Certain
from integrations.sheets.frugality import CACHE_KIB, frugal
from integrations.sheets.inserting import insert
from integrations.sheets.pace import FEWEST, Pace
from integrations.sheets.reader import plain
from integrations.sheets.reader.bounds import Limits
from integrations.sheets.reader.problems import Unreadable
from integrations.sheets.reader.process import Flaw, reading
from integrations.sheets.reader.texts import SharedTexts
from integrations.sheets.rows import Checked
from tests.integrations.makers import MAIN, by_hand, cell, row_xml, sheet_xml

LIMITS = Limits(unzipped=50 * 1024**2, rows=1_000)
TEXTS = f"<sst {MAIN}><si><t>plain</t></si><si><t>A&amp;B &#x4E2D;&#128512;</t></si><si><t>a_x000D_b</t></si><si><t>  </t></si></sst>"
STYLES = f'<styleSheet {MAIN}><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>'


def seen(sheet: str, texts: str = TEXTS) -> Any:
    """Rows of a sheet, or why it is refused."""
    content = by_hand(sheet, xl__sharedStrings_xml=texts, xl__styles_xml=STYLES)
    try:
        with reading(io.BytesIO(content), "xlsx", LIMITS) as source:
            return list(source), source.merged
    except Unreadable as problem:
        return problem.reason, problem.params


ROWS = {
    "shared texts": row_xml(1, *(f'<c r="{at}1" t="s"><v>{n}</v></c>' for n, at in enumerate("ABCD"))),
    "a shared text that is not there": row_xml(1, '<c r="A1" t="s"><v>9</v></c>', '<c r="B1" t="s"><v>-1</v></c>'),
    "numbers": row_xml(1, '<c r="A1"><v>12345678901234567</v></c>', '<c r="B1" s="0"><v>1.50</v></c>'),
    "dates": row_xml(1, '<c r="A1" s="1"><v>45351</v></c>', '<c r="B1" s="1" t="n"><v>45351.5</v></c>'),
    "formulas": row_xml(
        1,
        '<c r="A1"><f>1+1</f></c>',
        '<c r="B1"><f t="shared" si="0"/><v>3</v></c>',
        '<c r="C1" t="str"><f>""</f><v></v></c>',
        '<c r="D1"><f>A1</f><v/></c>',
        '<c r="E1" t="str"><f>"x"&amp;"y"</f><v>xy</v></c>',
    ),
    "errors and truths": row_xml(1, '<c r="A1" t="e"><v>#N/A</v></c>', '<c r="B1" t="b"><v>1</v></c>'),
    "references": row_xml(1, cell("A1", "&lt;&gt;&quot;&apos;&amp;&#13;&#x1F600;")),
    "a reference to what is not known": row_xml(1, cell("A1", "&nbsp;")),
    "a reference to no character": row_xml(1, cell("A1", "&#0;")),
    "half an emoji": row_xml(1, cell("A1", "&#xD83D;")),
    "line ends": row_xml(1, cell("A1", "a\r\nb\rc\nd")),
    "control characters": row_xml(1, cell("A1", "a\x01b")),
    "holes and order": row_xml(3, cell("D3", "d"), cell("B3", "b"), cell("B3", "later")) + row_xml(2, cell("A2", "x")),
    "empty rows and cells": '<row r="1" ht="12.8"/>' + row_xml(2, '<c r="A2" s="1"/>') + row_xml(7, cell("A7", "x")),
    "a far cell": row_xml(1_048_576, cell("XFD1048576", "x")),
    "a far cell with nothing in it": row_xml(1, cell("A1", "x"), '<c r="XFD1" s="1"/>'),
    "a row that cannot be": row_xml(0, cell("A0", "x")),
    "too many rows": "".join(row_xml(n, cell(f"A{n}", "x")) for n in range(1, 1_003)),
    "a text too long": row_xml(1, cell("A1", "x" * 32_768)),
    "a row too long": row_xml(
        1, *(cell(f"{at}1", "x" * 32_000) for at in (f"A{b}" for b in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    )
    * 2,
    "an end too early": "<row r='1'><c",
    "other spellings": "<row r='1'><c r='A1' t='inlineStr'><is><t>x</t></is></c></row>",
    "a comment": row_xml(1, cell("A1", "x"))
    + "<!-- here -->"
    + row_xml(2, cell("A2", "y"))
    + row_xml(3, cell("A3", "z")),
    "rich text": row_xml(1, cell("A1", "x")) + row_xml(2, '<c r="A2" t="inlineStr"><is><r><t>y</t></r></is></c>'),
}


class TestReadingByShape:
    @pytest.mark.attack("T-X-1")
    @pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS.keys())
    def test_says_what_the_parser_says(self, rows: str):
        merged = '<mergeCells><mergeCell ref="A1:B1"/></mergeCells>'
        quickly = seen(sheet_xml(rows, epilogue=merged))
        # with a comment before the first row nothing is plain, and with texts in runs no text is
        carefully = seen(
            sheet_xml("<!-- all for the parser -->", rows, epilogue=merged),
            TEXTS.replace("<si><t>plain</t></si>", "<si><r><t>plain</t></r></si>"),
        )

        assert quickly == carefully

    def test_hands_over_to_the_parser_in_the_middle(self):
        rows, _merged = seen(sheet_xml(ROWS["a comment"]))

        assert [(row.number, row.cells) for row in rows] == [(1, ["x"]), (2, ["y"]), (3, ["z"])]

    def test_keeps_a_formula_without_result_a_flaw(self):
        rows, _merged = seen(sheet_xml(ROWS["formulas"]))

        assert rows[0].cells == [Flaw("formula", ""), 3, None, Flaw("formula", ""), "xy"]

    @pytest.mark.attack("T-X-2")
    @pytest.mark.parametrize("text", ['<row r="1"' * 20_000, '<row r="1"><c r="A1"><f>' * 9_000, "<si><t>" * 30_000])
    def test_no_text_makes_it_slow(self, text: str):
        assert not plain.ROWS.many.match(text)[0]  # type: ignore[index]  # it always matches
        assert not plain.TEXTS.many.match(text)[0]  # type: ignore[index]  # it always matches


class TestSharedTexts:
    def texts_of(self, texts: list[str], *numbers: int) -> list[Any]:
        shared = SharedTexts(longest=10)
        for at in range(0, len(texts), 7):
            shared.add(texts[at : at + 7])
        shared.end()
        return [shared.of(str(number)) for number in numbers]

    def test_each_is_found_by_its_number_in_whatever_order(self):
        texts = [f"text {n}" for n in range(40_000)]
        numbers = [*range(0, 40_000, 97), *range(39_999, 0, -101)]

        assert self.texts_of(texts, *numbers) == [texts[n] for n in numbers]

    def test_says_what_a_cell_shows(self):
        found = self.texts_of(["a\0b", " ", "", "x" * 11, "😀"], 0, 1, 2, 3, 4)

        assert found == ["a\0b", None, None, {"flaw": "length", "text": "x" * 11}, "😀"]

    @pytest.mark.parametrize("number", [5, -1, 10**10])
    def test_a_number_beyond_them_is_damage(self, number: int):
        assert self.texts_of(["a"] * 5, number) == [{"flaw": "damaged", "text": str(number)}]


class SlowResource(UserResource):
    """The same people, every row by itself."""

    weighed = None


VARYING = {"id", "password", "date_joined"}
GOOD = {
    "username": "zhangwei",
    "real_name": " 张伟　",
    "nickname": None,
    "gender": "女",
    "phone": "13800000001",
    "email": "Wei@Example.COM",
    "department": "Sales",
    "manager": "thehead",
    "roles": "Readers",
}
CELLS: dict[str, dict[str, Any]] = {
    "as it should be": {},
    "numbers for text": {"phone": 13800000001, "real_name": 12},
    "a bad phone number": {"phone": "12"},
    "a phone number from abroad": {"phone": "+65 8123 4567"},
    "a phone number spelt otherwise": {"phone": "+86 138 0000 0001"},
    "a bad name": {"username": "a b"},
    "no name": {"username": None},
    "a bad address": {"email": "nobody@nowhere@"},
    "control characters": {"nickname": "a\x07b"},
    "an endless name": {"real_name": "x" * 61},
    "no such department": {"department": "Nowhere"},
    "no such manager": {"manager": "nobody1"},
    "no such role": {"roles": "Readers, Kings"},
    "several roles": {"roles": "Readers; writers"},
    "no such gender": {"gender": "blue"},
    "a formula": {"nickname": Flaw("formula", "")},
    "somebody who is there": {"username": "thehead", "manager": None},
    "somebody else's number": {"phone": "13900000000"},
    "nothing but a name": {name: None for name in GOOD if name != "username"},
}


@pytest.mark.every_database
@pytest.mark.django_db
class TestTheQuickLane:
    @pytest.fixture(autouse=True)
    def house(self, boss: User) -> None:
        Department.objects.create(name="Sales")
        User.objects.create_user("thehead", phone="13900000000")
        for key in ("readers", "writers"):
            Role.objects.create(group=Group.objects.create(name=key.title()), key=key, rank=10)

    def sifted(self, resource: UserResource, *rows: dict[str, Any]) -> tuple[Certain, list[Checked]]:
        given = [GOOD | {"username": f"person{n:03}", "phone": f"138{n:08}"} | row for n, row in enumerate(rows)]
        with translation.override("en"):
            return resource.sift(Batch(range(len(given)), {name: [row[name] for row in given] for name in GOOD}))

    def said_of(self, kind: type[UserResource], by: User, *rows: dict[str, Any], **how: Any) -> Any:
        """Rows as they are kept, and as they come back."""
        certain, others = self.sifted(kind(actor=by, places={"phone": "E"}, sheet="people", **how), *rows)
        return packing.every_row(json.loads(json.dumps(packing.pack(certain, others, "username"))))

    @pytest.mark.parametrize("judged", [False, True])
    def test_says_of_every_row_what_is_said_of_it_alone(self, boss: User, judged: bool):
        rows: list[dict[str, Any]] = [{}, *CELLS.values(), {"username": "person000"}, {"phone": "13800000000"}, {}]

        quickly = self.said_of(UserResource, boss, *rows, judged=judged)

        assert quickly == self.said_of(SlowResource, boss, *rows, judged=judged)
        assert {row["kind"] for row in quickly} == {"new", "changed", "bad"}

    def test_only_takes_what_is_certain(self, boss: User):
        certain, others = self.sifted(UserResource(actor=boss), {}, {"phone": "12"}, {"gender": None}, {})

        assert (list(certain.places), [row.number for row in others]) == ([0, 2, 3], [1])

    def test_whoever_has_something_in_common_is_judged_with_those_who_have_it_too(self, boss: User):
        resource = UserResource(actor=boss)
        self.sifted(resource, {})

        certain, others = self.sifted(
            resource, {"username": "person990"}, {"username": "person991"}, {"phone": "13900000000"}
        )

        reasons = [error["reason"] for row in others for error in row.errors]
        assert [len(certain), [row.number for row in others]] == [1, [0, 2]]
        assert reasons == ["belongs to somebody else already"]

    def test_looks_at_rank_and_reach_as_well(self):
        clerk = User.objects.create_user("theclerk", is_staff=True)
        clerk.groups.add(Group.objects.get(name="Readers"))

        quickly = self.said_of(UserResource, clerk, {}, {"roles": None})

        assert quickly == self.said_of(SlowResource, clerk, {}, {"roles": None})
        assert [row["kind"] for row in quickly] == ["bad", "new"]

    def test_asks_who_may_also_where_the_sheet_does_not_say_what_that_depends_on(self):
        lead = User.objects.create_user("thelead", is_staff=True, department=Department.objects.get())
        readers = Role.objects.get(key="readers")
        Role.objects.filter(pk=readers.pk).update(scope=Role.Scope.DEPARTMENT)
        lead.groups.add(readers.group)
        batch = Batch([2, 3], {"username": ["person001", "person002"]})

        certain, others = UserResource(actor=User.objects.get(pk=lead.pk)).sift(batch)

        assert (len(certain), [row.kind for row in others]) == (0, ["bad", "bad"])

    def test_needs_no_more_questions_for_many_rows_than_for_one(self, boss: User, django_assert_num_queries: Any):
        resource = UserResource(actor=boss)
        self.sifted(resource, {"username": "person990", "phone": "13900000990"})
        rows = [{"username": f"person{n:03}", "phone": f"138{n:08}"} for n in range(2, 200)]

        with django_assert_num_queries(2):
            certain, others = self.sifted(resource, *rows)

        assert (len(certain), others) == (198, [])

    def test_writes_what_is_written_one_by_one(self, boss: User):
        rows: list[dict[str, Any]] = [
            {},
            {"roles": "Readers; writers", "email": None},
            {"department": None, "phone": None, "gender": None},
        ]
        written = []
        for kind in (UserResource, SlowResource):
            resource = kind(actor=boss)
            certain, others = self.sifted(resource, *rows)
            keys = resource.write_certain(certain) if certain else resource.write(others, {})
            people = User.objects.filter(pk__in=keys).order_by("username")
            roles = [sorted(group.name for group in person.groups.all()) for person in people]
            fields = [field.attname for field in User._meta.concrete_fields if field.attname not in VARYING]
            written.append((list(people.values_list(*fields)), roles))
            assert [person.pk for person in people] == keys
            assert not any(person.has_usable_password() for person in people)
            people.delete()

        assert written[0] == written[1]

    def test_writes_what_bulk_create_writes(self):
        now = timezone.now()
        given = {
            "username": "person1",
            "real_name": "😀",
            "gender": 1,
            "department": Department.objects.get(),
            "date_joined": now,
        }

        insert(User, [given])
        User.objects.bulk_create([User(**given | {"username": "person2"})])

        one, other = User.objects.filter(username__startswith="person").order_by("username").values_list()
        names = [field.attname for field in User._meta.concrete_fields]
        assert {name for name, mine, theirs in zip(names, one, other, strict=True) if mine != theirs} == {
            "id",
            "username",
        }

    def test_shows_of_people_what_an_instance_shows(self, boss: User):
        insert(User, [{"username": "person1", "department": Department.objects.get(), "manager": boss, "gender": 2}])
        somebody = User.objects.get(username="person1")
        somebody.groups.add(*Group.objects.all())
        resource = UserResource(actor=boss)
        columns = resource.export_columns()

        rows = list(resource.export_rows(User.objects.order_by("pk").distinct(), columns))

        assert rows == [tuple(column.cell(each) for column in columns) for each in User.objects.order_by("pk")]


@pytest.mark.django_db
def test_a_job_keeps_little_of_the_database_in_memory_and_only_while_it_runs():
    def kept() -> list[int]:
        with connection.cursor() as cursor:
            return [cursor.execute(f"PRAGMA {name}").fetchone()[0] for name in ("mmap_size", "cache_size")]

    before = kept()
    with frugal():
        meanwhile = kept()

    assert (meanwhile[-1], kept()) == (-CACHE_KIB, before)


def test_chunks_are_sized_by_the_work_they_are():
    pace = Pace(most=1_000)
    began = pace.rows
    with pace.chunk():
        pass
    assert began < pace.rows <= 1_000

    sizes = []
    for _ in range(5):
        with pace.chunk():
            until = time.thread_time() + 0.2
            while time.thread_time() < until:
                pass
        sizes.append(pace.rows)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[-1] == FEWEST
