"""Address rules as rows of a sheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import services
from accounts.addresses import patterns
from accounts.models import AddressRule, LoginSession
from accounts.resources.cells import Person
from integrations.sheets import filters
from integrations.sheets.columns import Choice, Column, Flag, Moment, Text, Whole
from integrations.sheets.reader.process import Cell
from integrations.sheets.rows import Checked
from integrations.sheets.served import ServedResource
from project.core import context

EFFECTS = {"允许": "allow", "放行": "allow", "拒绝": "deny", "禁止": "deny"}


class Addresses(Text):
    """A pattern of addresses, as the rules keep it."""

    def clean(self, value: Cell, row: Any = None, **options: Any) -> str:
        text = super().clean(value, row, **options) or ""
        return patterns.parse(text).text if text else ""


class Until(Column):
    """A moment to the second: a cell keeps no more."""

    def value(self, instance: AddressRule) -> datetime | None:
        return instance.expires_at.replace(microsecond=0) if instance.expires_at else None


class AddressRuleResource(ServedResource):
    """Address rules, found by their addresses; nobody locks themselves out by a file."""

    title = _("address rules")
    import_permissions = ("accounts.add_addressrule", "accounts.change_addressrule")
    export_permission = "accounts.view_addressrule"
    related = ("created_by",)
    filter_readers = {
        "effect": ("effect", filters.one_of(AddressRule.Effect)),
        "is_active": ("is_active", filters.flag),
        "for_admin": ("for_admin", filters.flag),
        "for_api": ("for_api", filters.flag),
        "for_gateway": ("for_gateway", filters.flag),
    }
    search_fields = ("pattern", "comment")

    effect = Column(
        "effect",
        _("effect"),
        aliases=("动作", "效果", "策略"),
        widget=Choice(AddressRule.Effect, aliases=EFFECTS, empty=None),
        required=True,
        width=10,
        example=AddressRule.Effect.DENY.label,
    )
    pattern = Column(
        "pattern",
        _("addresses"),
        aliases=("地址", "IP", "IP地址", "网段", "address"),
        widget=Addresses(),
        required=True,
        width=32,
        note=_("One address, a network (10.0.0.0/8), a range (10.0.0.1-10.0.0.9) or a beginning (10.1.*)."),
        example="203.0.113.0/24",
    )
    for_admin = Column("for_admin", _("back office"), aliases=("后台",), widget=Flag(), width=12)
    for_api = Column("for_api", _("API"), aliases=("接口",), widget=Flag(), width=8)
    for_gateway = Column("for_gateway", _("sockets"), aliases=("长连接",), widget=Flag(), width=10)
    comment = Column("comment", _("comment"), aliases=("备注", "说明"), width=36, example=_("Example"))
    is_active = Column("is_active", _("active"), aliases=("启用", "有效"), widget=Flag(), width=10)
    expires_at = Until("expires_at", _("expires"), aliases=("过期时间", "到期时间"), widget=Moment(), width=20)
    hits = Column("hits", _("hits"), widget=Whole(), readonly=True, width=10)
    last_hit_at = Column("last_hit_at", _("last hit"), widget=Moment(), readonly=True, width=20)
    created_by = Column("created_by", _("created by"), widget=Person(), readonly=True)
    created_at = Column("created_at", _("created"), widget=Moment(), readonly=True, width=20)

    class Meta:
        model = AddressRule
        fields = (
            "effect",
            "pattern",
            "for_admin",
            "for_api",
            "for_gateway",
            "comment",
            "is_active",
            "expires_at",
            "hits",
            "last_hit_at",
            "created_by",
            "created_at",
        )
        import_id_fields = ("pattern",)

    bookkeeping = ("hits", "last_hit_at", "created_by")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._ambiguous: set[str] = set()

    def queryset(self) -> QuerySet[AddressRule]:
        return AddressRule.objects.all()

    def load(self, keys: Iterable[str]) -> dict[str, AddressRule]:
        found: dict[str, AddressRule] = {}
        self._ambiguous = set()
        for rule in self._related(self.queryset().filter(pattern__in=set(keys))):
            if rule.pattern in found:
                self._ambiguous.add(rule.pattern)
            found[rule.pattern] = rule
        return found

    def check_row(self, instance: AddressRule, values: Mapping[str, Any], row: Checked) -> None:
        if row.changes and row.key in self._ambiguous:
            reason = gettext("several rules have these addresses; change them on their pages")
            self.fault(row, self.key.name, reason, row.key)

    def _try_out(self, rows: Sequence[Checked]) -> None:
        with _from_where_they_are(self.actor):
            super()._try_out(rows)

    def write(self, rows: Sequence[Checked], secrets: Mapping[int, Mapping[str, Any]]) -> list[Any]:
        with _from_where_they_are(self.actor):
            return super().write(rows, secrets)

    def create(self, by: Any, row: Checked, values: Mapping[str, Any]) -> AddressRule:
        return services.create_address_rule(by=by, **values)

    def update(self, by: Any, row: Checked, values: Mapping[str, Any]) -> AddressRule:
        return services.update_address_rule(by=by, rule=row.instance, **values)

    def delete(self, by: Any, instance: AddressRule) -> None:
        services.delete_address_rule(by=by, rule=instance)


@contextmanager
def _from_where_they_are(person: Any) -> Iterator[None]:
    """A worker has no address of its own to be locked out from: it is the one that `person` was last seen at."""
    here = context.current()
    if here is not None and here.ip:
        yield
        return
    last = LoginSession.objects.filter(user=person).exclude(ip=None).order_by("-last_seen_at").first()
    inner = replace(context.detach(), ip=last.ip or "") if last else here
    with context.entered(inner):
        yield
