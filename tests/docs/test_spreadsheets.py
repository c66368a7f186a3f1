"""The example of docs/spreadsheets.md is run as it stands there."""

import re
import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, models
from django.utils import translation

from accounts.models import User
from integrations.sheets import services
from integrations.sheets.resources import resource_class
from tests.docs.blocks import DOCS
from tests.integrations.conftest import content_of, finish

pytestmark = pytest.mark.django_db
EXAMPLE = re.compile(r"<!-- example -->\n```python\n(.*?)```\n<!-- /example -->", re.DOTALL)


class Room(models.Model):
    """What the page takes for granted."""

    number = models.CharField(max_length=10, unique=True)
    floor = models.SmallIntegerField(default=0)
    has_screen = models.BooleanField(default=False)
    note = models.CharField(max_length=100, blank=True)

    class Meta:
        app_label = "rooms"

    def __str__(self) -> str:
        return self.number


@pytest.fixture
def rooms(settings, tmp_path) -> Iterator[type[Room]]:
    """The example as a module, its model as a table."""
    found = EXAMPLE.search((DOCS / "spreadsheets.md").read_text())
    assert found
    modules = {name: ModuleType(name) for name in ("rooms", "rooms.models", "rooms.resources")}
    sys.modules.update(modules)
    vars(modules["rooms.models"])["Room"] = Room
    exec(compile(found[1], "docs/spreadsheets.md", "exec"), vars(modules["rooms.resources"]))  # noqa: S102 (our own page)
    settings.SHEET_RESOURCES = settings.SHEET_RESOURCES | {"rooms": "rooms.resources.RoomResource"}
    private = settings.STORAGES["private"] | {"OPTIONS": {"location": tmp_path}}
    settings.STORAGES = settings.STORAGES | {"private": private}
    sql, params = connection.SchemaEditorClass(connection).table_sql(Room)
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
    yield Room
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE {Room._meta.db_table}")
    for name in modules:
        del sys.modules[name]


def test_the_example_imports_and_exports(rooms):
    boss = User.objects.create_user("bigboss", is_staff=True, is_superuser=True)
    file = SimpleUploadedFile("rooms.csv", "房间号,楼层,screen\nA101,1,yes\nA102,one,no\n".encode())
    with translation.override("en"):
        job = finish(services.start_import(resource="rooms", file=file, mode="valid", by=boss))
        finish(services.confirm(job, by=boss))
        taken_out = services.export_list(resource="rooms", by=boss, filters={"floor": "1", "search": "a1"}, kind="csv")

    assert [services.error_line(each) for each in services.first_errors(job)] == ["B3: “one” is not a whole number"]
    assert list(rooms.objects.values_list("number", "floor", "has_screen")) == [("A101", 1, True)]
    viewer = resource_class("rooms")(actor=User.objects.create_user("viewer01"))
    assert [column.name for column in viewer.export_columns()] == ["number", "floor", "has_screen"]
    assert content_of(taken_out).decode("utf-8-sig").splitlines() == ["Number,Floor,Screen,Note", "A101,1,yes,"]
