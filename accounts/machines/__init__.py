"""Machines that work for people: API tokens, what they let in, and what they never do.

A token is a person's, for as long as the person may: every call asks for both. It opens no login session, displaces nobody,
and reaches nothing that is about people's own sign-in.
"""

from accounts.machines.sockets import SOCKETS, close_sockets, close_sockets_of, socket_id
from accounts.machines.standing import bury, find, seen
from accounts.machines.text import PREFIX, Parts, digest, make, proves, read

__all__ = [
    "PREFIX",
    "SOCKETS",
    "Parts",
    "bury",
    "close_sockets",
    "close_sockets_of",
    "digest",
    "find",
    "make",
    "proves",
    "read",
    "seen",
    "socket_id",
]
