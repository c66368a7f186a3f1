"""Files of builds that Jenkins does not keep itself: fetched from where it sends us, with nothing of ours.

No user, token or cookie goes there. Whoever has a signed address has the file, so it is in no error and no log.
"""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urljoin

import requests
from django.conf import settings

from integrations.jenkins import addresses, errors
from integrations.jenkins.client.answers import REDIRECTS
from integrations.jenkins.client.connections import CheckedAdapter, Deadline
from integrations.jenkins.client.failures import translated
from integrations.jenkins.filestores import Stores

MOST_HOPS = 3
HEADERS = {"User-Agent": "Gatehouse", "Accept": "*/*", "Accept-Encoding": "identity"}


@contextmanager
def opened(location: str, *, server: str, what: str, end: Deadline) -> Iterator[tuple[str, requests.Response]]:
    """Ask for the file that is at `location`, or at where that sends us in turn, three times at most: the host, and its answer.

    :raises FileElsewhere: when one of these hosts is not listed.
    :raises GatehouseError: one of integrations.jenkins.errors, which names the host instead of the server.
    """
    stores = Stores(server)
    for _hop in range(MOST_HOPS):
        store = stores.ensure_listed(location)
        with _session(stores) as session:
            end.sent = False
            with translated(str(store), end, privately=True):
                response = session.get(
                    location,
                    headers=HEADERS,
                    allow_redirects=False,
                    stream=True,
                    timeout=(settings.JENKINS_CONNECT_SECONDS, settings.JENKINS_READ_SECONDS),
                )
            with closing(response):
                if response.status_code not in REDIRECTS:
                    _ensure_given(response, str(store), what)
                    yield str(store), response
                    return
                location = urljoin(location, response.headers.get("Location", ""))
    raise errors.SentElsewhere(server=str(store))


def _session(stores: Stores) -> requests.Session:
    """A session for one request: what a host sets is not sent to the next."""
    session = requests.Session()
    session.trust_env = False
    session.headers.clear()
    for scheme in addresses.PORTS:
        session.mount(f"{scheme}://", CheckedAdapter(stores.ensure_allowed, _trusted()))
    return session


def _trusted() -> ssl.SSLContext:
    """The operator's certificates beside those that everybody trusts: stores are in the house, or somewhere else."""
    context = ssl.create_default_context()
    if settings.JENKINS_CA_FILE:
        context.load_verify_locations(settings.JENKINS_CA_FILE)
    return context


def _ensure_given(response: requests.Response, host: str, what: str) -> None:
    status = response.status_code
    if status in {404, 410}:
        raise errors.NotAtJenkins(server=host, what=what)
    if status != 200:
        refused = errors.JenkinsError(why=f"{host}: HTTP {status}")
        refused.sick = status >= 500
        raise refused
