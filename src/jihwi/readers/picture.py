"""Reads pictures by recognising their text, where Tesseract with Korean is installed."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

from PIL import Image, ImageOps, ImageSequence, UnidentifiedImageError

from jihwi.errors import FileBroken, FileTooLarge, ReaderMissing
from jihwi.evidence import Box, Metadata, ReadingBuilder
from jihwi.readers import Hint, Limits, Result
from jihwi.readers.ocr import DOUBTFUL, RESOLUTION, Allowance, Recognised, available, confidence_of, recognise

__all__ = ["PictureReader"]

_MOST_PIXELS = 100_000_000
_SMALL = 1000
_POINTS = 72.0
_SCREEN = 96.0
_COARSE = 140.0
"""Dots per inch that a scanner says and a camera does not."""
_LONGEST_SIDE = 6_000


class PictureReader:
    """PNG, JPEG and TIFF; each page of a TIFF is a page."""

    name = "picture"
    version = "3"
    formats: Sequence[str] = ("png", "jpeg", "tiff")

    def read(self, data: bytes, format: str, hint: Hint, limits: Limits) -> Result:
        if not available():
            raise ReaderMissing(hint.path, "tesseract (kor)")
        builder = ReadingBuilder(
            source=hint.source, reader=self.name, reader_version=self.version, format=format or self.name
        )
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._frames(data, builder, hint, limits)
        except Image.DecompressionBombError as error:
            raise FileTooLarge(hint.path, "pixels") from error
        except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError) as error:
            raise FileBroken(hint.path, f"{format}: {error}") from error
        return Result(builder.done())

    def _frames(self, data: bytes, builder: ReadingBuilder, hint: Hint, limits: Limits) -> None:
        allowance = Allowance(limits)
        with Image.open(io.BytesIO(data), formats=("PNG", "JPEG", "TIFF")) as image:
            for number, frame in enumerate(ImageSequence.Iterator(image), start=1):
                if frame.width * frame.height > _MOST_PIXELS:
                    raise FileTooLarge(hint.path, f"{frame.width} x {frame.height}")
                builder.metadata = Metadata(pages=number)
                if not allowance.take():
                    builder.warn("page_not_recognised", str(number))
                    continue
                builder.page = number
                self._frame(frame, builder, limits)

    def _frame(self, frame: Image.Image, builder: ReadingBuilder, limits: Limits) -> None:
        resolution = _resolution(frame)
        grey = _on_white(ImageOps.exif_transpose(frame))
        # Letters of a screen are too small for a program that was taught on scanned paper.
        scale = _scale(grey, resolution)
        if scale > 1:
            size = (round(grey.width * scale), round(grey.height * scale))
            grey = grey.resize(size, Image.Resampling.LANCZOS)
        header = f"P5 {grey.width} {grey.height} 255\n".encode()
        found = recognise(header + grey.tobytes(), limits.seconds / 2)
        if found is None:
            builder.warn("page_without_text", str(builder.page))
            return
        if not found:
            builder.warn("picture_without_text", str(builder.page))
            return
        if confidence_of(found) < DOUBTFUL:
            builder.warn("recognition_doubtful", str(builder.page))
        for one in found:
            builder.block("paragraph", one.text, box=_in_points(one, resolution * scale), origin="recognised")


def _scale(grey: Image.Image, resolution: float) -> float:
    """How much larger a picture is made to be recognised: one of a screen twice, a coarse scan to the usual 300 dpi."""
    if max(grey.size) < _SMALL:
        return 2.0
    if _COARSE <= resolution < RESOLUTION and max(grey.size) * RESOLUTION / resolution < _LONGEST_SIDE:
        return RESOLUTION / resolution
    return 1.0


def _on_white(frame: Image.Image) -> Image.Image:
    """The picture in grey, where it is transparent on white paper."""
    if frame.mode in ("1", "L", "RGB") and "transparency" not in frame.info:
        return frame.convert("L")  # a scanned page: no need to hold it in four channels twice
    seen = frame.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("L")


def _resolution(frame: Image.Image) -> float:
    said = frame.info.get("dpi")
    if isinstance(said, tuple) and said and 30 < float(said[0]) < 2400:
        return float(said[0])
    return _SCREEN


def _in_points(one: Recognised, resolution: float) -> Box:
    size = _POINTS / resolution
    box = one.box
    return Box(
        round(box.left * size, 1), round(box.top * size, 1), round(box.right * size, 1), round(box.bottom * size, 1)
    )
