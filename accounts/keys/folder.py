"""Keys as PEM files, for operators who manage files.

    <kid>.pem    a private key, readable by its owner only (0600)
    keys.json    {"<kid>": {"alg": "RS256", "state": "current", "retired_at": null}, …}

`jwt_keys generate`, `promote` and `retire` keep both in step.
"""

import json
import os
import stat
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from accounts.errors import KeyProblem
from accounts.keys.key import ALGORITHMS, KID, Key, State, describe, fits, from_pem, make, to_pem

GENERATE = "manage.py jwt_keys generate --promote"


class Folder:
    """A folder of PEM files."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)

    def load(self) -> list[Key]:
        """:raises ImproperlyConfigured: naming every file at fault and the fix."""
        if found := self.problems():
            raise ImproperlyConfigured("\n".join(found))
        return [self._read(kid, about) for kid, about in self._index().items()]

    def add(self, algorithm: str) -> Key:
        """Make a key that waits for its promotion."""
        private = make(algorithm)
        kid = describe(private.public_key(), algorithm)["kid"]
        file = os.open(self._pem(kid), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(file, "wb") as pem:
            pem.write(to_pem(private))
        about = {"alg": algorithm, "state": State.NEXT, "retired_at": None}
        self._save(self._index() | {kid: about})
        return self._read(kid, about)

    def promote(self, kid: str) -> None:
        """Let `kid` sign from now on; the key that did is retired."""
        index = self._index()
        if kid not in index:
            raise KeyProblem(f"There is no key {kid} in {self.path}.")
        now = timezone.now().isoformat()
        for other, about in index.items():
            if about["state"] == State.CURRENT and other != kid:
                about |= {"state": State.RETIRED, "retired_at": now}
        index[kid] |= {"state": State.CURRENT, "promoted_at": now, "retired_at": None}
        self._save(index)

    def retire(self, kid: str) -> None:
        """Stop using `kid`; its last tokens run out."""
        index = self._index()
        if kid not in index or index[kid]["state"] == State.CURRENT:
            raise KeyProblem(f"{kid} is unknown or signs at present: promote another key first.")
        index[kid] |= {"state": State.RETIRED, "retired_at": timezone.now().isoformat()}
        self._save(index)

    def distrust(self, kid: str) -> None:
        """Forget `kid`: what it signed is refused from now on. Its PEM file stays, and counts for nothing."""
        index = self._index()
        if kid not in index or index[kid]["state"] == State.CURRENT:
            raise KeyProblem(f"{kid} is unknown or signs at present: promote another key first.")
        del index[kid]
        self._save(index)

    def problems(self) -> list[str]:
        """Everything that is wrong here, each with the file and the fix."""
        try:
            index = self._index()
        except (ValueError, OSError) as problem:
            return [f"{self.path / 'keys.json'} cannot be read ({problem}): write it again or start with `{GENERATE}`."]
        if not index:
            return [f"{self.path} holds no keys: run `{GENERATE}`."]
        states = Counter(about.get("state") for about in index.values() if isinstance(about, dict))
        found = [] if states[State.CURRENT] == 1 else [self._count_problem(states[State.CURRENT])]
        return found + [text for kid, about in index.items() for text in self._problems_of(kid, about)]

    def _count_problem(self, currents: int) -> str:
        return (
            f"{self.path / 'keys.json'} names {currents} current keys; there must be one: "
            "choose it with `manage.py jwt_keys promote KID`."
        )

    def _problems_of(self, kid: str, about: Any) -> list[str]:
        path = self.path / f"{kid}.pem"
        if not KID.fullmatch(kid):
            return [f"{self.path / 'keys.json'}: {kid!r} is not a key id."]
        if not isinstance(about, dict) or about.get("alg") not in ALGORITHMS or about.get("state") not in set(State):
            return [f"{self.path / 'keys.json'}: {kid} needs an alg of {', '.join(ALGORITHMS)} and a state."]
        if not path.is_file():
            return [f"{path} is missing: bring it back or take {kid} out of keys.json."]
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & 0o077:
            return [f"{path} has mode {mode:04o}, others can read it: run `chmod 600 {path}` and consider it stolen."]
        return self._problems_of_pem(path, kid, about["alg"])

    def _problems_of_pem(self, path: Path, kid: str, algorithm: str) -> list[str]:
        try:
            private = from_pem(path.read_bytes())
        except (ValueError, OSError) as problem:
            return [f"{path}: {problem}. Make another with `manage.py jwt_keys generate`."]
        if not fits(private, algorithm):
            return [f"{path} is not a key for {algorithm}: correct `alg` in keys.json."]
        thumbprint = describe(private.public_key(), algorithm)["kid"]
        return [] if thumbprint == kid else [f"{path} holds the key {thumbprint}: rename it to that, in keys.json too."]

    def _read(self, kid: str, about: dict[str, Any]) -> Key:
        path = self._pem(kid)
        private = from_pem(path.read_bytes())
        return Key(
            kid=kid,
            algorithm=about["alg"],
            state=State(about["state"]),
            public=private.public_key(),
            private=private,
            jwk=describe(private.public_key(), about["alg"]),
            created_at=datetime.fromtimestamp(path.stat().st_mtime, tz=timezone.get_default_timezone()),
            promoted_at=_moment(about.get("promoted_at")),
            retired_at=_moment(about.get("retired_at")),
        )

    def _pem(self, kid: str) -> Path:
        return self.path / f"{kid}.pem"

    def _index(self) -> dict[str, Any]:
        path = self.path / "keys.json"
        if not path.exists():
            return {}
        index = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(index, dict):
            raise ValueError("it must hold an object")
        return index

    def _save(self, index: dict[str, Any]) -> None:
        draft = self.path / f".keys.json.{os.getpid()}"
        draft.write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        draft.replace(self.path / "keys.json")


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
