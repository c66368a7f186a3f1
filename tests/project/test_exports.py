"""What packages say they export is there."""

import importlib
import pkgutil

import pytest

import accounts
import integrations
import project
import realtime

PACKAGES = sorted(
    module.name
    for top in (accounts, integrations, project, realtime)
    for module in pkgutil.walk_packages(top.__path__, f"{top.__name__}.")
    if module.ispkg and "__all__" in vars(importlib.import_module(module.name))
)


@pytest.mark.parametrize("name", PACKAGES)
def test_every_name_in_all_is_there(name):
    package = importlib.import_module(name)

    assert [one for one in package.__all__ if not hasattr(package, one)] == []
