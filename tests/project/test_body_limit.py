"""Bodies that are too large: refused with a reason, before anybody keeps them."""

from collections.abc import Iterator

import pytest
import requests

from tests.office import Office

MEGABYTE = 1024**2


@pytest.fixture
def small_office(new_office) -> Office:
    return new_office(IMPORT_MAX_BYTES=str(MEGABYTE))


def pieces(number: int) -> Iterator[bytes]:
    for _ in range(number):
        yield b"x" * MEGABYTE


class TestBody:
    @pytest.mark.parametrize("how", ["declared", "chunked"])
    def test_over_the_limit_is_answered_in_the_envelope(self, small_office: Office, how):
        body = b"x" * (4 * MEGABYTE) if how == "declared" else pieces(4)

        answer = requests.post(
            f"{small_office.url}/api/v1/auth/login", data=body, headers={"Content-Type": "application/json"}, timeout=20
        )

        assert answer.status_code == 413
        assert answer.json()["error"]["code"] == "10011"
        assert "1 MB" in answer.json()["error"]["message"]

    def test_under_it_reaches_the_view(self, small_office: Office):
        caller = small_office.sign_in()

        assert caller.get("auth/me").status_code == 200
