"""Why a server cannot be reached, in words that say what to do about it."""

import errno
import socket
import ssl
from urllib.error import URLError

from django.utils.translation import gettext as _
from websockets.exceptions import InvalidMessage, InvalidStatus

REFUSED = f"[Errno {errno.ECONNREFUSED}]"
"""What asyncio says of each address of a host where nothing listens."""


def why(problem: BaseException) -> str:
    """Return what went wrong, in the active language; the problem's own words where we know no better."""
    cause = problem.reason if isinstance(problem, URLError) else problem
    if isinstance(cause, ConnectionRefusedError) or (isinstance(cause, OSError) and REFUSED in str(cause)):
        return _("nothing listens there. Is the server running?")
    if isinstance(cause, socket.gaierror):
        return _("there is no such host.")
    if isinstance(cause, TimeoutError):
        return _("it does not answer in time.")
    if isinstance(cause, ssl.SSLCertVerificationError):
        said = _("its certificate is not trusted ({problem}). The variable SSL_CERT_FILE can name who signed it.")
        return said.format(problem=cause.verify_message)
    if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
        return _("it does not speak TLS. Try ws:// instead of wss://.")
    if isinstance(cause, InvalidStatus):
        said = _("it answers {status} and opens no socket. Is the path right?")
        return said.format(status=cause.response.status_code)
    if isinstance(cause, InvalidMessage):
        return _("it does not answer as a web server. Try wss:// instead of ws://.")
    return str(cause) or type(cause).__name__
