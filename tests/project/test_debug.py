"""GATEHOUSE_ENV=debug shows developers more, but the API keeps its manners."""

import requests


class TestDebug:
    def test_answers_unknown_paths_of_the_api_in_the_envelope(self, new_office):
        office = new_office(GATEHOUSE_ENV="debug")

        answer = requests.get(f"{office.url}/api/v1/nowhere", timeout=20)

        assert answer.status_code == 404
        assert answer.json()["error"]["code"] == "10008"
