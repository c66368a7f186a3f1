"""Passwords: what a new one must be, who must change theirs, and the links that let people choose one.

rules   what Django asks about a new password, wherever one is set; settings.AUTH_PASSWORD_VALIDATORS names them
due     who must choose a new one before anything else
links   the links in mails: kept as hashes, good once, for a while
asked   "I forgot my password": limits at the door, the work behind it
"""

from accounts.passwords.due import ensure_not_due, is_due, is_due_for
from accounts.passwords.rules import ensure_new

__all__ = ["ensure_new", "ensure_not_due", "is_due", "is_due_for"]
"""What everybody may use who must not know of services and mails; the rest is imported by its module."""
