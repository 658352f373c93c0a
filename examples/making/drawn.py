"""Draws what needs a Korean font: the guideline as PDF (Chromium prints it) and the memo as a scanned picture.

The results are committed, for a machine without Chromium, Pillow or the Nanum fonts; remaking them gives the same
words but not the same bytes (a PDF holds the time of its making, and fonts differ by version).
"""

from __future__ import annotations

import html
import random
import shutil
import subprocess
import tempfile
from pathlib import Path

from making.markup import Heading, Page, Paragraph, TableRows

__all__ = ["FONT", "pdf", "scan"]

FONT = Path("/usr/share/fonts/truetype/nanum/NanumGothic.ttf")

_STYLE = """
@page { size: A4; margin: 25mm 22mm; }
body { font: 11pt/1.75 "NanumGothic"; }
h1 { font-size: 19pt; text-align: center; } h2 { font-size: 14pt; margin-top: 1.6em; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #333; padding: 4px 8px; }
.who { text-align: right; }
"""


def pdf(page: Page) -> bytes:
    """`page` printed to PDF; the font is embedded, only the glyphs that are used."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("chromium is not installed; the PDF that is there stays")
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "page.html"), Path(folder, "page.pdf")
        source.write_text(_html(page), encoding="utf-8")
        command = [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
        subprocess.run(
            [*command, f"--user-data-dir={folder}/profile", f"--print-to-pdf={target}", source.as_uri()],
            check=True,
            capture_output=True,
            timeout=120,
        )
        return target.read_bytes()


def _html(page: Page) -> str:
    parts = [f"<h1>{html.escape(page.title)}</h1>", f"<p class=who>{page.date} · {html.escape(page.author)}</p>"]
    for part in page.parts:
        match part:
            case Heading(text=text):
                parts.append(f"<h2>{html.escape(text)}</h2>")
            case Paragraph(text=text):
                parts.append(f"<p>{html.escape(text)}</p>")
            case TableRows(rows=rows):
                parts.append(
                    f"<table>{''.join(_row(row, 'th' if not i else 'td') for i, row in enumerate(rows))}</table>"
                )
    title = html.escape(page.title)
    body = "\n".join(parts)
    return f"<!doctype html><html lang=ko><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>{body}"


def _row(row: tuple[str, ...], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row) + "</tr>"


def scan(text: str, target: Path) -> None:
    """`text` as a page that went through a scanner: A5 at 300 dots an inch, grey, a little turned, with specks."""
    from PIL import Image, ImageDraw, ImageFont  # only who remakes the picture needs Pillow

    chance = random.Random(20250517)
    page = Image.new("L", (1748, 2480), 252)
    draw = ImageDraw.Draw(page)
    top = 180
    for number, line in enumerate(text.rstrip("\n").split("\n")):
        size = 78 if number == 0 else 50
        draw.text((170, top), line, font=ImageFont.truetype(str(FONT), size), fill=28)
        top += 150 if number == 0 else 88
    page = page.rotate(0.35, resample=Image.Resampling.BICUBIC, fillcolor=252)
    dots = page.load()
    assert dots is not None
    for _ in range(2500):
        dots[chance.randrange(page.width), chance.randrange(page.height)] = chance.randrange(120, 210)
    page.save(target, optimize=True, dpi=(300, 300))
