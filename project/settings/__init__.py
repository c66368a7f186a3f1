"""Django's settings, an area to a file. What an operator may decide is read in project.env and nowhere else."""

# ruff: noqa: F403 (this is how Django projects put settings together)
from project.face import UNFOLD  # noqa: F401 (a setting)
from project.settings.api import *
from project.settings.databases import *
from project.settings.gateway import *
from project.settings.house import *
from project.settings.integrations import *
from project.settings.people import *
from project.settings.redis import *
from project.settings.tasks import *
from project.settings.telling import *
from project.settings.web import *
