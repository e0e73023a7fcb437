"""Rows as a file: CSV, JSON or a workbook. Knows the formats, and nothing of what a row is about.

A cell that a spreadsheet would take for a formula is text: names and addresses are what somebody
else typed in.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import IO, Literal

import orjson

from bridge.cli.columns import Cell, Row, flat
from bridge.errors import BridgeError

Format = Literal["csv", "json", "xlsx"]
# What spreadsheets begin a formula with, also behind what they leave out (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
LONGEST_SHEET = 1_048_576
WIDTH = 24


def write_csv(file: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write RFC 4180, in UTF-8, with a first line of names."""
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_safe(row[name]) for name in columns] for row in rows)
    text.flush()
    text.detach()


def write_json(file: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write an array with an object on each line; lists stay lists, and what is not there null."""
    between = b"[\n"
    for row in rows:
        file.write(between + orjson.dumps({name: row[name] for name in columns}))
        between = b",\n"
    file.write(b"\n]\n" if between == b",\n" else b"[]\n")


def write_xlsx(file: IO[bytes], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a workbook of one sheet, its first line kept in sight. Raises BridgeError."""
    import xlsxwriter

    book = xlsxwriter.Workbook(file, {"constant_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet()
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, WIDTH)
    bold = book.add_format({"bold": True})
    for place, name in enumerate(columns):
        sheet.write_string(0, place, name, bold)
    count = 0
    for count, row in enumerate(rows, start=1):
        if count >= LONGEST_SHEET:
            raise BridgeError("There are more rows than a sheet holds; use --format csv or json.")
        for place, name in enumerate(columns):
            cell = flat(row[name])
            if isinstance(cell, int):
                sheet.write_number(count, place, cell)
            else:
                sheet.write_string(count, place, cell)
    sheet.autofilter(0, 0, count, len(columns) - 1)
    book.close()


Write = Callable[[IO[bytes], Sequence[str], Iterable[Row]], None]

WRITERS: Mapping[Format, Write] = {"csv": write_csv, "json": write_json, "xlsx": write_xlsx}


def _safe(cell: Cell) -> str | int:
    told = flat(cell)
    return f"'{told}" if isinstance(told, str) and told.startswith(FORMULA) else told
