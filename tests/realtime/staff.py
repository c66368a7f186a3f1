"""Staff at the gateway, and what they ask it over HTTP."""

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from rest_framework.test import APIClient

from accounts.models import Role


def person(username: str, *permissions: str, rank: int = 0, number: int | None = None, **more):
    user = get_user_model().objects.create_user(
        username=username, password="a long sentence 7", pk=number, phone=None, **more
    )
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    if rank:
        group = Group.objects.create(name=f"rank {rank} {username}")
        Role.objects.create(group=group, key=f"rank-{username}", rank=rank)
        user.groups.add(group)
    return user


def client(user) -> APIClient:
    api = APIClient(HTTP_ACCEPT_LANGUAGE="en")
    api.force_authenticate(user)
    return api


MESSAGES, CONNECTIONS, NODES = (f"/api/v1/realtime/{name}" for name in ("messages", "connections", "nodes"))


def send(api, to, topic="note", data="hi", **more):
    return api.post(MESSAGES, {"to": to, "topic": topic, "data": data, **more}, format="json")
