"""Forty lines and names of sixty characters on every page and paper that shows them, in both languages."""

import csv
import io
import pathlib
import re

import pytest
from conftest import overflow, serious_faults, sign_in
from playwright.sync_api import expect
from test_printers import draw, papers_with
from test_till import LANGUAGES, Cashier

LINES = 40
NAME = "复方甘草口服溶液与六味地黄浓缩丸联合包装儿童型无糖草莓味独立小袋便携家庭装增量赠品含量杯滴管说明书防伪码可追溯新包装"
FILL = """async ([lines]) => {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const call = (method, path, body) => fetch(path, { method, headers: {
    "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body ?? {}) });
  await call("DELETE", "/api/basket");
  let answer;
  for (let index = 0; index < lines; index += 1) {
    answer = await call("POST", "/api/basket/lines", { code: `L${700001 + index}`, quantity: 1 });
    if (!answer.ok) throw new Error(await answer.text());
  }
  answer = await call("PUT", "/api/basket/lines/2", { price: 49, reason: "包装破损".repeat(15) });
  return answer.status;
}"""
IMPORT = """async (text) => (await fetch("/catalogue/apply", { method: "POST", headers: {
  "Content-Type": "text/csv", Accept: "application/json", "X-CSRF-Token":
  document.querySelector('meta[name="csrf-token"]').content }, body: text })).status"""


@pytest.fixture(scope="module")
def catalogue(network, browser):
    """Forty products with the longest names, at ¥0.50."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(["商品编码", "条码", "品名", "规格", "零售价", "状态"])
    for index in range(LINES):
        rows.writerow([f"L{700001 + index}", "", f"{NAME}{index:02}", "每盒十二袋每袋十克", "0.50", "在售"])
    page = browser.new_page()
    sign_in(page, network.office, "admin", "office-demo-1")
    page.goto(network.office + "/catalogue")
    assert page.evaluate(IMPORT, text.getvalue()) == 200
    page.close()
    assert len(NAME) + 2 == 60


@pytest.mark.parametrize("face", LANGUAGES)
def test_forty_lines_with_the_longest_names_fit_everywhere(
        catalogue, network, as_person, open_page, picture, face):
    till = Cashier(face, network, as_person, picture)
    page, card = till.page, network.cards[10]
    till.wait_until("s.products.some((p) => p.sku === 'L700040')", "/api/products?q=L700040")
    screen = page.context.new_page()
    screen.set_viewport_size({"width": 1024, "height": 768})
    screen.goto(network.till + "/customer")

    def look(shown, name):
        picture(shown, f"long-{name}-{till.short}")
        assert serious_faults(shown) == [], name
        assert overflow(shown) <= 0, name

    page.fill("#search", "fufang")
    expect(page.locator("#results li").first).to_be_visible()
    look(page, "found")
    assert page.evaluate(FILL, [LINES]) == 200
    page.goto(network.till)
    expect(page.locator("#item-count")).to_have_text(str(LINES))
    expect(page.locator("#settle")).to_be_in_viewport(ratio=1)
    look(page, "sell")
    assert page.locator(".basket-name").first.bounding_box()["width"] > 150
    expect(screen.locator("#customer-total")).to_have_text("¥19.99")
    look(screen, "customer-basket")
    screen.close()
    page.keyboard.press("F6")
    page.keyboard.insert_text("欧阳" * 30)
    page.keyboard.press("Enter")
    expect(page.locator("#basket-empty")).to_be_visible()
    page.keyboard.press("F7")
    expect(page.locator("#held-list li").first).to_be_visible()
    look(page, "held")
    page.keyboard.press("Enter")
    expect(page.locator("#item-count")).to_have_text(str(LINES))
    till.settle()
    look(page, "pay")
    page.keyboard.press("F7")
    expect(page.locator("#qr")).to_have_attribute("src", re.compile("^data:image/svg"))
    look(page, "pay-phone")
    payment = page.url.rsplit("/", 1)[1]
    address = page.request.get(f"{network.till}/api/payments/{payment}/qr").json()["address"]
    phone = open_page(till.language, width=390, height=844)
    phone.goto(address)
    expect(phone.locator("#amount")).to_contain_text("¥19.99")
    expect(phone.locator("#confirm")).to_be_in_viewport(ratio=1)
    look(phone, "phone-request")
    page.keyboard.press("Escape")
    expect(page.locator("#step-ended")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.locator("#item-count")).to_have_text(str(LINES))
    till.settle()
    page.keyboard.type(card["number"])
    page.keyboard.press("Enter")
    at_customer = page.locator("#step-customer")
    step = page.locator("#step-customer, #step-password").locator("visible=true")
    expect(step).to_be_visible()
    if at_customer.is_visible():
        page.keyboard.press("F6")
    expect(page.locator("#card-password")).to_be_focused()
    page.keyboard.type(card["password"])
    page.keyboard.press("Enter")
    till.wait_until_paid()
    look(page, "paid")
    receipt = page.inner_text("#done-receipt")
    page.keyboard.press("Enter")
    page.wait_for_url("**/slip")
    expect(page.locator(".slip")).to_have_count(2)
    look(page, "slip")
    till.keep_slips("long")
    till.open_newest_order()
    look(page, "order")
    page.keyboard.press("F7")
    expect(page.locator("#refund-form")).to_be_visible()
    look(page, "refund")
    office = as_person(network.office, "auditor", "office-demo-1", till.language)
    till.wait_until("s.unsentRecords === 0")
    office.goto(network.office + f"/orders?receipt={receipt}")
    office.locator("table.list tbody tr", has_text=receipt).locator("a").first.click()
    expect(office.locator("dl.facts").first).to_be_visible()
    look(office, "office-order")
    # A long reason beside a price leaves the product its place.
    assert office.locator("table.list tbody td").first.bounding_box()["width"] > 200
    office.goto(network.office + "/catalogue")
    look(office, "office-catalogue")
    printed = papers_with(page, pathlib.Path(network.folder) / "printer-1", receipt, 2)
    assert [name in printed[0].read_text() for name in ("商户存根", "L700001")] == [True, False]
    assert printed[0].read_text().replace("\n", "").count(NAME[:10]) == LINES
    draw(page, printed[0], f"paper-long-80-{till.short}")
