"""A house with departments, and who keeps it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from accounts import services
from accounts.models import Department, Role, User

POWERS = [
    *(f"{what}_user" for what in ("view", "add", "change", "delete")),
    *(f"{what}_department" for what in ("view", "add", "change", "delete")),
    *(f"{what}_role" for what in ("view", "add", "change", "delete")),
    "end_loginsession",
    "view_loginevent",
    "unlock_loginevent",
    "view_apitoken",
    "revoke_apitoken",
    "add_apitoken",
]


class House:
    """Sales with North and, below that, Harbour; Finance beside it; one person in each, and one in none."""

    def __init__(self, hire: Callable[..., User]) -> None:
        self.hire = hire
        self.sales = Department.objects.create(name="Sales", position=1)
        self.north = Department.objects.create(name="North", parent=self.sales)
        self.harbour = Department.objects.create(name="Harbour", parent=self.north)
        self.finance = Department.objects.create(name="Finance", position=2)
        self.places = {
            "insales": self.sales,
            "innorth": self.north,
            "inharbour": self.harbour,
            "infinance": self.finance,
            "nowhere": None,
        }
        # nobody signs in as these, and a good hash takes its time
        self.people = {
            name: User.objects.create(username=name, department=place) for name, place in self.places.items()
        }

    def role(self, key: str, reach: str, *, rank: int = 50, departments: Any = (), powers: Any = POWERS) -> Role:
        permissions = Permission.objects.filter(codename__in=powers)
        return services.create_role(
            by=None, key=key, name=key, rank=rank, permissions=permissions, scope=reach, departments=departments
        )

    def keeper(self, reach: str = "department_tree", place: str = "innorth", **more: Any) -> User:
        """Somebody of North with a role of this scope."""
        role = self.role(f"keepers-{reach}", reach, **more)
        return self.hire(
            f"keeper{reach[:6]}".replace("_", ""), department=self.places[place], roles=[role], is_staff=True
        )


@pytest.fixture
def house(hire: Callable[..., User]) -> House:
    return House(hire)


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)
