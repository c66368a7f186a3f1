"""The certificate and the key with which a node serves https and wss itself."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509

log = structlog.get_logger(__name__)
LOOK_SECONDS = 2
"""How often a serving node looks whether its files were renewed."""
WARN_BEFORE = timedelta(days=14)


def problem(certificate: Path, key: Path) -> tuple[str, str] | None:
    """Return the variable at fault and what it should be; nothing when the files make a pair that can serve."""
    for name, path in (("TLS_CERT_FILE", certificate), ("TLS_KEY_FILE", key)):
        try:
            path.read_bytes()
        except OSError as unreadable:
            return name, f"a file this account may read ({unreadable.strerror})"
    locked = False

    def passphrase() -> str:  # asked for only where there is one
        nonlocal locked
        locked = True
        return ""

    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=passphrase)
    except (ssl.SSLError, ValueError) as refused:
        reason = getattr(refused, "reason", None) or "not PEM"
        if locked:
            return "TLS_KEY_FILE", "a key without a passphrase: nobody is there to type it when a server starts"
        if not _certificates(certificate):
            return "TLS_CERT_FILE", "a certificate chain in PEM, the server's own certificate first"
        if reason == "KEY_VALUES_MISMATCH":
            return "TLS_KEY_FILE", "the key of TLS_CERT_FILE; this one belongs to another certificate"
        return "TLS_KEY_FILE", f"the private key of TLS_CERT_FILE, in PEM ({reason.replace('_', ' ').lower()})"
    return None


def warn(certificate: Path) -> None:
    """Log when `certificate` is not valid now, or not for long: browsers will refuse it, programs may not."""
    own = _certificates(certificate)[0]
    now = datetime.now(UTC)
    until = own.not_valid_after_utc.isoformat()
    if now > own.not_valid_after_utc:
        log.warning("certificate_expired", file=str(certificate), until=until)
    elif now < own.not_valid_before_utc:
        log.warning("certificate_not_valid_yet", file=str(certificate), since=own.not_valid_before_utc.isoformat())
    elif now > own.not_valid_after_utc - WARN_BEFORE:
        log.warning("certificate_expires_soon", file=str(certificate), until=until)


async def follow(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    """Let `context` serve new connections with what the files hold, for ever. A bad pair is logged and not taken."""
    warn(certificate)
    taken = _stamp(certificate, key)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        found = _stamp(certificate, key)
        if found in (taken, None):
            continue
        if wrong := problem(certificate, key):
            log.error("certificate_not_taken", variable=wrong[0], expected=wrong[1])
            continue
        context.load_cert_chain(certificate, key)
        taken = found
        log.info("certificate_renewed", file=str(certificate))
        warn(certificate)


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except ValueError:
        return []


def _stamp(*paths: Path) -> tuple[tuple[int, int], ...] | None:
    try:
        return tuple((found.st_mtime_ns, found.st_ino) for found in (path.stat() for path in paths))
    except OSError:
        return None  # in the middle of being replaced
