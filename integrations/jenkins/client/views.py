"""Views: lists of jobs under a name."""

from collections.abc import Sequence
from urllib.parse import quote
from xml.sax.saxutils import escape

from django.utils.translation import gettext_lazy as _

from integrations.jenkins import names
from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls
from integrations.jenkins.errors import TakenName

LIST = "hudson.model.ListView"
STATE = "name,url,jobs[name,fullName]"
TAKEN = _("There is a view “{name}” already.")


class ViewCalls(Calls):
    def views(self) -> list[shapes.View]:
        """All views of the top, in one request."""
        return [reading.view(one) for one in reading.each(self._json("", tree=f"views[{STATE}]"), "views")]

    def view(self, name: str) -> shapes.View:
        """One view.

        :raises NotAtJenkins: when there is none.
        """
        return reading.view(self._json(f"view/{quote(names.checked(name), safe='')}/", tree=STATE, what=name))

    def create_view(self, name: str, kind: str = LIST, jobs: Sequence[str] = ()) -> shapes.View:
        """Make a view of a kind that Jenkins knows by its class.

        :param jobs: for a list: the full names of what is in it.

        :raises TakenName: when there is one already.
        """
        plain = names.checked_new(name)
        tag = names.checked_new(kind)
        xml = f'<?xml version="1.1" encoding="UTF-8"?><{tag}><name>{escape(plain)}</name>{_list(jobs)}</{tag}>'
        try:
            self._post(f"createView?name={quote(plain, safe='')}", xml=xml, what=name)
        except TakenName:
            raise TakenName(TAKEN, name=name) from None
        return self.view(name)


def _list(jobs: Sequence[str]) -> str:
    if not jobs:
        return ""
    lines = "".join(f"<string>{escape(names.checked(one))}</string>" for one in jobs)
    order = '<comparator class="java.lang.String$CaseInsensitiveComparator"/>'
    return f"<jobNames>{order}{lines}</jobNames><recurse>true</recurse>"
