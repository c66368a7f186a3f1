"""Real servers for the tests: install them (Debian), start them, stop them.

Run by `make services` and `make services-stop` with any Python 3.11, before anything is installed.
"""

import sys

from tests.services.debian import Trouble, find, install, say
from tests.services.processes import HOME, ROOT, is_running, terminate, variables_file
from tests.services.servers import SERVERS

WRITTEN = ROOT / "var" / "services.env"


def start() -> None:
    """Bring every server up, leave alone those that run already, and write where they are."""
    install()
    for name, bring_up in SERVERS.items():
        (HOME / name).mkdir(parents=True, exist_ok=True)
        if not (is_running(name) and variables_file(name).exists()):
            variables = bring_up(HOME / name)
            variables_file(name).write_text("".join(f"{key}={value}\n" for key, value in variables.items()))
    lines = [f"CHROMIUM_PATH={find('chromium')}\n"]
    lines += [variables_file(name).read_text() for name in SERVERS]
    WRITTEN.write_text("".join(lines))
    say(f"Running; {WRITTEN.relative_to(ROOT)} says where:\n{WRITTEN.read_text()}".rstrip())


def stop() -> None:
    """End every server that `start` began."""
    for one in sorted(HOME.glob("*.pid"), reverse=True):  # the port mapper of RabbitMQ after it
        if terminate(one.stem):
            say(f"Stopped {one.stem}")
    for one in HOME.glob("*.env"):
        one.unlink()
    WRITTEN.unlink(missing_ok=True)


def main() -> None:
    """Do what the command line asks."""
    commands = {"start": start, "stop": stop}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit("usage: python -m tests.services start|stop")
    try:
        commands[sys.argv[1]]()
    except Trouble as trouble:
        sys.exit(str(trouble))


if __name__ == "__main__":
    main()
