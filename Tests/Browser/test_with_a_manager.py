"""A manager's word for one larger sale without a line. It spends what the first card has, so it comes last."""

from playwright.sync_api import expect
from test_selling import pay_by_keys, press, ring_up_by_keys, slowly, till  # noqa: F401


def test_a_manager_lets_one_larger_sale_through_without_a_line(till, as_person, picture):
    page, card = till.page, till.network.cards[0]
    till.wait_until("s.online")
    till.network.cut()
    try:
        till.wait_until("!s.online")
        ring_up_by_keys(till, "banlangen", 14)
        pay_by_keys(till, card)
        expect(page.locator("#step-choice")).to_be_visible(timeout=15_000)
        expect(page.locator("#choice-stand-in")).to_be_disabled()
        expect(page.locator("#choice-override")).to_be_visible()
        till.check("pay-over-limit")
        press(page, "F9")
        expect(page.locator("#override-login")).to_be_focused()
        till.check("override")
        slowly(page, till.account)
        press(page, "Tab")
        slowly(page, till.password)
        press(page, "Tab")
        page.keyboard.insert_text("老顾客，线路中断")
        press(page, "Enter")
        expect(page.locator("#override-notice")).to_be_visible(timeout=15_000)
        till.check("override-cashier")
        page.keyboard.press("Shift+Tab")
        press(page, "Control+a")
        slowly(page, "manager")
        press(page, "Tab")
        slowly(page, "manager-demo-1")
        press(page, "Enter")
        expect(page.locator("#step-done")).to_be_visible(timeout=15_000)
        receipt = page.inner_text("#done-receipt")
    finally:
        till.network.mend()
    till.wait_until("s.online && s.unsentRecords === 0")
    till.open_newest_order()
    expect(page.locator("h1")).to_have_text(receipt)
    expect(page.locator("dl.facts")).to_contain_text("老顾客，线路中断")
    till.check("order-override")
    office = as_person(till.network.office, "auditor", "office-demo-1", till.language)
    office.goto(till.network.office + f"/orders?receipt={receipt}")
    office.locator("table.list tbody tr", has_text=receipt).locator("a").first.click()
    expect(office.locator("dl.facts")).to_contain_text("老顾客，线路中断")
    picture(office, f"office-order-override-{till.short}")
