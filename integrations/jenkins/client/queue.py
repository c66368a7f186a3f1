"""Builds that wait."""

from integrations.jenkins.client import reading, shapes
from integrations.jenkins.client.base import Calls
from integrations.jenkins.errors import NotAtJenkins

ITEM = (
    "id,why,inQueueSince,stuck,blocked,cancelled,task[name,url],executable[number],"
    "actions[causes[userId,userName,shortDescription],parameters[name,value]]"
)


class QueueCalls(Calls):
    def queue(self) -> list[shapes.QueueItem]:
        """Everything that waits, in one request."""
        return [reading.queue_item(one) for one in reading.each(self._json("queue/", tree=f"items[{ITEM}]"), "items")]

    def pending(self) -> list[int]:
        """The numbers of what waits."""
        return [one.number for one in self.queue()]

    def queue_item(self, number: int) -> shapes.QueueItem:
        """One item; for some minutes also after it left the queue.

        :raises NotAtJenkins: when there is none (any more).
        """
        return reading.queue_item(self._json(f"queue/item/{int(number)}/", tree=ITEM, what=f"#{number}"))

    def cancel(self, number: int) -> bool:
        """Take one item out of the queue; tell whether it was there. Servers of all ages say so in their own ways."""
        before = {one.number for one in self.queue()}
        if number not in before:
            return False
        try:
            self._post("queue/cancelItem", data={"id": int(number)}, what=f"#{number}")
        except NotAtJenkins:  # what old ones answer when it is done
            return number not in self.pending()
        return True

    def cancel_all(self) -> list[int]:
        """Take everything out of the queue; the numbers of what was there."""
        return [number for number in self.pending() if self.cancel(number)]
