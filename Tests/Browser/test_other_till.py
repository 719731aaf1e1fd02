"""An order of the store's other till: found, shown, printed and taken back at the one beside it."""

import pathlib
import re

import pytest
from conftest import raw_words
from playwright.sync_api import expect
from test_printers import draw, papers_with
from test_till import LANGUAGES, Cashier, approve_refund


@pytest.mark.parametrize("face", LANGUAGES)
def test_an_order_of_the_other_till_is_found_printed_and_taken_back_here(
        network, as_person, picture, face):
    card = network.cards[8]
    there = Cashier(face, network, as_person, picture)
    receipt = there.sell(card, "banlangen", count=2)
    there.wait_until("s.unsentRecords === 0")
    here = Cashier(face, network, as_person, picture, network.second_till)
    here.wait_until("s.online")
    find(here, receipt)
    reprint(here, receipt)
    ask_back(here, receipt, card)
    decide(here, as_person, receipt)
    without_a_line(here, receipt)


def find(here, receipt):
    page = here.page
    page.goto(here.base + "/orders")
    row = page.locator("table.list tbody tr", has_text=receipt)
    expect(row).to_contain_text("GD0001-01")
    expect(page.locator(".orders-scope")).to_have_count(0)
    here.check("other-orders")
    page.fill("#number", receipt)
    page.keyboard.press("Enter")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    page.click(f"table.list a:has-text('{receipt}')")
    expect(page.locator("h1")).to_have_text(receipt)
    expect(page.locator("#elsewhere")).to_contain_text("GD0001-01")
    here.check("other-order")
    assert raw_words(page) == []


def reprint(here, receipt):
    page = here.page
    page.keyboard.press("F9")
    page.wait_for_url("**/slip")
    expect(page.locator(".slip")).to_have_count(2)
    expect(page.locator(".page-title .state")).to_contain_text(re.compile(r"补打第 1 次|Reprint no\. 1"))
    here.check("other-slip")
    with page.expect_navigation():
        page.keyboard.press("F9")
    expect(page.locator("#print-state li[data-state=printed]")).to_have_count(2, timeout=15_000)
    here.check("other-slip-printed")
    papers = papers_with(page, pathlib.Path(here.network.folder) / "printer-3", receipt, 2)
    assert all("补打第 1 次 · GD0001-02" in paper.read_text() for paper in papers)
    draw(page, papers[0], f"paper-other-till-80-{here.short}")


def ask_back(here, receipt, card):
    page = here.page
    page.goto(here.base + "/orders")
    page.click(f"table.list a:has-text('{receipt}')")
    page.click("a[href$='/refund']")
    expect(page.locator("h1")).to_contain_text(receipt)
    page.check("input[name=scope][value=lines]")
    page.fill(".refund-quantity", "1")
    here.check("other-refund-form")
    page.fill("#card", card["number"])
    page.fill("#reason", "顾客退货，未拆封")
    page.click("button[type=submit].button-primary")
    page.wait_for_url("**/refunds")
    expect(page.locator("table.list tbody tr", has_text=receipt)).to_be_visible()
    here.wait_until("s.unsentRecords === 0")


def decide(here, as_person, receipt):
    page = here.page
    approve_refund(here, as_person, receipt, "两台收银台的小票一致，同意")
    row = page.locator("table.list tbody tr", has_text=receipt)
    expect(row).to_contain_text("两台收银台的小票一致，同意", timeout=30_000)
    here.check("other-refunds")
    page.goto(here.base + "/orders")
    page.click(f"table.list a:has-text('{receipt}')")
    expect(page.locator(".page-title")).to_contain_text(re.compile("部分退款|Partly refunded"))
    here.check("other-order-refunded")


def without_a_line(here, receipt):
    page = here.page
    here.network.cut()
    try:
        here.wait_until("!s.online")
        page.reload()
        expect(page.locator("h1")).not_to_have_text(receipt)
        here.check("other-order-without-a-line")
        assert raw_words(page) == []
    finally:
        here.network.mend()
    here.wait_until("s.online")
