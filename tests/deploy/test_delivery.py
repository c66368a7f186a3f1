"""What operators copy: Dockerfile, compose.yaml, systemd units, nginx and the examples of settings."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from project import env
from project.env import ROOT
from tests import environment
from tests.services.debian import find

DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VARIABLES = dict(env.about())
HOUSE = ("web1", "web2", "worker", "beat")
SAFE_SHUTDOWN = 5
"""Seconds a manager waits beyond SHUTDOWN_SECONDS, at least."""


def settings_of(example: str) -> dict[str, str]:
    """Return what an example of settings sets, empty ones included."""
    lines = (DEPLOY / example).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def filled(example: str) -> dict[str, str]:
    """Return the example as an operator has to fill it."""
    given = {
        "SECRET_KEY": "k" * 64,
        "ALLOWED_HOSTS": "office.example.com",
        "DATABASE_URL": "postgres://gatehouse:secret@127.0.0.1:5432/gatehouse",
        "REDIS_URL": "redis://:secret@127.0.0.1:6379/0",
        "EMAIL_URL": "submission://user:secret@mail.example.com:587",
    }
    return {name: value or given.get(name, "") for name, value in settings_of(example).items()}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / "compose.yaml").read_text()))


def unit(path: Path) -> dict[str, list[str]]:
    """Return a unit's settings, each with all its values."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            name, value = line.split("=", 1)
            found.setdefault(name, []).append(value)
    return found


class TestDockerfile:
    text = (ROOT / "Dockerfile").read_text()

    def test_has_nothing_hadolint_objects_to(self):
        program = Path(sys.executable).with_name("hadolint")

        looked = subprocess.run(
            [program, "--no-color", ROOT / "Dockerfile"], capture_output=True, text=True, check=False
        )

        assert looked.stdout + looked.stderr == ""
        assert looked.returncode == 0

    def test_copies_what_there_is_and_everything_the_product_needs(self):
        copied = [
            line.split()[1:-1] for line in self.text.splitlines() if line.startswith("COPY ") and "--from" not in line
        ]
        sources = {source for line in copied for source in line}

        assert {source for source in sources if not (ROOT / source).exists()} == set()
        packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
        assert packages | {"templates", "static", "locale", "manage.py"} <= sources

    def test_gets_from_the_context_what_it_copies_and_no_secret(self):
        listed = (ROOT / ".dockerignore").read_text().splitlines()
        allowed = {line[1:] for line in listed if line.startswith("!")}
        copied = re.findall(r"^COPY (?!--from)(.+) \S+$", self.text, re.MULTILINE)

        assert listed[2 if listed[1].startswith("#") else 1] == "*"
        assert allowed == {source for sources in copied for source in sources.split()}
        assert not allowed & {".env", "var", "deploy", ".git"}

    def test_leaves_no_static_files_for_a_start_to_collect(self, tmp_path):
        (step,) = re.findall(r"^RUN (GATEHOUSE_ENV=.+?[^\\])$", self.text, re.MULTILINE | re.DOTALL)
        words = shlex.split(step.replace("\\\n", " "))
        given = dict(word.split("=", 1) for word in words[: words.index("python")])
        command = [sys.executable, *words[words.index("python") + 1 :]]
        here = os.environ | given | {"GATEHOUSE_HOME": str(tmp_path)}

        built = subprocess.run(command, cwd=ROOT, env=here, capture_output=True, text=True, check=True)
        begun = subprocess.run(command, cwd=ROOT, env=here, capture_output=True, text=True, check=True)

        assert built.stdout == "Collecting static files\n"
        assert begun.stdout == ""
        assert (tmp_path / "static" / "staticfiles.json").is_file()

    def test_runs_the_real_command_as_nobody_special(self):
        entry, arguments, user, health = (
            re.findall(rf"^{word} (.+)$", self.text, re.MULTILINE)[-1]
            for word in ("ENTRYPOINT", "CMD", "USER", "    CMD")
        )

        assert user == "10001:10001"
        assert json.loads(health) == ["python", "-m", "project.healthcheck"]
        command = [sys.executable, *json.loads(entry)[1:], *json.loads(arguments), "--help"]
        assert json.loads(entry)[0] == "python"
        assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0

    def test_sets_variables_there_are(self):
        names = set(re.findall(r"^(?:ENV|   ) ([A-Z_]+)=", self.text, re.MULTILINE))

        assert names - {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= VARIABLES.keys()


class TestCompose:
    def test_follows_the_specification(self, compose):
        specification = json.loads((ROOT / "tests" / "deploy" / "compose-spec.json").read_text())

        jsonschema.Draft7Validator(specification).validate(compose)

    def test_sets_variables_there_are(self, compose):
        for name in HOUSE:
            assert compose["services"][name]["environment"].keys() <= VARIABLES.keys()

    def test_has_no_secret_and_starts_without_none(self, compose):
        """Each secret must come from the environment, and an empty one stops the start."""
        text = (ROOT / "compose.yaml").read_text()
        asked = set(re.findall(r"\$\{([A-Z_]+):\?", text))
        optional = set(re.findall(r"\$\{([A-Z_]+):-[^}]*\}", text))

        assert {"SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "DJANGO_SUPERUSER_PASSWORD"} <= asked
        assert asked | optional == settings_of("compose.env.example").keys()
        assert not any(settings_of("compose.env.example").values())
        assert set(re.findall(r"(?<!\$)\$\{?([A-Z_]+)", text)) == asked | optional

    def test_its_settings_are_accepted_in_production(self, compose):
        values = filled("compose.env.example") | {"POSTGRES_PASSWORD": "a1", "REDIS_PASSWORD": "b2"}
        for name in HOUSE:
            given = compose["services"][name]["environment"]
            real = {
                key: re.sub(r"\$\{([A-Z_]+)[^}]*\}", lambda hit: values[hit[1]], text) for key, text in given.items()
            }

            assert env.read(real | {"GATEHOUSE_ENV": "prod"}).production

    def test_servers_are_healthy_before_the_house_and_the_house_before_nginx(self, compose):
        services = compose["services"]
        waits = {name: set(services[name].get("depends_on", {})) for name in services}

        assert waits["web1"] == {"postgres", "redis"}
        assert waits["web2"] == waits["worker"] == waits["beat"] == {"web1"}
        assert waits["nginx"] == {"web1", "web2"}
        for name in services:
            for needed, how in services[name].get("depends_on", {}).items():
                assert how == {"condition": "service_healthy"}
                assert "test" in services[needed].get("healthcheck", {}) or needed.startswith("web")

    def test_redis_keeps_what_it_was_given(self, compose):
        command = " ".join(compose["services"]["redis"]["command"])

        assert "--maxmemory-policy noeviction" in command
        assert "--appendonly yes" in command
        assert "--requirepass" in command

    def test_nginx_finds_the_nodes_and_is_the_proxy_they_trust(self, compose):
        services = compose["services"]
        address = {name: services[name]["networks"]["default"]["ipv4_address"] for name in ("web1", "web2", "nginx")}
        listed = re.findall(r"server (\S+):8000 ", (DEPLOY / "compose-nodes.conf").read_text())

        assert listed == [address["web1"], address["web2"]]
        assert services["web1"]["environment"]["TRUSTED_PROXIES"] == address["nginx"]
        for mounted in services["nginx"]["volumes"]:
            source = ROOT / mounted.split(":")[0]
            assert source.exists() or source == DEPLOY / "tls"
        assert {port.split(":")[0] for port in services["nginx"]["ports"]} == {"80", "443"}
        assert not any("ports" in services[name] for name in services if name != "nginx")

    def test_waits_longer_than_a_drain_takes(self, compose):
        for name in HOUSE:
            one = compose["services"][name]
            assert int(one["stop_grace_period"].rstrip("s")) >= (
                float(one["environment"]["SHUTDOWN_SECONDS"]) + SAFE_SHUTDOWN
            )

    def test_runs_the_parts_of_a_house(self, compose):
        parts = [compose["services"][name]["command"] for name in HOUSE]

        assert parts == [["--no-demo", "--only", part] for part in ("web", "web", "worker", "beat")]


class TestUnits:
    def test_pass_systemds_own_check(self, tmp_path):
        program = find("systemd-analyze")
        if program is None:
            environment.missing("systemd-analyze is not installed: `make services` installs it")
        for path in UNITS:
            text = path.read_text().replace("/opt/gatehouse/.venv/bin/python", sys.executable)
            (tmp_path / path.name).write_text(text)

        files = sorted(map(str, tmp_path.iterdir()))
        looked = subprocess.run(
            [str(program), "verify", "--man=no", *files], capture_output=True, text=True, check=False
        )

        # it also looks at the machine's own units, which may have faults of their own
        assert [line for line in looked.stderr.splitlines() if "gatehouse" in line] == []
        assert looked.returncode == 0

    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
    def test_run_the_real_command_with_the_example_settings(self, path):
        found = unit(path)
        python, *arguments = found["ExecStart"][0].split()

        assert python == "/opt/gatehouse/.venv/bin/python"
        command = [sys.executable, *arguments, "--help"]
        assert subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0
        assert {value.split("=")[0] for value in found.get("Environment", [])} <= VARIABLES.keys()
        assert found["EnvironmentFile"] == ["/etc/gatehouse/gatehouse.env"]
        assert settings_of("gatehouse.env.example")["GATEHOUSE_HOME"] == f"/var/lib/{found['StateDirectory'][0]}"

    @pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
    def test_wait_longer_than_a_drain_takes_and_do_not_repeat_what_cannot_work(self, path):
        found = unit(path)
        drain = float(settings_of("gatehouse.env.example")["SHUTDOWN_SECONDS"])

        assert int(found["TimeoutStopSec"][0]) >= drain + SAFE_SHUTDOWN
        assert found["RestartPreventExitStatus"] == [str(env.EX_CONFIG)]

    def test_there_is_one_for_each_part(self):
        parts = {unit(path)["ExecStart"][0].split()[-1] for path in UNITS}

        assert parts == {"web", "worker", "beat"}


class TestExamples:
    @pytest.mark.parametrize("example", ["gatehouse.env.example"])
    def test_name_variables_there_are_and_hold_no_secret(self, example):
        given = settings_of(example)

        assert given.keys() <= VARIABLES.keys()
        assert not any(value for name, value in given.items() if VARIABLES[name]["secret"])

    def test_as_they_come_nothing_starts(self):
        with pytest.raises(env.BadEnvironment) as refused:
            env.read(settings_of("gatehouse.env.example"))

        assert {"SECRET_KEY", "ALLOWED_HOSTS", "EMAIL_URL"} <= {one.name for one in refused.value.problems}

    def test_filled_they_are_accepted(self):
        assert env.read(filled("gatehouse.env.example")).production

    def test_nginx_lets_through_a_little_more_than_the_largest_upload(self):
        limit = re.search(r"client_max_body_size (\d+)m;", (DEPLOY / "nginx.conf").read_text())

        assert limit
        assert 1 <= int(limit[1]) - env.read({}).IMPORT_MAX_BYTES // 1024**2 <= 2


class TestHealthcheck:
    def ask(self, port: int, host: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "project.healthcheck"],
            cwd=ROOT,
            env={"HOST": host, "PORT": str(port), "ALLOWED_HOSTS": ".localhost", "PATH": ""},
            capture_output=True,
            text=True,
            check=False,
        )

    def test_is_content_with_a_node_in_production(self, site):
        assert self.ask(int(site.nodes[0].url.rpartition(":")[2])).returncode == 0

    def test_says_why_it_is_not(self):
        asked = self.ask(9)

        assert asked.returncode == 1
        assert asked.stderr.startswith("no answer on port 9 of 127.0.0.1: ")

    def test_waits_for_no_node_that_has_ended(self):
        node = subprocess.Popen([sys.executable, "-c", ""])
        node.wait()
        waiting = [sys.executable, "-m", "project.healthcheck", "--wait", "60"]
        told = os.environ | {"PORT": "9", "HOST": "", "MAINPID": str(node.pid)}

        assert subprocess.run(waiting, cwd=ROOT, env=told, capture_output=True, timeout=30, check=False).returncode == 1

    @pytest.mark.parametrize(
        ("listens", "asked"),
        [("127.0.0.5", "127.0.0.5"), ("0.0.0.0", "127.0.0.1"), ("::", "::1")],  # noqa: S104 (asked about, not bound)
    )
    def test_asks_where_the_node_listens(self, listens, asked):
        assert self.ask(9, listens).stderr.startswith(f"no answer on port 9 of {asked}: ")
