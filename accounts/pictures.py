"""People's pictures: whatever comes in leaves as a small WebP that we have made."""

import warnings
from io import BytesIO
from typing import IO

from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from accounts import validators

SIDE = 256
MAX_PIXELS = 40_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


def clean(file: "IO[bytes]") -> ContentFile[bytes]:
    """Return `file` as a square WebP without what cameras write into pictures.

    :raises ValidationError: when it is no picture, or too large.
    """
    validators.avatar_size(file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # we look at the size ourselves
            picture = _square(file)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, EOFError) as problem:
        raise ValidationError({"avatar": _("This is not a picture we can read (JPEG, PNG, WebP, GIF).")}) from problem
    made = BytesIO()
    picture.save(made, "WEBP", quality=85)
    return ContentFile(made.getvalue(), name="picture.webp")


def _square(file: "IO[bytes]") -> Image.Image:
    with Image.open(file, formats=FORMATS) as given:
        if given.width * given.height > MAX_PIXELS:
            raise ValidationError({"avatar": _("A picture may have at most 40 million pixels.")})
        given.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(given)
        return ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE))
