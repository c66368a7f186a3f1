"""One message to many.

beginning  a draft of chosen people, of numbers, or of a sheet; what it says; confirming, stopping
counting   from a draft to rows: whom it is for, what that costs, and who is left out and why
sheet      the rows of an upload
sending    from rows to messages, in batches: killed at any line nobody gets two and nobody is forgotten
progress   what pages and programs are told of it
"""

from integrations.sms.campaigns.beginning import (
    MOST_PEOPLE,
    confirm,
    edit,
    fail,
    prepare,
    prepare_again,
    purge,
    start_from_people,
    start_from_rows,
    start_from_sheet,
    stop,
)
from integrations.sms.campaigns.counting import count
from integrations.sms.campaigns.progress import about, pace, tallies
from integrations.sms.campaigns.sending import send
from integrations.sms.campaigns.sheet import empty as empty_sheet

__all__ = [
    "MOST_PEOPLE",
    "about",
    "confirm",
    "count",
    "edit",
    "empty_sheet",
    "fail",
    "pace",
    "prepare",
    "prepare_again",
    "purge",
    "send",
    "start_from_people",
    "start_from_rows",
    "start_from_sheet",
    "stop",
    "tallies",
]
