"""`python -m project.healthcheck [--wait SECONDS]`: exit with 0 when the web process of this machine is alive.

For service managers and containers; it needs no settings but HOST, PORT, ALLOWED_HOSTS and TLS_CERT_FILE
of the environment.
"""

import argparse
import http.client
import os
import ssl
import sys
import time

DEADLINE_SECONDS = 4
LOOPBACK = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (asked, not listened on)
"""Where a node answers this machine that listens on no address in particular."""


def main() -> None:
    """Ask /healthz, again and again for as long as `--wait` says."""
    parser = argparse.ArgumentParser(prog="python -m project.healthcheck")
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help="how long a start may take")
    until = time.monotonic() + parser.parse_args().wait
    while (trouble := ask()) and time.monotonic() < until and not ended():
        time.sleep(0.2)
    sys.exit(trouble or 0)


def ended() -> bool:
    """Whether the node is known to be gone: systemd tells its process id to what waits for a start."""
    node = os.environ.get("MAINPID")
    return bool(node) and not os.path.exists(f"/proc/{node}")


def ask() -> str:
    """Ask once; return what is wrong, or nothing."""
    listens = os.environ.get("HOST") or ""
    host = LOOPBACK.get(listens, listens)
    port = int(os.environ.get("PORT") or 8000)
    names = (os.environ.get("ALLOWED_HOSTS") or "localhost").split(",")
    line: http.client.HTTPConnection
    if os.environ.get("TLS_CERT_FILE"):
        # it is this machine that is asked, by an address its certificate is not for
        any_name = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        any_name.check_hostname, any_name.verify_mode = False, ssl.CERT_NONE
        line = http.client.HTTPSConnection(host, port, timeout=DEADLINE_SECONDS, context=any_name)
    else:
        line = http.client.HTTPConnection(host, port, timeout=DEADLINE_SECONDS)
    try:
        line.request("GET", "/healthz", headers={"Host": names[0].strip().lstrip(".")})
        status = line.getresponse().status
    except (OSError, http.client.HTTPException) as unreachable:
        return f"no answer on port {port} of {host}: {unreachable}"
    finally:
        line.close()
    return "" if status == 200 else f"/healthz answered {status}"


if __name__ == "__main__":
    main()
