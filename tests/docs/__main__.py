"""`make docs`: write the generated parts of the docs."""

from tests import environment  # isort: skip  # first: it says where the product lives before Django reads it

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
django.setup()

from tests.docs import blocks  # noqa: E402 (its parts need the product set up)

blocks.write_all()
sys.stdout.write("Wrote .env.example and the generated parts of docs/\n")
environment.pytest_unconfigure()
