"""A stateful Jenkins that is none, read from Jenkins' own source. `python -m tests.fakes.jenkins --demo` starts it."""

from tests.fakes.jenkins.security import Account
from tests.fakes.jenkins.simulator import Simulator
from tests.fakes.jenkins.store import Store

__all__ = ["Account", "Simulator", "Store"]
