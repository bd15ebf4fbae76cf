"""Rows of columns: CSV and TSV as people have them, each row with the line where it begins.

A .tsv quotes nothing: a " in it is a ". A .csv quotes a field that holds its delimiter, a line end or a
quote, and doubles the quotes in it. Three things differ between the programs that write .csv, and are found
out from the file itself, always in the same way:

    the delimiter    of , ; tab and | the one by which most of the first rows have as many columns as the
                     first row, of which it makes at least two; the earlier one of equals. A line sep=; on
                     top, as Excel reads it, decides instead
    quotes           \\" in place of "" is understood where a file cannot be read otherwise
    blanks           behind a delimiter belong to no field
"""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
EXCELS_LINE = re.compile(r'"?sep=([,;\t|])"?\n')
LINES_LOOKED_AT = 100


@dataclass(frozen=True)
class Row:
    """The cells of a row, texts without blanks around them, and the number of its first line."""

    cells: list
    line: int


def read_rows(path, text):
    """The rows of a file that are not blank, and what its columns are parted by, in words.

    A file whose name says neither .csv nor .tsv is a TSV if its first line holds a tab, else a CSV.
    Raises ValueError naming file and line for CSV that cannot be parted into rows.
    """
    suffix = Path(path).suffix.lower()
    if suffix == ".tsv" or (suffix != ".csv" and "\t" in text.lstrip("\n").partition("\n")[0]):
        return tsv_rows(text), DELIMITERS["\t"]
    csv.field_size_limit(max(csv.field_size_limit(), len(text)))  # of one field; else 131,072 characters
    given = EXCELS_LINE.match(text)
    delimiter = given[1] if given else likely_delimiter(text)
    text = "\n" + text[given.end() :] if given else text
    how = DELIMITERS[delimiter]
    try:
        rows, error = csv_rows(path, text, delimiter), None
    except ValueError as not_csv:
        rows, error = [], not_csv
    if '\\"' in text and (error or not same_length(rows)):
        try:
            escaped = csv_rows(path, with_doubled_quotes(text), delimiter)
        except ValueError:
            escaped = []
        if escaped and (error or same_length(escaped)):
            return escaped, how + ', quotes written \\"'
    if error:
        raise error
    return rows, how


def same_length(rows):
    return len({len(row.cells) for row in rows}) <= 1


def tsv_rows(text):
    """The rows of a TSV: every line is one."""
    lines = enumerate(text.split("\n"), 1)
    rows = (Row([cell.strip() for cell in content.split("\t")], line) for line, content in lines)
    return [row for row in rows if any(row.cells)]


def csv_rows(path, text, delimiter):
    """The rows of a CSV. Raises ValueError for a quote that is not closed, or closed amid a field."""
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, skipinitialspace=True, strict=True)
    rows, line = [], 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells):
                rows.append(Row(cells, line))
            line = reader.line_num + 1  # a quoted cell may hold line ends
    except csv.Error as error:
        raise ValueError(f"{path}:{line} is not valid CSV: {error}") from None
    return rows


def with_doubled_quotes(text):
    r"""CSV with \" and \\ -> CSV with "" and \; other backslashes stay."""
    return re.sub(r'\\(["\\])', lambda escaped: '""' if escaped[1] == '"' else "\\", text)


def likely_delimiter(text):
    """What parts the columns of a CSV, judged by its first lines."""
    lines = [line for line in text.split("\n", LINES_LOOKED_AT)[:LINES_LOOKED_AT] if line.strip()]

    def agreement(delimiter):
        """The share of rows that have as many columns as the first; 0 where that has one."""
        lengths = [len(row) for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=True)]
        return lengths.count(lengths[0]) / len(lengths) if lengths and lengths[0] > 1 else 0

    return max(DELIMITERS, key=agreement)
