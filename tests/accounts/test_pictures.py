"""People's pictures: whatever is uploaded, what is kept is a small still picture that we have made."""

import struct
import zlib
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from PIL import Image

from tests.accounts.conftest import code_of, fields_of

pytestmark = pytest.mark.django_db


class TestPicture:
    def put(self, phone, content, name="me.png", kind="image/png"):
        body = encode_multipart(BOUNDARY, {"avatar": SimpleUploadedFile(name, content, kind)})
        return phone._client.generic(
            "PUT",
            "/api/v1/auth/me/avatar",
            body,
            content_type=MULTIPART_CONTENT,
            headers={"authorization": f"Bearer {phone.tokens['access']}", "accept-language": "en"},
        )

    @pytest.fixture(autouse=True)
    def apart(self, settings, tmp_path):
        settings.MEDIA_ROOT = tmp_path

    def drawn(self, size=(600, 400), kind="PNG"):
        made = BytesIO()
        Image.new("RGB", size, "teal").save(made, kind)
        return made.getvalue()

    def test_is_written_anew(self, phone_of, mei):
        phone = phone_of(mei)

        answer = self.put(phone, self.drawn())

        assert answer.status_code == 200, answer.content
        shown = phone.get(answer.json()["avatar"])
        content = b"".join(shown.streaming_content)
        with Image.open(BytesIO(content)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (256, 256))
        assert shown["Content-Type"] == "image/webp"

    def test_replaces_the_one_before(self, phone_of, mei, tmp_path, django_capture_on_commit_callbacks):
        phone = phone_of(mei)
        with django_capture_on_commit_callbacks(execute=True):
            self.put(phone, self.drawn())
            self.put(phone, self.drawn(kind="JPEG"), "me.jpg", "image/jpeg")

        assert len(list(tmp_path.rglob("*.webp"))) == 1
        assert phone.delete("auth/me/avatar").status_code == 204
        assert phone.get("auth/me").json()["avatar"] is None

    @pytest.mark.parametrize(
        "content", [b"", b"nonsense", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n" + b"x" * 100]
    )
    def test_must_be_one(self, phone_of, mei, content):
        assert fields_of(self.put(phone_of(mei), content)) == {"avatar"}

    def test_must_not_be_a_bomb(self, phone_of, mei):
        assert fields_of(self.put(phone_of(mei), self.drawn((9_000, 9_000)))) == {"avatar"}
        assert code_of(self.put(phone_of(mei), b"\x89PNG" + b"x" * 2_200_000)) == (400, "10000")

    @pytest.mark.parametrize(
        ("mode", "kind"),
        [("P", "GIF"), ("P", "PNG"), ("I;16", "PNG"), ("LA", "PNG"), ("CMYK", "JPEG"), ("RGBA", "WEBP")],
    )
    def test_may_be_of_any_common_kind(self, phone_of, mei, mode, kind):
        made = BytesIO()
        Image.new(mode, (3_000, 30)).save(made, kind)

        assert self.put(phone_of(mei), made.getvalue()).status_code == 200

    def test_loses_where_it_was_taken_and_whatever_hangs_on_it(self, phone_of, mei):
        made, exif = BytesIO(), Image.Exif()
        exif[0x0112], exif[0x010E] = 6, "taken at home"
        exif.get_ifd(0x8825)[1] = "N"
        Image.new("RGB", (600, 400), "teal").save(made, "JPEG", exif=exif, comment=b"taken at home")
        phone = phone_of(mei)

        answer = self.put(phone, made.getvalue() + b"PK\x03\x04<script>alert(1)</script>", "me.jpg.html", "text/html")

        shown = phone.get(answer.json()["avatar"])
        content = b"".join(shown.streaming_content)
        assert b"taken at home" not in content
        assert b"script" not in content
        with Image.open(BytesIO(content)) as picture:
            assert not dict(picture.getexif())
        assert (shown["Content-Type"], shown["X-Content-Type-Options"]) == ("image/webp", "nosniff")

    @pytest.mark.parametrize("kind", ["GIF", "WEBP"])
    def test_stands_still(self, phone_of, mei, kind):
        made = BytesIO()
        frames = [Image.new("RGB", (300, 300), colour) for colour in ("teal", "red", "white")]
        frames[0].save(made, kind, save_all=True, append_images=frames[1:], duration=100)
        phone = phone_of(mei)

        shown = phone.get(self.put(phone, made.getvalue()).json()["avatar"])

        with Image.open(BytesIO(b"".join(shown.streaming_content))) as picture:
            assert getattr(picture, "n_frames", 1) == 1

    def test_is_refused_by_what_it_says_of_its_size_before_it_is_read(self, phone_of, mei):
        head = b"IHDR" + struct.pack(">IIBBBBB", 20_000, 20_000, 8, 6, 0, 0, 0)
        data = b"IDAT" + zlib.compress(b"\x00" * 100)
        chunks = [struct.pack(">I", len(one) - 4) + one + struct.pack(">I", zlib.crc32(one)) for one in (head, data)]

        answer = self.put(phone_of(mei), b"\x89PNG\r\n\x1a\n" + b"".join(chunks))

        assert fields_of(answer) == {"avatar"}
        assert "million pixels" in answer.content.decode()

    def test_is_refused_with_a_text_that_unpacks_without_end(self, phone_of, mei):
        text = b"iTXt" + b"Comment\x00\x01\x00\x00\x00" + zlib.compress(b"0" * 200_000_000, 9)
        bomb = self.drawn()
        place = bomb.index(b"IDAT") - 4
        bomb = (
            bomb[:place] + struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text)) + bomb[place:]
        )

        assert fields_of(self.put(phone_of(mei), bomb)) == {"avatar"}

    def test_of_nobody_is_not_found(self, phone_of, mei, hans):
        phone = phone_of(mei)

        assert code_of(phone.get(f"users/{hans.pk}/avatar")) == (404, "10008")
