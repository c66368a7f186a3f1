#!/usr/bin/env python
"""Run Gatehouse's and Django's commands."""

import gc
import os
import sys

PREPARING = ("up", "migrate")
"""Commands that make the tables, and tell their own troubles."""


def main() -> None:
    """Run the command named on the command line."""
    gc.disable()  # until the apps are loaded: a sixth of a start went into looking for garbage among what stays
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (after the settings are named)
    from django.db import DatabaseError  # noqa: PLC0415 (likewise)

    try:
        execute_from_command_line(sys.argv)
    except DatabaseError:
        if sys.argv[1] in PREPARING or is_prepared():
            raise
        sys.exit("The database is empty: start Gatehouse once (make run), or prepare it with manage.py migrate.")


def is_prepared() -> bool:
    """Has anybody ever migrated the database?"""
    from django.db import DatabaseError, connection  # noqa: PLC0415 (likewise)

    try:
        return "django_migrations" in connection.introspection.table_names()
    except DatabaseError:
        return True  # it cannot be asked: that is the trouble, and not ours to explain


if __name__ == "__main__":
    main()
