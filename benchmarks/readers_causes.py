"""Why a file falls short of an oracle: looked at one by one; printed beside each file under .9."""

from __future__ import annotations

__all__ = ["cause"]

_STALE = "its preview is another document's or an older state's: the body does not hold that text"
_ANCHORED = "its preview writes a drawn box inside the sentence that anchors it; here it follows the sentence"
_NOTES = "notes stand at the page's foot in the PDF, beside the block that calls them here"
_DRAWN = "the PDF draws its floating tables after the text of the page; the page shows them where they are read here"
_ANOTHER = "the two files are not of one text: a word is spelled otherwise"
_NO_MAP = "the PDF's fonts do not tell their letters: its text is recognised from the picture, or lost"

_CAUSES: dict[tuple[str, str], str] = {
    ("preview", "253E164F57A1BC6934-empty.hwp"): _STALE,
    ("preview", "구매요청서.hwpx"): _STALE,
    ("preview", "입찰공고서.hwpx"): _STALE,
    ("preview", "local-font-nanumsquare-bold.hwpx"): _STALE,
    ("preview", "hwpx-centered-cell-vpos-after-tac-shape.hwpx"): "the file was cut to its opening, its preview was not",
    ("preview", "issue2019_floating_form_74312.hwpx"): "its preview is written in UTF-16, of another part of the text",
    ("preview", "RectInPara.hwpx"): _ANCHORED,
    ("preview", "RectInRect.hwpx"): _ANCHORED,
    ("pdf recall", "eq-01.hwp"): "equations: one line of script here, two-dimensional pieces in the PDF",
    ("order", "BookReview.hwp"): "drawn boxes beside each other, which the PDF draws from the last to the first",
    ("order", "통합재정통계(2014.8월).hwp"): _NOTES,
    ("order", "통합재정통계(2010.11월).hwp"): _NOTES,
    ("order", "통합재정통계(2011.10월).hwp"): _NOTES,
    ("order", "2010-01-06.hwp"): _NOTES,
    ("order", "issue1770_rowsplit_tolerance.hwpx"): _DRAWN,
    ("order", "issue_157.hwpx"): _DRAWN,
    ("source", "issue-505-equations-2022.pdf"): "equations only: glyphs of a font without letters",
    ("source", "group-drawing-02-2022.pdf"): "labels of a drawing: their order on the page, not the file's",
    ("source", "BlogForm_BookReview-2022.pdf"): "what its fields ask to be typed is not printed",
    ("source", "eq-01-2022.pdf"): "equations: one line of script in the source, pieces in the PDF",
    ("source", "english-2022.pdf"): "the source's hidden texts (translations behind fields) are not printed",
    ("source", "NewYear_s_Day-2022.pdf"): "the source's hidden comments are not printed",
    ("source", "hwpx-02-2022.pdf"): "definitions at the end of the source are not in the PDF",
    ("source", "multi-table-001-2022.pdf"): "an organisation chart of narrow cells, whose lines run into each other",
    ("source", "multi-table-002-2022.pdf"): "an organisation chart of narrow cells, whose lines run into each other",
    ("source", "36386907_gyeoljae_sewoon-2020.pdf"): _NO_MAP,
    ("source", "36395325_gyeoljae_consulting-2020.pdf"): _NO_MAP,
    ("source", "36382819_gyeoljae_pm_traffic-2020.pdf"): _NO_MAP,
    ("source", "156618554_petfood_press-2020.pdf"): _NO_MAP,
    ("source", "hwp3-sample14-2020.pdf"): _NO_MAP,
    (
        "page",
        "multi-table-001.hwp",
    ): "a table without lines between its rows, which our reader of PDFs takes for one row",
    (
        "page",
        "multi-table-002.hwp",
    ): "a table without lines between its rows, which our reader of PDFs takes for one row",
    ("page", "Hyper(hwp2010).hwp"): "a footer, which stands where it is anchored: before the page's text",
    ("page", "group-drawing-02.hwp"): "labels of a drawing: the file's order, not the page's",
    ("page", "shortcut.hwp"): "names and keys of two columns stand on one row of the page",
    ("same blocks", "sample-checkable-bullet-nested.hwp"): _ANOTHER,
    ("cells", "SO-SUEOP.hwp"): "what are boxes of one cell in the newer file are drawn boxes in the old one",
}


def cause(figure: str, path: str) -> str:
    """Why this file is low in this figure; says so where nobody has looked yet."""
    for (kind, name), said in _CAUSES.items():
        if kind in figure and path.split(" | ")[0].endswith("/" + name):
            return said
    return "not looked at yet"
