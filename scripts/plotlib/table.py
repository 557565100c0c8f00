"""Reads a CSV file of the result schema and checks every cell that a plot uses.

The check is done here, not by polars, because the user needs the file and the line of a bad cell, and because the last
line of an interrupted run may be cut short and is then left out.
"""

import csv
import io
import math

import polars as pl

from .errors import Broken, shown


def _text(cell):
    if not cell:
        raise ValueError("a name")
    return cell


def _finite(cell, what="a number"):
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(what) from None
    if not math.isfinite(value):
        raise ValueError(what)
    return value


def _amount(cell):
    value = _finite(cell, "a number of 0 or more")
    if value < 0:
        raise ValueError("a number of 0 or more")
    return value


def _positive_amount(cell):
    value = _finite(cell, "a number above 0")
    if value <= 0:
        raise ValueError("a number above 0")
    return value


def _ratio(cell):
    """A ratio may be undefined (a net time can be 0 or negative): empty, NaN or infinite."""
    if cell == "":
        return None
    try:
        value = float(cell)
    except ValueError:
        raise ValueError("a number") from None
    return None if math.isnan(value) else value


def _positive(cell):
    if not (cell.isascii() and cell.isdigit()) or not 1 <= int(cell) < 2**31:
        raise ValueError("a whole number from 1")
    return int(cell)


def _index(cell):
    if not (cell.isascii() and cell.isdigit()) or int(cell) >= 2**31:
        raise ValueError("a whole number from 0")
    return int(cell)


def _flag(cell):
    known = {"true": True, "false": False, "1": True, "0": False}
    if cell.lower() not in known:
        raise ValueError("true or false")
    return known[cell.lower()]


# How each kind of column is checked and what polars holds it as.
KINDS = {
    "text": (_text, pl.String),
    "amount": (_amount, pl.Float64),
    "positive amount": (_positive_amount, pl.Float64),
    "ratio": (_ratio, pl.Float64),
    "positive": (_positive, pl.Int64),
    "index": (_index, pl.Int64),
    "flag": (_flag, pl.Boolean),
}


def read(path, columns, warnings):
    """The named columns (name -> kind) of a CSV file; further columns are ignored, since the schema grows at the end.

    Appends to `warnings` if the last line is cut short. Raises `Broken` with file and line for anything else.
    """
    text = _decode(path)
    reader = csv.reader(io.StringIO(text, newline=""))
    rows = []
    try:
        header = next(reader, [])
        missing = [name for name in columns if name not in header]
        if missing:
            what = (
                "is empty" if not text.strip() else f"lacks the column{'s'[: len(missing) != 1]} {', '.join(missing)}"
            )
            raise Broken(f"{path}:1 {what}; its first line must name the columns {','.join(columns)}")
        for cells in reader:
            if cells:
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise Broken(f"{path}:{reader.line_num}: {error}; it must be plain CSV as headlock writes it") from None

    # A row is written whole, newline included, so a last line without one, or with too few cells, was being written
    # when the run stopped.
    if rows and (not text.endswith("\n") or len(rows[-1][1]) < len(header)):
        line, _ = rows.pop()
        warnings.append(f"{path}:{line}: the last line is cut short, as an interrupted run leaves it: left out")

    parsed = {name: [] for name in columns}
    places = [(name, header.index(name), KINDS[kind][0]) for name, kind in columns.items()]
    for line, cells in rows:
        if len(cells) != len(header):
            raise Broken(f"{path}:{line}: {len(cells)} cells; it must have {len(header)}, as the header has")
        for name, at, parse in places:
            try:
                parsed[name].append(parse(cells[at]))
            except ValueError as wanted:
                raise Broken(f"{path}:{line}: {name} is {shown(cells[at])}; it must be {wanted}") from None
    return pl.DataFrame(parsed, schema={name: KINDS[kind][1] for name, kind in columns.items()})


def _decode(path):
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Broken(f"{path}:{line}: not UTF-8 text; it must be plain CSV as headlock writes it") from None
