"""Small pictures of numbers, drawn as SVG on the server."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

WIDTH, HEIGHT = 100.0, 30.0
CHART_WIDTH, CHART_HEIGHT = 900.0, 210.0
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True)
class Day:
    """What went well and what went wrong on one day."""

    day: date
    ok: int
    bad: int


@dataclass(frozen=True)
class Share:
    """One line of a ranking: how many, where they are listed, and how many of them failed."""

    label: str
    number: int
    url: str
    failed: int = 0


@register.simple_tag
def sparkline(numbers: Sequence[float]) -> SafeString:
    """Draw `numbers` as a line over the whole width; nothing when there are fewer than two."""
    if len(numbers) < 2:
        return SafeString("")
    top = max(*numbers, 1)
    points = [(WIDTH * i / (len(numbers) - 1), HEIGHT - 2 - (HEIGHT - 4) * n / top) for i, n in enumerate(numbers)]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return format_html(
        '<svg class="gh-spark" viewBox="0 0 {w} {h}" preserveAspectRatio="none" aria-hidden="true">'
        '<polygon class="area" points="0,{h} {line} {w},{h}"/><polyline class="line" points="{line}"/></svg>',
        w=f"{WIDTH:.0f}",
        h=f"{HEIGHT:.0f}",
        line=line,
    )


@register.simple_tag
def day_bars(days: Sequence[Day]) -> SafeString:
    """Draw one stacked bar a day, with the exact numbers on hover."""
    top = ceiling(max((one.ok + one.bad for one in days), default=0))
    step = CHART_WIDTH / max(len(days), 1)
    bars = format_html_join("", "{}", ((_bar(one, i * step, step, top),) for i, one in enumerate(days)))
    grid = format_html_join(
        "",
        '<line class="grid" x1="0" x2="{}" y1="{}" y2="{}"/>',
        ((f"{CHART_WIDTH:.0f}", y, y) for y in (0.5, CHART_HEIGHT / 2, CHART_HEIGHT - 0.5)),
    )
    marks = [days[i].day for i in (0, len(days) // 3, 2 * len(days) // 3, len(days) - 1)] if days else []
    return format_html(
        '<div class="gh-chart"><div class="gh-chart-y"><span>{}</span><span>{}</span><span>0</span></div>'
        '<svg class="gh-bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>'
        '<div class="gh-chart-x">{}</div></div>',
        top,
        top // 2 if top > 1 else "",
        f"{CHART_WIDTH:.0f}",
        f"{CHART_HEIGHT:.0f}",
        _("Sign-ins per day"),
        grid,
        bars,
        format_html_join("", "<span>{}</span>", ((short(day),) for day in marks)),
    )


@register.inclusion_tag("gatehouse/ranking.html")
def ranking(shares: Sequence[Share]) -> dict[str, Any]:
    """List `shares`, each with a bar as long as its part of the greatest."""
    most = max((one.number for one in shares), default=1)
    return {"lines": [{"share": one, "width": round(100 * one.number / most)} for one in shares]}


def ceiling(number: int) -> int:
    """Return the next number that looks good at the top of a scale."""
    size = 1
    while size * 10 < number:
        size *= 10
    return next((step * size for step in STEPS if step * size >= number), 10 * size)


def short(day: date) -> str:
    """Return a day without its year, as the reader's language writes it."""
    return date_format(day, "MONTH_DAY_FORMAT")


def _bar(one: Day, x: float, step: float, top: int) -> Any:
    ok, bad = (CHART_HEIGHT * number / top for number in (one.ok, one.bad))
    width = step * 0.62
    left = x + (step - width) / 2
    return format_html(
        '<g><title>{day}: {text}</title><rect class="hit" x="{x}" y="0" width="{step}" height="{h}"/>'
        '<rect class="ok" x="{left}" y="{ok_y}" width="{width}" height="{ok_h}" rx="2"/>'
        '<rect class="bad" x="{left}" y="{bad_y}" width="{width}" height="{bad_h}" rx="2"/></g>',
        day=short(one.day),
        text=_("%(ok)s succeeded, %(bad)s failed") % {"ok": one.ok, "bad": one.bad},
        x=f"{x:.1f}",
        step=f"{step:.1f}",
        h=f"{CHART_HEIGHT:.0f}",
        left=f"{left:.1f}",
        width=f"{width:.1f}",
        ok_y=f"{CHART_HEIGHT - ok:.1f}",
        ok_h=f"{ok:.1f}",
        bad_y=f"{CHART_HEIGHT - ok - bad:.1f}",
        bad_h=f"{bad:.1f}",
    )
