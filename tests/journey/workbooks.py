"""Workbooks as people bring them: from LibreOffice, in the old system's form, and read again by LibreOffice."""

import csv
import subprocess
from pathlib import Path

import openpyxl

MALE, FEMALE = "男", "女"
FAMILY = "赵钱孙李周吴郑王冯陈"
GIVEN = ["明", "芳", "伟", "秀英", "娜", "敏", "静", "强", "磊", "洋"]


def user_names(count: int, prefix: str) -> list[str]:
    """Return `count` user names of the form prefix0001."""
    return [f"{prefix}{number:04}" for number in range(1, count + 1)]


def password_of(username: str) -> str:
    """Return the password a person of our workbooks has."""
    return f"Pw1{username[-9:]}"


def real_name(number: int) -> str:
    """Return a Chinese name."""
    return FAMILY[number % 10] + GIVEN[number // 10 % 10]


def convert(soffice: str, source: Path, kind: str, folder: Path) -> Path:
    """Let LibreOffice open `source` and save it as `kind`; the result is proof that it could."""
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(
        [soffice, profile, "--headless", "--convert-to", kind, "--outdir", str(folder), str(source)],
        check=True,
        capture_output=True,
        timeout=120,
    )
    made = folder / f"{source.stem}.{kind.partition(':')[0]}"
    assert made.exists(), f"LibreOffice could not make a {kind} of {source.name}"
    return made


def by_libreoffice(soffice: str, folder: Path, count: int, prefix: str) -> Path:
    """A workbook of new people that LibreOffice wrote, with English headers."""
    sheet = folder / f"{prefix}.csv"
    with sheet.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["user name", "real name", "password", "gender"])
        for number, name in enumerate(user_names(count, prefix)):
            rows.writerow([name, real_name(number), password_of(name), ["male", "female"][number % 2]])
    return convert(soffice, sheet, "xlsx", folder)


def by_the_old_system(folder: Path, count: int, prefix: str) -> Path:
    """A workbook in the form the old system exports: 用户Id, 用户名, 密码, 性别."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["用户Id", "用户名", "密码", "性别"])
    for number, name in enumerate(user_names(count, prefix)):
        sheet.append([number + 1, name, password_of(name), [MALE, FEMALE][number % 2]])
    path = folder / f"{prefix}.xlsx"
    book.save(path)
    book.close()
    return path


def rows_of(soffice: str, workbook: Path, folder: Path) -> list[dict[str, str]]:
    """Return what LibreOffice sees in a workbook."""
    made = convert(soffice, workbook, "csv", folder)
    with made.open(newline="", encoding="utf-8-sig") as file:
        return list(csv.DictReader(file))
