"""Tables for people: plain text for a terminal, plain HTML for Jupyter, everything escaped."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

#: What stands for undefined.
UNDEFINED = "–"
#: Rows that are shown before the middle is left out.
SHOWN_ROWS = 40
#: Characters of a cell that are shown.
SHOWN_CHARACTERS = 60


def counted(count: int, noun: str) -> str:
    """So many of what a noun says."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def cell(value: object) -> str:
    """A value as a cell of text."""
    match value:
        case None:
            return UNDEFINED
        case bool() | int() | str():
            return str(value)
        case float():
            return f"{value:.6g}"
        case Decimal():
            return f"{value.normalize():,f}"
        case _:
            return str(value)


def _visible(text: str) -> str:
    """The text without what would move the cursor or turn the direction of writing, cut to a cell's width."""
    shown = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    return shown if len(shown) <= SHOWN_CHARACTERS else shown[: SHOWN_CHARACTERS - 1] + "…"


def _excerpt(rows: Sequence[Sequence[str]], whole: bool) -> list[list[str]]:
    if whole or len(rows) <= SHOWN_ROWS:
        return [list(row) for row in rows]
    half = SHOWN_ROWS // 2
    width = len(rows[0])
    return [*map(list, rows[:half]), ["…"] * width, *map(list, rows[-half:])]


def text(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0, whole: bool = False) -> str:
    """A table of aligned columns, the first ``left`` to the left; of many rows the first and last, unless ``whole``."""
    shown = [[_visible(name) for name in header], *([_visible(cell) for cell in row] for row in _excerpt(rows, whole))]
    widths = [max(len(row[position]) for row in shown) for position in range(len(header))]

    def line(row: Sequence[str]) -> str:
        cells = (
            value.ljust(width) if position < left else value.rjust(width)
            for position, (value, width) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(cells).rstrip()

    return "\n".join([line(shown[0]), "  ".join("─" * width for width in widths), *(line(row) for row in shown[1:])])


def html(header: Sequence[str], rows: Sequence[Sequence[str]], *, left: int = 0, whole: bool = False) -> str:
    """A plain table; the first ``left`` columns head their rows."""
    from html import escape

    def row(tag: str, cells: Sequence[str]) -> str:
        parts = []
        for position, value in enumerate(cells):
            name = "th" if position < left or tag == "th" else "td"
            align = "left" if position < left else "right"
            parts.append(f'<{name} style="text-align: {align}">{escape(_visible(value))}</{name}>')
        return f"<tr>{''.join(parts)}</tr>"

    body = "".join(row("td", cells) for cells in _excerpt(rows, whole))
    return f"<table><thead>{row('th', header)}</thead><tbody>{body}</tbody></table>"
