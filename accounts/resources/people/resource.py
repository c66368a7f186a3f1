"""People in and out: written with their roles and passwords, and invited."""

import os
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from secrets import token_urlsafe
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH, make_password
from django.db import transaction
from django.db.models import F, Q

from accounts import scope, sockets, standing
from accounts.models import Role, User
from accounts.passwords import inviting
from accounts.resources.cells import NO_ROLES, InDepartment, Roles
from accounts.resources.people.judging import JudgedPeople
from accounts.services import guards, passwords
from integrations.sheets.among import among
from integrations.sheets.batches import Certain
from integrations.sheets.columns import Column
from integrations.sheets.inserting import DEFAULT, insert, insert_columns
from integrations.sheets.rows import CHANGED, NEW, Checked
from integrations.sms import services as text_messages
from integrations.sms.shield.errors import BudgetSpent


class UserResource(JudgedPeople):
    """People: found by user name, passwords for new ones only, no rights but roles below one's own rank."""

    def choices(self, column: Column) -> list[str]:
        if isinstance(column.widget, InDepartment | Roles):
            return column.widget.choices()
        return super().choices(column)

    def gathered(self, column: Column, keys: Sequence[int]) -> list[frozenset[int]]:
        found: dict[int, set[int]] = defaultdict(set)
        through = User.groups.through.objects.filter(user_id__in=keys, group__role__isnull=False)
        for person, role in through.values_list("user_id", "group__role"):
            found[person].add(role)
        return [frozenset(found[key]) if key in found else NO_ROLES for key in keys]

    def seal(self, secrets: Mapping[int, Mapping[str, Any]], beat: Callable[[], None]) -> dict[int, dict[str, Any]]:
        """Hash passwords, on every core: a hash is slow on purpose."""
        numbers = [number for number, each in secrets.items() if each.get("password")]
        sealed: dict[int, dict[str, Any]] = {}
        with ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="hash") as pool:
            hashes = pool.map(make_password, [secrets[number]["password"] for number in numbers])
            for number, hashed in zip(numbers, hashes, strict=True):
                sealed[number] = {"password": hashed}
                beat()
        return sealed

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        new = [row for row in rows if row.kind == NEW]
        insert(User, [self._fields_of(row, secrets.get(row.number, {})) for row in new])
        self.write_changes([row for row in rows if row.kind == CHANGED])
        keys = self._keys_of([row.key for row in new])
        self._write_roles(rows, dict(zip((row.key for row in new), keys, strict=True)))
        changed = [row.instance.pk for row in rows if row.kind == CHANGED]
        moved = [
            row.instance.pk for row in rows if row.kind == CHANGED and {"roles", "department"} & row.changes.keys()
        ]
        transaction.on_commit(partial(standing.forget_people, changed))
        transaction.on_commit(partial(sockets.regroup, moved))
        return keys

    def write_certain(self, rows: Certain) -> list[Any]:
        columns = {name: values for name, values in rows.values.items() if not self.column(name).many}
        roles = rows.values.get("roles", [DEFAULT] * len(rows))
        epochs = [int(some is not DEFAULT) for some in roles]
        more: dict[str, Sequence[Any]] = {"password": _many_unusable(len(rows)), "perm_epoch": epochs}
        insert_columns(User, {**columns, **more}, len(rows))
        keys = self._keys_of(rows.keys)
        known: dict[int, Role] = self.column("roles").widget.known
        members = [
            (key, known[pk].group_id)
            for key, some in zip(keys, roles, strict=True)
            if some is not DEFAULT
            for pk in some
        ]
        insert_columns(
            User.groups.through,
            {"user_id": [key for key, _group in members], "group_id": [group for _key, group in members]},
            len(members),
        )
        return keys

    @staticmethod
    def _keys_of(names: Sequence[str]) -> list[int]:
        found = dict(User.objects.filter(among("username", names)).values_list("username", "pk")) if names else {}
        return [found[name] for name in names]

    @staticmethod
    def _fields_of(row: Checked, secrets: Mapping[str, Any]) -> dict[str, Any]:
        fields = {name: value for name, value in row.given.items() if name not in row.many}
        # who comes with roles has had them given once
        return fields | {"password": secrets.get("password") or _unusable(), "perm_epoch": int("roles" in row.many)}

    def _write_roles(self, rows: Sequence[Checked], keys: Mapping[str, int]) -> None:
        known: dict[int, Role] = self.column("roles").widget.known
        members = User.groups.through
        gone, come, moved, new = Q(), [], [], []
        for row in rows:
            if "roles" not in row.many:
                continue
            if row.kind == NEW:
                new += [{"user_id": keys[row.key], "group_id": known[pk].group_id} for pk in row.many["roles"]]
                continue
            had = self.column("roles").value(row.instance)
            moved.append(row.instance.pk)
            lost = [known[pk].group_id for pk in had - row.many["roles"] if pk in known]
            gone |= Q(user_id=row.instance.pk, group_id__in=lost) if lost else Q()
            come += [members(user=row.instance, group_id=known[pk].group_id) for pk in row.many["roles"] - had]
        if gone:
            members.objects.filter(gone).delete()
        insert(members, new)
        members.objects.bulk_create(come, ignore_conflicts=True)
        User.objects.filter(pk__in=moved).update(perm_epoch=F("perm_epoch") + 1)

    def unwrite(self, keys: Sequence[Any]) -> None:
        going = User.objects.filter(pk__in=keys)
        for person in going.filter(text_messages__isnull=False).distinct():
            text_messages.forget(person)  # an invitation to nothing is not sent any more
        going.delete()

    def ensure_may_invite(self) -> None:
        guards.ensure_person(self.actor)

    def invite(self, keys: Sequence[Any]) -> int:
        invited = 0
        for person in self.queryset().active().filter(pk__in=keys):
            if person.has_usable_password() or not scope.outranks(self.actor, person):
                continue
            if inviting.goes_to(person, self.actor):
                with suppress(BudgetSpent):  # the others have addresses, perhaps
                    passwords.invite(user=person, by=self.actor)
                    invited += 1
        return invited


def _unusable() -> str:
    return _many_unusable(1)[0]


def _many_unusable(number: int) -> list[str]:
    """What `make_password(None)` makes, so many of them, but drawn at once instead of letter by letter."""
    length = UNUSABLE_PASSWORD_SUFFIX_LENGTH
    drawn = token_urlsafe(number * length)
    return [UNUSABLE_PASSWORD_PREFIX + drawn[at : at + length] for at in range(0, number * length, length)]
