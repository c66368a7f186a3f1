"""The home: the folder that holds what this installation knows (database file, media, logs, generated secrets)."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def secret_key(home: Path) -> str:
    """Return the home's secret key; the first caller makes it."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "secret_key"
    draft = home / f".secret_key.{os.getpid()}"
    if not path.exists():
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        with suppress(FileExistsError):  # somebody was faster: theirs counts
            os.link(draft, path)
        draft.unlink()
    return path.read_text().strip()
