"""Who works here, how they are ordered, and where they are signed in."""

from accounts.models.addresses import AddressRule, AddressRuleQuerySet
from accounts.models.captcha import CaptchaUse
from accounts.models.keys import SigningKey
from accounts.models.machines import ApiToken, ApiTokenQuerySet, Machine
from accounts.models.mails import Mail
from accounts.models.organisation import Department, Role
from accounts.models.origins import Device, Origin
from accounts.models.passwords import PasswordLink, PasswordRequest
from accounts.models.people import User, UserManager, UserQuerySet, avatar_path, languages, reach_by
from accounts.models.reach import Reach, below, reach_of, reach_through
from accounts.models.second_factor import RecoveryCode, SecondFactor, SignInChallenge
from accounts.models.sessions import (
    LoginEvent,
    LoginEventQuerySet,
    LoginSession,
    LoginSessionQuerySet,
    new_family_secret,
    new_sid,
)

__all__ = [
    "AddressRule",
    "AddressRuleQuerySet",
    "ApiToken",
    "ApiTokenQuerySet",
    "CaptchaUse",
    "Department",
    "Device",
    "LoginEvent",
    "LoginEventQuerySet",
    "LoginSession",
    "LoginSessionQuerySet",
    "Machine",
    "Mail",
    "Origin",
    "PasswordLink",
    "PasswordRequest",
    "Reach",
    "RecoveryCode",
    "Role",
    "SecondFactor",
    "SignInChallenge",
    "SigningKey",
    "User",
    "UserManager",
    "UserQuerySet",
    "avatar_path",
    "below",
    "languages",
    "new_family_secret",
    "new_sid",
    "reach_by",
    "reach_of",
    "reach_through",
]
