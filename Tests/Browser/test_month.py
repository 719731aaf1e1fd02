"""What an accountant does around the first of the month, on the demonstration's three months of history."""

import csv
import datetime
import io
import re

import pytest
from conftest import overflow, raw_words, serious_faults

PASSWORD = "office-demo-1"


def month(back):
    """A month before the present one, as pages name it."""
    day = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().replace(day=1)
    for _ in range(back):
        day = (day - datetime.timedelta(days=1)).replace(day=1)
    return day.strftime("%Y-%m")


def money(text):
    """Fen."""
    return int(re.sub(r"[^0-9-]", "", text))


@pytest.mark.parametrize("language,short", [("zh-CN", "zh"), ("en-GB", "en")])
def test_an_accountant_goes_from_the_overview_to_a_cell_and_its_slip(network, as_person, picture, language, short):
    page = as_person(network.office, "finance", PASSWORD, language)
    page.goto(network.office + "/")
    page.click("nav a[href='/finance']")
    page.fill("#month", month(1))
    page.click("form[action='/finance'] button")
    page.click(f"a[href='/finance/reports/monthly-sales?month={month(1)}']")
    picture(page, f"office-report-closed-{short}")
    cell = page.locator("tbody td.money a[href*='kind=sale']").first
    shown = money(cell.inner_text())
    cell.click()
    assert page.url.startswith(network.office + "/finance/transfers?")
    picture(page, f"office-transfers-{short}")
    assert overflow(page) <= 0 and serious_faults(page) == [] and raw_words(page) == []
    rows = page.locator("section.panel").nth(1).locator("tbody tr")
    assert sum(money(rows.nth(n).locator("td.money").inner_text()) for n in range(rows.count())) == shown
    rows.first.locator("a[href^='/orders/']").click()
    assert page.url.startswith(network.office + "/orders/")
    picture(page, f"office-order-from-a-cell-{short}")


def test_the_two_months_before_are_closed_and_every_linked_cell_opens(network, as_person):
    page = as_person(network.office, "finance", PASSWORD)
    for back in [1, 2]:
        for report in ["monthly-sales", "province-clearing", "card-liability", "store-settlement", "trial-balance"]:
            page.goto(f"{network.office}/finance/reports/{report}?month={month(back)}")
            assert page.locator("p.notice").count() == 1, "its figures are frozen"
            links = page.locator("table.list td.money a, table.list td.number a").evaluate_all(
                "links => links.map(link => link.getAttribute('href'))")
            assert links
            for link in links[:6]:
                assert page.request.get(network.office + link).status == 200


def test_two_people_open_a_month_again_and_close_it_with_the_same_figures(network, as_person, picture):
    finance = as_person(network.office, "finance", PASSWORD)
    second = as_person(network.office, "finance2", PASSWORD)
    closing = f"{network.office}/finance/closing?month={month(1)}"
    report = f"{network.office}/finance/exports/trial-balance?month={month(1)}&format=csv"
    before = finance.request.get(report).headers["huiyika-sha256"]
    finance.goto(closing)
    finance.fill("#reason", "复核手续费")
    finance.click("form[action='/finance/reopenings'] button")
    assert finance.locator("button[name=verdict]").count() == 0, "nobody agrees to the own request"
    second.goto(closing)
    picture(second, "office-closing-reopening-zh")
    second.click("button[name=verdict][value=approved]")
    finance.goto(closing)
    finance.click("form[action='/finance/closing'] button.btn-primary >> nth=-1")
    finance.goto(closing)
    picture(finance, "office-closing-again-zh")
    assert finance.request.get(report).headers["huiyika-sha256"] == before


def test_a_run_is_made_by_one_and_paid_by_another(network, as_person, picture):
    finance = as_person(network.office, "finance", PASSWORD)
    second = as_person(network.office, "finance2", PASSWORD)
    finance.goto(network.office + "/finance/settlements")
    picture(finance, "office-settlements-due-zh")
    finance.click("form[action='/finance/settlements'] button")
    run = finance.url
    assert finance.locator("button[name=verdict]").count() == 0, "nobody agrees to the own run"
    second.goto(run)
    second.click("button[name=verdict][value=approved]")
    picture(second, "office-settlement-paid-zh")
    with second.expect_download() as download:
        second.click("a[href$='/payments']")
    text = download.value.path().read_text("utf-8-sig")
    assert "6222" in text and "CNY" in text


@pytest.mark.parametrize("language,short", [("zh-CN", "zh"), ("en-GB", "en")])
def test_a_long_file_is_ordered_watched_and_fetched_in_two_parts(network, as_person, picture, language, short):
    page = as_person(network.office, "finance", PASSWORD, language)
    page.goto(f"{network.office}/finance/files?month={month(1)}")
    page.select_option("#report", "ledger-detail:xlsx")
    page.click("form[action='/finance/files'] button.btn-primary")
    page.locator("#export-orders tbody tr").first.locator("a[download]").wait_for()
    picture(page, f"office-files-{short}")
    assert overflow(page) <= 0 and serious_faults(page) == [] and raw_words(page) == []
    link = network.office + page.locator("#export-orders a[download]").first.get_attribute("href")
    whole = page.request.get(link)
    tag = whole.headers["etag"]
    head = page.request.get(link, headers={"Range": "bytes=0-99"})
    tail = page.request.get(link, headers={"Range": "bytes=100-", "If-Range": tag})
    assert (head.status, tail.status) == (206, 206)
    assert head.body() + tail.body() == whole.body()


@pytest.mark.parametrize("language,short", [("zh-CN", "zh"), ("en-GB", "en")])
def test_a_voucher_follows_the_template_that_finance_keeps(network, as_person, picture, language, short):
    page = as_person(network.office, "finance", PASSWORD, language)
    page.goto(f"{network.office}/finance/voucher?month={month(1)}")
    picture(page, f"office-voucher-{short}")
    assert overflow(page) <= 0 and serious_faults(page) == [] and raw_words(page) == []
    page.fill("#columns", "科目 = accountCode\n借方 = debit\n贷方 = credit")
    page.click("form[method=post][action='/finance/voucher'] button")
    assert page.locator(".notice-success").count() == 1
    page.goto(f"{network.office}/finance/voucher?month={month(1)}")
    text = page.request.get(
        network.office + page.locator("a[download]").get_attribute("href")).body().decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0] == ["科目", "借方", "贷方"]
    assert sum(money(row[1] or "0") for row in rows[1:]) == sum(money(row[2] or "0") for row in rows[1:]) > 0
    page.fill("#columns", "科目 accountCode")
    page.click("form[method=post][action='/finance/voucher'] button")
    assert "voucher_columns_invalid" in page.content()
