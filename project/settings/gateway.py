"""The gateway."""

from project.settings.house import env

GATEWAY_AUTHENTICATORS = [
    "accounts.authentication.TicketCredential",
    "accounts.authentication.BearerCredential",
    "accounts.authentication.CookieCredential",
]
GATEWAY_SESSION_CHECK = "accounts.authentication.ended_sessions"
GATEWAY_PEOPLE_SEEN = "accounts.scope.seen_among"
GATEWAY_ADDRESS_CHECK = "accounts.addresses.refused_sockets"
GATEWAY_ALLOWED_ORIGINS = env.GATEWAY_ALLOWED_ORIGINS
GATEWAY_ALLOWED_IPS = env.GATEWAY_ALLOWED_IPS
GATEWAY_IDLE_SECONDS = env.GATEWAY_IDLE_SECONDS
GATEWAY_MAX_FRAME = env.GATEWAY_MAX_FRAME
GATEWAY_MAX_BUFFER = env.GATEWAY_MAX_BUFFER
GATEWAY_RATE = env.GATEWAY_RATE
GATEWAY_USER_RATE = env.GATEWAY_USER_RATE
GATEWAY_MAX_TASKS = env.GATEWAY_MAX_TASKS
GATEWAY_MAX_PER_USER = env.GATEWAY_MAX_PER_USER
GATEWAY_OVERFLOW = env.GATEWAY_OVERFLOW
GATEWAY_ALLOW_GUESTS = env.GATEWAY_ALLOW_GUESTS
GATEWAY_AUTH_SECONDS = 10
GATEWAY_HANDSHAKE_SECONDS = 10  # for the head of a request, of whatever kind
GATEWAY_STUCK_SECONDS = 5  # after which a reader who takes nothing of what waits is let go
GATEWAY_GUEST_RULE = ""
"""Dotted path of a function (connection) → bool: is this one a guest? Empty: whoever is bound to nobody."""
GATEWAY_STORAGE = "realtime.kept.KeptInRows" if env.GATEWAY_KEEP_SETTINGS else ""
"""Dotted path of a class that keeps the settings of users' connections (realtime/storage.py); empty: they end with it."""
GATEWAY_QUEUE = env.GATEWAY_QUEUE
GATEWAY_QUEUE_GRACE = env.GATEWAY_QUEUE_GRACE
GATEWAY_QUEUE_MAX = env.GATEWAY_QUEUE_MAX
