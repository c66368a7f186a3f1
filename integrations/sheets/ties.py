"""What hangs on rows: whatever else points at them in the database."""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from django.db import models


class Tie(NamedTuple):
    """Something points at the row `key`: what, in words, and which row, where it is one of the same model."""

    key: Any
    what: str
    row: Any = None


def hanging(model: type[models.Model], keys: Collection[Any], ignored: Collection[str]) -> Iterator[Tie]:
    """What hangs on rows; `ignored` are labels of models ("app.Model")."""
    if not keys:
        return
    for relation in model._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and relation.related_model._meta.label not in ignored:
            yield from _pointing(relation, keys, model)


def _pointing(relation: models.ManyToOneRel, keys: Collection[Any], model: type[models.Model]) -> Iterator[Tie]:
    name, own = relation.field.name, relation.related_model is model
    rows = relation.related_model._base_manager.filter(**{f"{name}__in": keys}).order_by()
    what = _name(relation.related_model)
    if own:
        yield from (Tie(key, what, row) for key, row in rows.values_list(f"{name}__pk", "pk"))
    else:
        yield from (Tie(key, what) for key in rows.values_list(f"{name}__pk", flat=True).distinct())


def _name(model: type[models.Model]) -> str:
    owner: Any = model._meta.auto_created  # the model whose relation to many it carries, if it does
    if not owner:
        return str(model._meta.verbose_name_plural)
    through = (field for field in owner._meta.many_to_many if field.remote_field.through is model)
    return next((str(field.verbose_name) for field in through), str(owner._meta.verbose_name_plural))
