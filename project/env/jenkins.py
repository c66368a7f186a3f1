"""Jenkins."""

import re
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from project.env import kinds as kind
from project.env.declaring import variable


def servers(given: str) -> list[str]:
    """A list of host names (.example.com covers what is below), addresses and networks such as 10.0.0.0/8."""
    found = kind.words(given)
    for one in found:
        try:
            ip_network(one)
        except ValueError:
            if not re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", one) or one.rpartition(".")[2].isdigit():
                raise
    return found


def artifact_hosts(given: str) -> list[str]:
    """A list of hosts ([http://]name[:port]; .example.com covers what is below) and networks such as 10.0.0.0/8."""
    found = kind.words(given)
    for one in found:
        if "/" in one and "://" not in one:
            ip_network(one)
            continue
        parts = urlsplit(one if "://" in one else f"https://{one}")
        host = parts.hostname or ""
        if (
            parts.scheme not in {"http", "https"}
            or parts.netloc != one.rpartition("://")[2]
            or parts.port == 0
            or "@" in one
        ):
            raise ValueError(one)
        if not re.fullmatch(r"\.?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", host) or host.rpartition(".")[2].isdigit():
            ip_address(host)
    return found


@dataclass(frozen=True, kw_only=True)
class Jenkins:
    """Jenkins."""

    JENKINS_ALLOWED_SERVERS: list[str] = variable(
        "",
        servers,
        "Where Jenkins servers may be: host names and networks. Empty: nowhere; in `debug` and `dev`, this machine. "
        "This machine and its own line (169.254.0.0/16) only where a network says so, whatever a name leads to.",
        example="jenkins.example.com,10.20.0.0/16",
    )
    JENKINS_CA_FILE: Path | None = variable(
        "",
        kind.existing_file,
        "Certificates (PEM) that Jenkins servers' are signed by, if not by one that everybody trusts.",
        example="/etc/gatehouse/jenkins-ca.pem",
    )
    JENKINS_REFRESH_SECONDS: int = variable(
        "15", kind.integer(5, 3600), "How often each Jenkins server is asked for its jobs, in one request."
    )
    JENKINS_LOG_MAX_BYTES: int = variable("100 MB", kind.size, "How much of a build's log is kept here.")
    JENKINS_ARTIFACT_MAX_BYTES: int = variable(
        "1 GB", kind.size, "How large a file of a build may be that is passed on; none is kept here."
    )
    JENKINS_ARTIFACT_HOSTS: list[str] = variable(
        "",
        artifact_hosts,
        "Where Jenkins may send us for files of builds that it keeps elsewhere (S3, Azure, its resource root URL): by https, or "
        "by http where an entry says so. Addresses that are not public only where a network, or the entry itself, says so.",
        example="builds.s3.eu-central-1.amazonaws.com,http://minio.example.com:9000,10.20.0.0/16",
    )
    JENKINS_LOG_DAYS: int = variable("30", kind.integer(1, 3650), "How long logs of builds are kept here.")
