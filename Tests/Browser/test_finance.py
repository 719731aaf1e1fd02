"""Finance's pages and files in a real browser, and the files read by other programs than ours."""

import csv
import hashlib
import io
import re
import subprocess

import openpyxl
import pytest
from conftest import overflow, raw_words, serious_faults

PASSWORD = "office-demo-1"
REPORTS = [
    "monthly-sales", "province-clearing", "card-liability", "store-settlement", "exceptions", "ledger-detail",
    "trial-balance",
]
PAGES = [
    "/finance", "/finance/closing", "/finance/settlements", "/finance/fees", "/finance/files", "/finance/voucher",
    "/finance/transfers", "/finance/verify"] + [
    f"/finance/reports/{report}" for report in REPORTS]


@pytest.mark.parametrize("path", PAGES)
def test_every_finance_page_fits_and_reads_in_both_languages(network, as_person, picture, path):
    for language, short in [("zh-CN", "zh"), ("en-GB", "en")]:
        page = as_person(network.office, "finance", PASSWORD, language)
        answer = page.goto(network.office + path)
        assert answer.status == 200
        name = path.strip("/").replace("/", "-")
        picture(page, f"office-{name}-{short}")
        assert overflow(page) <= 0
        assert serious_faults(page) == []
        assert raw_words(page) == []
        page.set_viewport_size({"width": 768, "height": 1024})
        assert overflow(page) <= 0
        picture(page, f"office-{name}-{short}-narrow")


def download(network, page, report, form, month=""):
    answer = page.request.get(f"{network.office}/finance/exports/{report}?format={form}&month={month}")
    assert answer.status == 200
    body = answer.body()
    assert hashlib.sha256(body).hexdigest() == answer.headers["huiyika-sha256"]
    return body, answer.headers


def rows_of(body):
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def fen(cell):
    return int(cell.replace(".", ""))


@pytest.mark.parametrize("report", REPORTS)
def test_a_workbook_holds_the_csv_s_cells_with_numbers_as_numbers(network, as_person, tmp_path, report):
    page = as_person(network.office, "finance", PASSWORD)
    rows = rows_of(download(network, page, report, "csv")[0])
    path = tmp_path / f"{report}.xlsx"
    path.write_bytes(download(network, page, report, "xlsx")[0])
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    assert sheet.freeze_panes == "A2"
    assert [cell.value for cell in sheet[1]] == rows[0]
    assert sheet.max_row == len(rows)
    money = [index for index, name in enumerate(rows[0])
             if sheet.cell(len(rows), index + 1).number_format == "#,##0.00"]
    assert money
    for number, row in enumerate(rows[1:], start=2):
        for index in money:
            cell = sheet.cell(number, index + 1)
            assert cell.data_type == "n"
            assert round(cell.value * 100) == fen(row[index])


def test_the_figures_equal_a_recomputation_from_the_detail(network, as_person):
    page = as_person(network.office, "finance", PASSWORD)
    detail = [row for row in rows_of(download(network, page, "ledger-detail", "csv")[0])[1:] if row[0] != "合计"]
    real = [row for row in detail if row[1] == "real"]
    sold = sum(fen(row[7]) for row in real if row[2] in ("sale", "shortfall"))
    back = sum(fen(row[7]) for row in real if row[2] in ("refund", "shortfall_undone"))
    sales = rows_of(download(network, page, "monthly-sales", "csv")[0])[-1]
    assert (fen(sales[5]), fen(sales[7]), fen(sales[8])) == (sold, back, sold - back)
    clearing = rows_of(download(network, page, "province-clearing", "csv")[0])[-1]
    assert fen(clearing[7]) == sold - back
    cards = (sum(fen(row[7]) for row in real if row[5] == "card")
             - sum(fen(row[7]) for row in real if row[3] == "card"))
    liability = rows_of(download(network, page, "card-liability", "csv")[0])[-1]
    assert fen(liability[8]) - fen(liability[2]) == cards
    for row in rows_of(download(network, page, "trial-balance", "csv")[0]):
        if row[1] == "合计":
            assert row[7] == "0.00"


def test_hledger_and_pdf_readers_accept_the_files(network, as_person, tmp_path):
    page = as_person(network.office, "finance", PASSWORD)
    journal = tmp_path / "month.journal"
    journal.write_bytes(download(network, page, "ledger-detail", "hledger")[0])
    subprocess.run(["hledger", "check", "--strict", "-f", journal], check=True)
    paper = tmp_path / "statements.pdf"
    paper.write_bytes(download(network, page, "store-settlement", "pdf")[0])
    text = subprocess.run(["pdftotext", "-layout", paper, "-"], check=True, capture_output=True, text=True).stdout
    assert "门店结算单" in text


def test_a_downloaded_file_is_verified_without_leaving_the_browser(network, as_person, picture, tmp_path):
    page = as_person(network.office, "finance", PASSWORD)
    path = tmp_path / "trial-balance.csv"
    path.write_bytes(download(network, page, "trial-balance", "csv")[0])
    page.goto(network.office + "/finance/verify")
    page.set_input_files("#file", path)
    page.wait_for_url(re.compile("sha256=[0-9a-f]{64}"))
    assert page.locator(".notice-success").count() == 1
    picture(page, "office-finance-verify-unchanged-zh")
    path.write_bytes(path.read_bytes() + b" ")
    page.set_input_files("#file", path)
    page.wait_for_selector(".notice-danger")
