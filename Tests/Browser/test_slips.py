"""Each kind of slip as the page shows it and as it comes out of the printer, in both languages of the page."""

import pathlib

import pytest
from conftest import overflow
from playwright.sync_api import expect
from test_day import SELL
from test_printers import draw, papers_with
from test_till import LANGUAGES, Cashier, approve_refund

TEST_CARD = {"number": "6160201901100002", "password": "079497"}
SELL_FOR_LESS = SELL.replace('"/api/basket/lines", { code: found.products[0].sku, quantity: 1 });',
                             '"/api/basket/lines", { code: found.products[0].sku, quantity: 1 });'
                             ' await call("PUT", "/api/basket/lines/1", { price: 99, reason: "测试" });')
SPEAK = """async (language) => {
  for (const { id, ...printer } of (await (await fetch("/api/printers")).json()).printers) {
    const answer = await fetch(`/api/printers/${id}`, { method: "PUT", headers: {
      "Content-Type": "application/json", "X-CSRF-Token":
      document.querySelector('meta[name="csrf-token"]').content },
      body: JSON.stringify({ ...printer, language }) });
    if (!answer.ok) throw new Error(await answer.text());
  }
}"""
SAID = {"authorised": "已授权", "offline": "脱机", "test": "测试"}


@pytest.mark.parametrize("face", LANGUAGES)
@pytest.mark.parametrize("kind", list(SAID))
def test_a_slip_of_this_kind_on_screen_and_on_paper(network, as_person, picture, face, kind):
    till = Cashier(face, network, as_person, picture)
    page = till.page
    till.wait_until("s.online")
    if kind == "offline":
        network.cut()
    try:
        card = TEST_CARD if kind == "test" else network.cards[1]
        sell = SELL_FOR_LESS if kind == "test" else SELL
        if kind == "offline":
            till.wait_until("!s.online")
        assert page.evaluate(sell, [card["number"], card["password"], kind == "offline"]) \
            == "completed"
    finally:
        network.mend()
    till.open_newest_order()
    receipt = page.inner_text("h1")
    page.keyboard.press("F9")
    page.wait_for_url("**/slip")
    expect(page.locator(".slip")).to_have_count(2)
    assert overflow(page) <= 0
    assert SAID[kind] in page.locator(".slip").first.inner_text()
    till.keep_slips(kind)
    merchant, customer = papers_with(
        page, pathlib.Path(network.folder) / "printer-1", receipt, 2)[:2]
    assert "商户存根" in merchant.read_text() and "顾客联" in customer.read_text()
    assert SAID[kind] in merchant.read_text()
    draw(page, merchant, f"paper-{kind}-merchant-80-{till.short}")
    draw(page, customer, f"paper-{kind}-customer-80-{till.short}")
    till.wait_until("s.online && s.unsentRecords === 0")


@pytest.mark.parametrize("face", LANGUAGES)
@pytest.mark.parametrize("width", [80, 58])
def test_a_refund_slip_prints_when_the_approval_arrives(network, as_person, picture, face, width):
    base, printer = {80: (network.second_till, "printer-3"), 58: (network.till_elsewhere, "printer-2")}[width]
    manager = as_person(base, "manager", "manager-demo-1", face[0])
    manager.goto(base + "/printers")
    manager.evaluate(SPEAK, "zh-Hans" if face[1] == "zh" else "en")
    try:
        till = Cashier(face, network, as_person, picture, base)
        page, card = till.page, network.cards[8]
        receipt = till.sell(card, "banlangen")
        till.wait_until("s.unsentRecords === 0")
        till.open_newest_order()
        page.click("a[href$='/refund']")
        page.fill("#card", card["number"])
        page.fill("#reason", "顾客退货，未拆封")
        page.click("button[type=submit].button-primary")
        page.wait_for_url("**/refunds")
        till.wait_until("s.unsentRecords === 0")
        approve_refund(till, as_person, receipt, "包装完好，小票与药品均已核对，同意退款")
        papers = papers_with(page, pathlib.Path(network.folder) / printer, receipt, 4)[2:]
    finally:
        manager.evaluate(SPEAK, "zh-Hans")
    title, copies = {"zh": ("退货小票", ["商户存根", "顾客联"]),
                     "en": ("Refund slip", ["Merchant copy", "Customer copy"])}[face[1]]
    for paper, copy, name in zip(papers, copies, ["merchant", "customer"]):
        assert title in paper.read_text() and copy in paper.read_text()
        assert card["number"] not in paper.read_text()
        draw(page, paper, f"paper-refund-{name}-{width}-{till.short}")
