#!/usr/bin/env python
"""Run Gatehouse's and Django's commands."""

import gc
import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    gc.disable()  # until the apps are loaded: a sixth of a start went into looking for garbage among what stays
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (after the settings are named)

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
