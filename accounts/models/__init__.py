"""Who works here, how they are ordered, and where they are signed in."""

from accounts.models.keys import SigningKey
from accounts.models.mails import Mail
from accounts.models.organisation import Department, Role
from accounts.models.people import User, UserManager, UserQuerySet, avatar_path, languages
from accounts.models.sessions import LoginEvent, LoginSession, LoginSessionQuerySet, new_family_secret, new_sid

__all__ = [
    "Department",
    "LoginEvent",
    "LoginSession",
    "LoginSessionQuerySet",
    "Mail",
    "Role",
    "SigningKey",
    "User",
    "UserManager",
    "UserQuerySet",
    "avatar_path",
    "languages",
    "new_family_secret",
    "new_sid",
]
