"""Each question is asked as if nobody had asked before."""

from collections.abc import Iterator

import pytest
from django.core.cache import caches

from project.core import context


@pytest.fixture(autouse=True)
def nobody_asking() -> Iterator[None]:
    """Each test begins without a context and with empty caches."""
    context.leave()
    for cache in caches.all():
        cache.clear()
    yield
    context.leave()
