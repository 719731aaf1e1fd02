"""Files of a closed month, opened by a spreadsheet program that is not ours."""

import csv
import io
import subprocess

import openpyxl
import pytest
from test_finance import PASSWORD, REPORTS, download, rows_of
from test_month import month


def convert(paths, form, folder, *reading):
    """LibreOffice's own reading of files, as another form."""
    subprocess.run(
        ["soffice", f"-env:UserInstallation=file://{folder}/profile", "--headless", *reading, "--convert-to", form,
         "--outdir", folder, *paths], check=True, capture_output=True, timeout=300)
    return [folder / (path.stem + "." + form.split(":")[0]) for path in paths]


def plain(cell):
    """A cell without what only guards it: the apostrophe before a formula, `="…"` around digits."""
    text = "" if cell is None else str(cell)
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.removeprefix("'")


def expect_same(cell, seen):
    cell, seen = plain(cell), plain(seen)
    if cell == seen:
        return
    try:
        share = 100 if cell.endswith("%") and not seen.endswith("%") else 1
        assert float(cell.rstrip("%").replace(",", "")) == pytest.approx(
            float(seen.rstrip("%").replace(",", "")) * share)
    except ValueError:
        # Days and moments come back as moments.
        assert seen.startswith(cell) or cell.startswith(seen[:10]), (cell, seen)


def test_a_spreadsheet_opens_every_report_without_loss(network, as_person, tmp_path):
    page = as_person(network.office, "finance", PASSWORD)
    texts, books = [tmp_path / f"{r}.csv" for r in REPORTS], [tmp_path / f"book-{r}.xlsx" for r in REPORTS]
    for report, text, book in zip(REPORTS, texts, books):
        text.write_bytes(download(network, page, report, "csv", month(1))[0])
        book.write_bytes(download(network, page, report, "xlsx", month(1))[0])
    rows = [rows_of(text.read_bytes()) for text in texts]
    # Commas, quotes, UTF-8, formulas read: the columns of identifiers are formulas that give text.
    sheets = convert(
        texts, "xlsx:Calc MS Excel 2007 XML", tmp_path, "--infilter=CSV:44,34,76,1,,0,false,true,false,false,true")
    for expected, path in zip(rows, sheets):
        seen = list(openpyxl.load_workbook(path, data_only=True).worksheets[0].iter_rows(values_only=True))
        assert len(seen) == len(expected)
        for row, cells in zip(expected, seen):
            for cell, other in zip(row, cells):
                expect_same(cell, other)
    # Only the first sheet is written: the one with the rows.
    again = convert(books, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false", tmp_path)
    for expected, path in zip(rows, again):
        seen = list(csv.reader(io.StringIO(path.read_text("utf-8-sig"))))
        assert len(seen) == len(expected)
        for row, cells in zip(expected, seen):
            for cell, other in zip(row, cells):
                expect_same(cell, other)
