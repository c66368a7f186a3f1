"""Text messages to many, in the back office and over the API."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import load_workbook
from rest_framework.test import APIClient

from accounts import services as accounts
from accounts.models import User
from integrations.sms import campaigns, services
from integrations.sms.models import Campaign, Message, Provider, Template, TemplateText
from integrations.sms.resources import RecipientResource
from project.core import jobs
from tests.admin.conftest import flat
from tests.integrations.makers import book

pytestmark = pytest.mark.django_db

LIST = "/admin/sms/campaign/"
API = "/api/v1/sms/campaigns/"


@pytest.fixture(autouse=True)
def parcel(settings: Any, tmp_path: Any) -> Template:
    """A template, a provider, money, and a folder of the test's own."""
    private = settings.STORAGES["private"]
    settings.STORAGES = settings.STORAGES | {"private": private | {"OPTIONS": {"location": tmp_path / "private"}}}
    settings.SMS_DAILY_BUDGET = 1_000
    Provider.objects.create(key="memory", name="Memory", kind="memory", cost_per_segment="0.05")
    texts = [TemplateText(language="en", text="Parcel ${number}.")]
    return services.write_template(Template(key="parcel", name="Parcel"), texts=texts, by=None)


@pytest.fixture
def sender(hire: Any, role: Any) -> User:
    """Staff who write to many."""
    powers = ("sms.send_campaign", "sms.send_to_number", "sms.view_campaign", "accounts.view_user")
    return hire("thesender", is_staff=True, roles=[role("senders", 50, *powers)])


@pytest.fixture
def program_of() -> Callable[[User], APIClient]:
    """Sign somebody in to the API."""

    def sign_in(user: User) -> APIClient:
        client = APIClient()
        client.force_authenticate(user)
        return client

    return sign_in


def sheet(*rows: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("parcels.xlsx", book(["phone", "number"], *rows))


def run(campaign: Campaign) -> Campaign:
    jobs.registered()
    jobs.run("sms.Campaign", str(campaign.pk))
    return Campaign.objects.get(pk=campaign.pk)


def page_of(campaign: Campaign) -> str:
    return f"{LIST}{campaign.pk}/change/"


def seen(answer: Any) -> str:
    return flat(answer.content.decode())


class TestPages:
    def test_takes_a_sheet_from_upload_to_the_last_message(self, browser_of, sender):
        browser = browser_of(sender)
        file = sheet(["13800000001", "A1"], ["13800000002", "A2"], ["12", "A3"])
        browser.post(f"{LIST}add/", {"template": "parcel", "name": "October", "file": file})
        campaign = run(Campaign.objects.get())

        page = seen(browser.get(page_of(campaign)))
        assert "Send 2 messages for about 0.10 CNY" in page
        assert "This is not a mobile number." in page
        assert "Parcel A1." in page

        browser.post(f"{LIST}{campaign.pk}/do/confirm/", {"good": "2"})
        campaign = run(campaign)
        assert Message.objects.count() == 2
        for message in Message.objects.all():
            jobs.run("sms.Message", str(message.pk))
        Campaign.objects.update(next_at=campaign.created_at)
        campaign = run(campaign)

        assert campaign.state == "done"
        assert "2 sent" in seen(browser.get(page_of(campaign)))

    def test_masks_numbers(self, browser_of, sender):
        campaign = campaigns.start_from_rows(
            rows=[("13800000001", {"number": "1"}), ("13800000001", {"number": "2"})], by=sender, name="",
            template="parcel", parameters={},
        )  # fmt: skip
        run(campaigns.prepare(campaign, by=sender))
        browser = browser_of(sender)

        for show in ("good", "bad"):
            html = browser.get(page_of(campaign), {"show": show}).content.decode()
            assert "13800000001" not in html
            assert "****0001" in html

    def test_begins_with_people_chosen_in_the_list(self, browser_of, sender, hire):
        person = hire("anna", phone="13911112222", language="en")
        browser = browser_of(sender)

        answer = browser.post("/admin/accounts/user/", {"action": "write_to", "_selected_action": [person.pk]})
        campaign = Campaign.objects.get()
        assert answer.url == page_of(campaign)
        assert "1 chosen person" in seen(browser.get(answer.url))

        given = {"name": "Hello", "template": "parcel", "parameter-number": "7"}
        browser.post(answer.url, given)

        assert run(campaign).good == 1

    def test_says_what_is_wrong_with_a_file(self, browser_of, sender):
        file = SimpleUploadedFile("parcels.pdf", b"%PDF-")

        answer = browser_of(sender).post(f"{LIST}add/", {"template": "parcel", "file": file})

        assert answer.status_code == 200
        assert not Campaign.objects.exists()

    def test_that_are_not_there_are_not_found(self, browser_of, sender):
        for pk in ("nonsense", "0d9c2f8e-54b7-4c59-9f0e-7a3c1d2b6e10"):
            assert browser_of(sender).get(f"{LIST}{pk}/change/").status_code == 404

    def test_shows_no_number_in_what_is_wrong_with_it(self, browser_of, sender):
        rows = [("1380000000123", {"number": "1"})]
        campaign = campaigns.start_from_rows(rows=rows, by=sender, name="", template="parcel", parameters={})
        run(campaigns.prepare(campaign, by=sender))

        page = browser_of(sender).get(page_of(campaign), {"show": "bad"}).content.decode()

        assert "This is not a mobile number." in page
        assert "1380000000123" not in page

    def test_stops(self, browser_of, sender):
        campaign = campaigns.start_from_rows(
            rows=[("13800000001", {"number": "1"})], by=sender, name="", template="parcel", parameters={}
        )
        browser_of(sender).post(f"{LIST}{campaign.pk}/do/stop/")

        campaign.refresh_from_db()
        assert campaign.state == "stopped"

    def test_is_not_for_who_only_looks(self, browser_of, hire, role, sender):
        campaign = campaigns.start_from_rows(
            rows=[("13800000001", {"number": "1"})], by=sender, name="", template="parcel", parameters={}
        )
        reader = hire("reader", is_staff=True, roles=[role("readers", 50, "sms.view_campaign")])
        browser = browser_of(reader)

        assert browser.get(f"{LIST}add/").status_code == 403
        assert browser.post(f"{LIST}{campaign.pk}/do/stop/").status_code == 403
        assert browser.get(page_of(campaign)).status_code == 200

    def test_of_others_are_for_those_who_reach_everybody(self, browser_of, sender, role):
        campaign = campaigns.start_from_rows(
            rows=[("13800000001", {"number": "1"})], by=sender, name="", template="parcel", parameters={}
        )
        mine = role("mine", 40, "sms.view_campaign")
        type(mine).objects.filter(pk=mine.pk).update(scope="self")
        other = accounts.create_user(
            by=None, username="other", password="correct horse battery", is_staff=True, roles=[mine]
        )

        assert browser_of(other).get(page_of(campaign)).status_code == 404


class TestApi:
    def test_begins_counts_confirms_and_tells_how_far_it_is(self, program_of, sender):
        program = program_of(sender)
        asked = {
            "template": "parcel",
            "recipients": [
                {"phone": "13800000001", "parameters": {"number": "1"}},
                {"phone": "12", "parameters": {"number": "2"}},
            ],
        }
        headers = {"Idempotency-Key": "october", "Accept-Language": "en"}
        begun = program.post(API, asked, format="json", headers=headers)
        again = program.post(API, asked, format="json", headers=headers)
        assert (begun.status_code, begun.json()["state"]) == (202, "counting")
        assert again.json()["id"] == begun.json()["id"]
        campaign = run(Campaign.objects.get())
        place = f"{API}{campaign.pk}/"

        told = program.get(place).json()
        assert (told["state"], told["recipients"], told["left_out"], told["cost"]) == ("ready", 1, 1, "0.0500")
        bad = program.get(f"{place}recipients/?left_out=true").json()["results"]
        assert (bad[0]["row"], bad[0]["problem"]) == (2, "This is not a mobile number.")
        assert program.get(f"{place}recipients/").json()["results"][0]["phone"] == "+86138****0001"

        assert program.post(f"{place}confirm/", {"recipients": 5}, format="json").status_code == 409
        assert program.post(f"{place}confirm/", {"recipients": 1}, format="json").json()["state"] == "sending"
        run(campaign)
        assert program.get(place).json()["messages"] == {"pending": 1}
        assert program.post(f"{place}stop/", {}, format="json").json()["messages"] == {"cancelled": 1}

    def test_takes_a_sheet(self, program_of, sender):
        asked = {"template": "parcel", "file": sheet(["13800000001", "A1"]), "parameters": "{}"}

        answer = program_of(sender).post(f"{API}upload/", asked, format="multipart")

        assert answer.status_code == 202, answer.json()
        assert run(Campaign.objects.get()).good == 1

    @pytest.mark.parametrize(
        "asked",
        [
            {"template": "parcel"},
            {"template": "parcel", "people": [1], "recipients": [{"phone": "13800000001"}]},
            {"template": "nothing", "people": [1]},
            {"template": "parcel", "people": [1], "parameters": {"colour": "red"}},
        ],
    )
    def test_refuses_what_cannot_be(self, program_of, sender, asked):
        assert program_of(sender).post(API, asked, format="json").status_code == 400
        assert not Campaign.objects.exists()


class TestAfterwards:
    def test_its_recipients_go_out_as_a_sheet(self, browser_of, sender, program_of):
        campaign = campaigns.start_from_rows(
            rows=[("13800000001", {"number": "1"}), ("12", {"number": "2"})], by=sender, name="October",
            template="parcel", parameters={},
        )  # fmt: skip
        run(campaigns.prepare(campaign, by=sender))
        resource = RecipientResource(actor=sender)
        rows = resource.filtered({"campaign": str(campaign.pk), "left_out": "0"})

        cells = dict(
            zip(
                [column.name for column in resource.export_columns()],
                next(resource.export_rows(rows, resource.export_columns())),
                strict=True,
            )
        )

        assert (cells["campaign"], cells["phone"], cells["parameters"]) == ("October", "+86138****0001", "number=1")
        answer = browser_of(sender).get(f"/admin/sheets/exportjob/add/?resource=sms_recipients&campaign={campaign.pk}")
        assert answer.status_code == 200

    def test_stands_in_the_feed(self, browser_of, sender):
        campaign = campaigns.start_from_rows(
            rows=[("13800000001", {"number": "1"})], by=sender, name="October", template="parcel", parameters={}
        )
        campaigns.confirm(run(campaigns.prepare(campaign, by=sender)), by=sender)

        assert "campaign: being sent" in seen(browser_of(sender).get("/admin/"))


class TestColumns:
    """What the sheet must have is said before it is uploaded."""

    @pytest.fixture
    def hello(self, parcel):
        texts = [TemplateText(language="en", text="Hello ${name}, parcel ${number} of ${date}.")]
        return services.write_template(Template(key="hello", name="Hello"), texts=texts, by=None)

    def columns_of(self, answer):
        assert answer.status_code == 200
        sheet = load_workbook(BytesIO(b"".join(answer.streaming_content))).active
        return [cell.value for cell in next(sheet.iter_rows(max_row=1))]

    def test_stand_on_the_page(self, browser_of, sender, hello):
        page = seen(browser_of(sender).get(f"{LIST}add/?template=hello"))

        assert "Phone required" in page
        assert page.count("required") == 4  # the phone and three parameters
        assert "Empty sheet with these columns" in page

    def test_stand_in_the_sheet_that_is_downloaded(self, browser_of, sender, hello):
        answer = browser_of(sender).get(f"{LIST}sheet/?template=hello&filled=date")

        assert self.columns_of(answer) == ["Phone", "Language", "name", "number"]

    def test_are_told_over_the_api(self, program_of, sender, hello):
        program = program_of(sender)

        answer = program.get(f"{API}sheet/?template=hello&filled=date,number")
        assert self.columns_of(answer)[2:] == ["name"]
        assert program.get(f"{API}sheet/?template=verification").json()["error"]["code"] == "50001"

    def test_of_templates_that_are_not_for_hands_are_nobodys(self, browser_of, sender):
        assert browser_of(sender).get(f"{LIST}sheet/?template=verification").status_code == 404

    def test_of_the_downloaded_sheet_are_taken(self, browser_of, sender, hello):
        browser = browser_of(sender)
        header = self.columns_of(browser.get(f"{LIST}sheet/?template=hello"))
        row = ["13800000001", "English", "1.10.", "Anna", "A1"]
        file = SimpleUploadedFile("guests.xlsx", book(header, row))

        browser.post(f"{LIST}add/", {"template": "hello", "file": file})

        assert run(Campaign.objects.get()).good == 1

    def test_that_are_missing_are_named(self, browser_of, sender, hello):
        file = SimpleUploadedFile("guests.xlsx", book(["phone", "number"], ["13800000001", "A1"]))
        browser = browser_of(sender)
        browser.post(f"{LIST}add/", {"template": "hello", "file": file})

        campaign = run(Campaign.objects.get())

        assert campaign.state == "failed"
        assert "date, name" in seen(browser.get(page_of(campaign)))
