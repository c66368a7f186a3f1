"""Makes the files people upload: honest ones, odd ones, and those made to hurt."""

import csv
import io
import shutil
import subprocess
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests import environment

WORKBOOKS = Path(__file__).parent / "workbooks"
SEED_HEADERS = ["用户Id", "用户名", "密码", "性别"]
SURNAMES = "王李张刘陈杨赵黄周吴"
GIVEN = ["伟", "芳", "娜", "敏", "静", "丽", "强", "磊", "军", "洋"]

CONTENT_TYPES = """<?xml version="1.0"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/></Types>"""
RELATIONS = """<?xml version="1.0"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">
<Relationship Id="rId1" Target="{target}"
 Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}"/></Relationships>"""
MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
BOOK = f"""<?xml version="1.0"?>
<workbook {MAIN} xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">
<sheets><sheet name="people" sheetId="1" r:id="rId1"/></sheets></workbook>"""


def people(n: int) -> list[list[str]]:
    """Rows of n people: user name, real name, password, gender, phone, mail address."""
    return [
        [
            f"staff{i:04}",
            SURNAMES[i % 10] + GIVEN[i // 10 % 10],
            f"pass{i:04}x",
            ("男", "女", "未知")[i % 3],
            f"138{i:08}",
            f"staff{i:04}@example.com",
        ]
        for i in range(1, n + 1)
    ]


def book(*rows: Sequence[Any], title: str = "people") -> bytes:
    """A workbook of one sheet, made by openpyxl."""
    made = openpyxl.Workbook()
    sheet = made.active
    sheet.title = title
    for row in rows:
        sheet.append(list(row))
    return saved(made)


def saved(workbook: "openpyxl.Workbook") -> bytes:
    file = io.BytesIO()
    workbook.save(file)
    return file.getvalue()


def by_hand(sheet: str = "", **parts: str | bytes) -> bytes:
    """A workbook put together part by part; `sheet` is the XML of its only sheet."""
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": RELATIONS.format(target="xl/workbook.xml", kind="officeDocument"),
        "xl/workbook.xml": BOOK,
        "xl/_rels/workbook.xml.rels": RELATIONS.format(target="worksheets/sheet1.xml", kind="worksheet"),
        "xl/worksheets/sheet1.xml": sheet,
    }
    whole |= {name.replace("__", "/").replace("_xml", ".xml"): content for name, content in parts.items()}
    return zipped(whole.items())


def zipped(parts: Iterable[tuple[str, str | bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()


def cell(place: str, text: str) -> str:
    return f'<c r="{place}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def sheet_xml(*rows: str, prologue: str = "", epilogue: str = "") -> str:
    return (
        f"<?xml version='1.0'?>{prologue}<worksheet {MAIN}><sheetData>{''.join(rows)}</sheetData>{epilogue}</worksheet>"
    )


def row_xml(number: int, *cells: str) -> str:
    return f'<row r="{number}">{"".join(cells)}</row>'


def as_csv(*rows: Sequence[Any], encoding: str = "utf-8") -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def office_converts(source: Path, to: str, folder: Path) -> Path:
    """Have LibreOffice save a file in another format; skip where there is none."""
    program = shutil.which("soffice") or shutil.which("libreoffice")
    if program is None:
        environment.missing("LibreOffice is not on the PATH: `make services` installs one")
    folder.mkdir(parents=True, exist_ok=True)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    utf8 = ["--infilter=CSV:44,34,76"] if source.suffix == ".csv" else []
    command = [str(program), profile, "--headless", *utf8, "--convert-to", to, "--outdir", str(folder), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    made = folder / f"{source.stem}.{to.split(':')[0]}"
    if not made.exists():
        pytest.fail(f"LibreOffice made nothing: {done.stdout} {done.stderr}")
    return made
