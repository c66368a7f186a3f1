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
MAX_PIXELS_UNREDUCED = 16_000_000
"""Of formats that are read in full before they can be made smaller."""
REDUCIBLE = frozenset({"RGB", "RGBA", "L", "CMYK", "YCbCr"})
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
    except Image.DecompressionBombError as problem:
        raise _too_large(MAX_PIXELS) from problem
    except (OSError, ValueError, SyntaxError, EOFError) as problem:
        raise ValidationError({"avatar": _("This is not a picture we can read (JPEG, PNG, WebP, GIF).")}) from problem
    made = BytesIO()
    picture.save(made, "WEBP", quality=85)
    return ContentFile(made.getvalue(), name="picture.webp")


def _square(file: "IO[bytes]") -> Image.Image:
    with Image.open(file, formats=FORMATS) as given:
        most = MAX_PIXELS if given.format == "JPEG" else MAX_PIXELS_UNREDUCED
        if given.width * given.height > most:
            raise _too_large(most)
        given.draft("RGB", (SIDE, SIDE))
        upright = ImageOps.exif_transpose(_reduced(given))
        return ImageOps.fit(upright.convert("RGBA"), (SIDE, SIDE))


def _too_large(most: int) -> ValidationError:
    text = _("A picture may have at most %(most)d million pixels.") % {"most": most // 1_000_000}
    return ValidationError({"avatar": text})


def _reduced(given: Image.Image) -> Image.Image:
    """`given`, coarsely made smaller: every later step copies it, and it may be large without being a large file."""
    factors = [max(1, length // (4 * SIDE)) for length in given.size]
    if factors == [1, 1]:
        return given
    if given.mode not in REDUCIBLE:
        given = given.convert("RGBA")
    return given.reduce((factors[0], factors[1]))
