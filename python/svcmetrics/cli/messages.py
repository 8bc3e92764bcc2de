"""What the command line says: errors in one line, in its own words, with line numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from svcmetrics.errors import ColumnTypeError, SvcMetricsError

#: Gives the lines of a file's rows.
LinesOf = Callable[[Iterable[int]], Mapping[int, int]]

_OPTION = re.compile(r'\b(absent_revenue|gaps|on_invalid|money|nan)="(\w+)"')
_PHRASES = {
    "columns={ours: theirs} maps names": "--columns map.toml maps names",
    "rows that are not customers: unique=False": "rows that are not customers: no --unique",
    "sm.ledger(table).movements()": "svcmetrics movements",
    "raise max_groups,": "raise --max-groups,",
    "read none with loss_reason=None": "read none with --loss-reason ''",
    "read none with gain_reason=None": "read none with --gain-reason ''",
    "read none with loss_avoidable=None": "read none with --loss-avoidable ''",
    "give months=(first, last),": "give --months FIRST,LAST,",
}


class CommandError(Exception):
    """What ends a command: a message for the user, no traceback."""


def one_line(text: str) -> str:
    """The text in one line, without what would move the cursor or turn the direction of writing."""
    words = " ".join(text.split())
    return "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in words)


def in_words_of_the_command_line(message: str) -> str:
    """The message with the options that a command has instead of the arguments that a function has."""
    for phrase, ours in _PHRASES.items():
        message = message.replace(phrase, ours)
    return _OPTION.sub(lambda match: f"--{match[1].replace('_', '-')} {match[2]}", message)


def message_of(error: SvcMetricsError, lines_of: LinesOf | None) -> str:
    """An error's message; its rows are lines where the file has lines."""
    message = str(error)
    if isinstance(error, ColumnTypeError) and error.hint:
        # It tells how to cast in a frame; here the file is what has to change.
        message = message.removesuffix(f"; {error.hint}")
    return in_words_of_the_command_line(message if lines_of is None else _with_lines(error, message, lines_of))


def _with_lines(error: SvcMetricsError, message: str, lines_of: LinesOf) -> str:
    if error.row is None:
        return message
    pair = re.search(rf" stands in rows (\d+) and {error.row}\b", message)
    rows = [error.row, *(row for row, _ in error.first), *([int(pair[1])] if pair else [])]
    lines = lines_of(rows)
    if pair:
        return message.replace(pair[0], f" stands in lines {lines[int(pair[1])]} and {lines[error.row]}", 1)
    # The others stand after the first one's value, which may be any text: they are looked for as they were written.
    written = ", next " + ", ".join(f"{row}: {value}" for row, value in error.first[1:])
    others = ", next lines " + ", ".join(f"{lines[row]}: {value}" for row, value in error.first[1:])
    head, found, tail = message.rpartition(written) if len(error.first) > 1 else (message, "", "")
    head = re.sub(
        rf"(', |; first |\(|\(reached at )row {error.row}(?=[:)]| of group )",
        rf"\g<1>line {lines[error.row]}",
        head,
        count=1,
    )
    return head + (others if found else "") + tail
