"""What the tests' own process does once where the product does it anew: the same answers, sooner."""

from typing import Any, ClassVar

from servestatic.middleware import ServeStaticMiddleware

from accounts.hashers import Argon2Hasher
from project.handler import StaticFilesMiddleware


class RememberingHasher(Argon2Hasher):
    """The product's hasher at its full cost, but once for each password: most people of the tests have the same one."""

    _hashes: ClassVar[dict[str, Any]] = {}
    _verdicts: ClassVar[dict[tuple[str, str], Any]] = {}

    def encode(self, password: str, salt: str) -> Any:
        if password not in self._hashes:
            self._hashes[password] = super().encode(password, salt)
        return self._hashes[password]

    def verify(self, password: str, encoded: str) -> Any:
        if (password, encoded) not in self._verdicts:
            self._verdicts[password, encoded] = super().verify(password, encoded)
        return self._verdicts[password, encoded]


class _Files(ServeStaticMiddleware):  # type: ignore[misc]  # it has no type hints
    """Looks for the static files once: each test's client builds its own chain of middleware."""

    _found: ClassVar[dict[str, Any]] = {}
    _places: ClassVar[list[tuple[str, str]]] = []

    files: dict[str, Any]
    directories: list[tuple[str, str]]

    def add_files_from_finders(self) -> None:
        if not self._found:
            super().add_files_from_finders()
            self._found.update(self.files)
            self._places.extend(self.directories)
        self.files, self.directories = dict(self._found), list(self._places)


class StaticFiles(StaticFilesMiddleware):
    files = _Files
