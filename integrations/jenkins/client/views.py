"""Views: lists of jobs under a name."""

from urllib.parse import quote
from xml.sax.saxutils import escape

from integrations.jenkins import names
from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls

LIST = "hudson.model.ListView"
STATE = "name,url,jobs[name]"


class ViewCalls(Calls):
    def views(self) -> list[shapes.View]:
        """All views of the top, in one request."""
        return [reading.view(one) for one in reading.each(self._json("", tree=f"views[{STATE}]"), "views")]

    def view(self, name: str) -> shapes.View:
        """One view.

        :raises NotAtJenkins: when there is none.
        """
        return reading.view(self._json(f"view/{quote(names.checked(name), safe='')}/", tree=STATE, what=name))

    def create_view(self, name: str, kind: str = LIST) -> shapes.View:
        """Make an empty view of a kind that Jenkins knows by its class.

        :raises TakenName: when there is one already.
        """
        plain = names.checked_new(name)
        tag = names.checked_new(kind)
        xml = f'<?xml version="1.1" encoding="UTF-8"?><{tag}><name>{escape(plain)}</name></{tag}>'
        self._post(f"createView?name={quote(plain, safe='')}", xml=xml, what=name)
        return self.view(name)
