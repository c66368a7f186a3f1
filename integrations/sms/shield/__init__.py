"""What keeps strangers from farming text messages: each costs money, and annoys whoever gets it.

asked     one request for a code, as the limits see it
numbers   which countries and kinds of numbers are served at all
limits    so many for one phone, address, network, device, country, purpose
budget    so much money a day
watch     are the codes that are sent also used?
refusals  the rows of what was refused

All of it is counted from rows, so it holds on every node and without any cache. Numbers that nobody has are counted like
others: a refusal tells nobody whether an account exists.
"""

from integrations.sms.shield.asked import Asked
from integrations.sms.shield.limits import pressure
from integrations.sms.shield.passing import passing

__all__ = ["Asked", "passing", "pressure"]
