"""How tests read the pages of Jenkins."""

import re
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page

from accounts.models import User
from integrations.jenkins.models import Build, Job
from tests.office import Office


def text(answer: Any) -> str:
    """What a page says, without its markup."""
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<script.*?</script>|<[^>]+>", " ", answer.content.decode(), flags=re.S))


def page_of(row: Any) -> str:
    return reverse(f"admin:jenkins_{row._meta.model_name}_change", args=(row.pk,))


def said(browser: Client, answer: Any) -> str:
    """What the page says to which somebody is led."""
    return text(browser.get(answer.url))


def ended(job: Job, by: User, state: str = "success", **fields: Any) -> Build:
    """A build that is over."""
    now = timezone.now()
    return Build.objects.create(
        job=job, server=job.server, created_by=by, state=state, finished_at=now, asked_at=now, **fields
    )


def artifact_of(build: Build, path: str | None = None) -> str:
    """Where the API has the files that a build left, or one of them."""
    there = f"jenkins/builds/{build.pk}/artifacts"
    return there if path is None else f"{there}/download?path={path}"


def read(answer: Any) -> bytes:
    """What a streamed answer holds."""
    return b"".join(answer.streaming_content)


def signed_in(tab: BrowserContext, office: Office) -> Page:
    """A page in a real browser, of the administrator."""
    page = tab.new_page()
    username, password = office.administrator
    page.goto(f"{office.url}/admin/login/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", password)
    page.press("input[name=password]", "Enter", no_wait_after=True)
    page.wait_for_url(re.compile(r"/admin/$"))
    return page
