"""The exception desk: a sale taken without head office and paid with a wrong password, decided by people."""

import pytest
from conftest import overflow, raw_words, serious_faults
from playwright.sync_api import expect
from test_till import Cashier

PASSWORD = "office-demo-1"
FACES = {
    "zh": ("zh-CN", "zh", "cashier1", "cashier-demo-1"),
    "en": ("en-GB", "en", "cashier2", "cashier-demo-2"),
}
LANGUAGES = {"zh": "zh-CN", "en": "en-GB"}


@pytest.fixture(scope="module")
def taken():
    """The receipts of what was taken offline, made by the first test that needs them."""
    return {}


@pytest.fixture
def sales(taken, network, as_person, picture):
    """Two sales by each cashier, with wrong passwords that nobody could judge at the counter."""
    if taken:
        return taken
    for short, face in FACES.items():
        till = Cashier(face, network, as_person, picture)
        till.wait_until("s.online")
        for card in network.cards[:2]:  # a till stands in only for cards that it saw approved
            till.sell(card, "banlangen")
            till.page.goto(network.till)
        network.cut()
        try:
            till.wait_until("!s.online")
            receipts = []
            for card in network.cards[:2]:
                till.ring_up("banlangen")
                till.settle()
                wrong = "000000" if card["password"] != "000000" else "111111"
                till.give(card, wrong)
                expect(till.page.locator("#step-choice")).to_be_visible(timeout=15_000)
                till.page.keyboard.press("F8")
                expect(till.page.locator("#step-done")).to_be_visible(timeout=15_000)
                receipts.append(till.page.inner_text("#done-receipt"))
                till.page.goto(network.till)
            taken[short] = receipts
        finally:
            network.mend()
        till.wait_until("s.online && s.unsentRecords === 0")
    return taken


@pytest.fixture
def clerk(network, as_person):
    def make(login, path, short):
        page = as_person(network.office, login, PASSWORD, LANGUAGES[short])
        page.goto(network.office + path)
        return page

    return make


def check(page, picture, name):
    """The page fits at both widths, reads in its language and has no serious fault."""
    for width, height, suffix in [(1366, 768, ""), (768, 1024, "-narrow")]:
        page.set_viewport_size({"width": width, "height": height})
        picture(page, f"office-{name}{suffix}")
        assert overflow(page) <= 0
    assert serious_faults(page) == []
    assert raw_words(page) == []
    page.set_viewport_size({"width": 1366, "height": 768})


@pytest.mark.parametrize("short", ["zh", "en"])
def test_an_exception_is_charged_to_the_store(sales, clerk, picture, network, short):
    page = clerk("finance", "/exceptions?cause=wrong_password", short)
    row = page.locator("table.list tbody tr", has_text=sales[short][0])
    expect(row).to_be_visible()
    check(page, picture, f"exceptions-{short}")
    row.locator("a").click()
    expect(page.locator("input[name=move]").first).to_be_visible()
    check(page, picture, f"exception-{short}")
    page.check("input[value=charge_store]")
    page.click("form[action^='/exceptions/'] button.btn-primary")
    expect(page.locator("main code")).to_have_text("reason_empty")
    page.go_back()
    page.check("input[value=charge_store]")
    page.fill("#reason", "店员未核对密码")
    page.click("form[action^='/exceptions/'] button.btn-primary")
    expect(page.locator(".notice-success").first).to_be_visible()
    expect(page.locator("input[name=move]")).to_have_count(0)
    check(page, picture, f"exception-settled-{short}")
    page.goto(network.office + "/exceptions?cause=wrong_password")
    expect(page.locator("table.list tbody tr", has_text=sales[short][0])).to_have_count(0)


@pytest.mark.parametrize("short", ["zh", "en"])
def test_a_write_off_takes_two_people(sales, clerk, picture, network, short):
    page = clerk("finance", "/exceptions", short)
    page.locator("table.list tbody tr", has_text=sales[short][1]).locator("a").click()
    page.check("input[value=write_off]")
    page.fill("#reason", "金额太小，不再追讨")
    page.click("form[action^='/exceptions/'] button.btn-primary")
    expect(page.locator("button[value=approved]")).to_have_count(0)
    check(page, picture, f"exception-write-off-asked-{short}")
    other = clerk("approver", page.url.removeprefix(network.office), short)
    expect(other.locator("button[value=approved]")).to_be_visible()
    check(other, picture, f"exception-write-off-second-{short}")
    other.click("button[value=approved]")
    expect(other.locator(".notice-success").first).to_be_visible()
    expect(other.locator(".history li")).to_have_count(2)


@pytest.mark.parametrize("short", ["zh", "en"])
def test_default_bearers_are_set_by_programme_and_cause(network, clerk, picture, short):
    page = clerk("finance", "/exceptions/bearers?programme=GD", short)
    page.select_option("#bearer-wrong_password", "programme" if short == "zh" else "store")
    page.click("form[method=post][action='/exceptions/bearers'] button.btn-primary")
    expect(page.locator(".notice-success").first).to_be_visible()
    expect(page.locator("#bearer-wrong_password")).to_have_value(
        "programme" if short == "zh" else "store")
    check(page, picture, f"exception-bearers-{short}")
    reader = clerk("auditor", "/exceptions/bearers", short)
    expect(reader.locator("table.list select")).to_have_count(0)
