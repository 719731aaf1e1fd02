"""A cashier's whole day by keys alone, the customer's screen, orders on hold, a manager's word."""

import re

import pytest
from conftest import look, raw_words, serious_faults
from playwright.sync_api import expect
from test_till import LANGUAGES, Cashier


@pytest.fixture(params=LANGUAGES)
def till(request, network, as_person, picture):
    return Cashier(request.param, network, as_person, picture)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def slowly(page, text):
    """As a person types: a scanner's burst would be taken for a scan."""
    page.keyboard.type(text, delay=70)


def ring_up_by_keys(till, typed, quantity=None):
    page = till.page
    before = int(page.inner_text("#item-count"))
    press(page, "F3")
    slowly(page, typed)
    expect(page.locator("#results li").first).to_be_visible()
    press(page, "Enter")
    expect(page.locator("#item-count")).to_have_text(str(before + 1))
    if quantity:
        press(page, "F2")
        slowly(page, str(quantity))
        press(page, "Enter")
        expect(page.locator("#item-count")).to_have_text(str(before + quantity))


def pay_by_keys(till, card):
    page = till.page
    press(page, "F9")
    page.wait_for_url("**/pay/*")
    expect(page.locator("#card-number")).to_be_focused()
    slowly(page, card["number"])
    press(page, "Enter")
    expect(page.locator("#card-password")).to_be_focused()
    slowly(page, card["password"])
    press(page, "Enter")


def next_customer(till):
    """From the paid page over the slip to an empty order."""
    page = till.page
    expect(page.locator("#open-slip")).to_be_focused()
    press(page, "Enter")
    page.wait_for_url("**/slip")
    expect(page.locator(".slip")).to_have_count(2)
    press(page, "Alt+s")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#basket-empty")).to_be_visible()


def test_a_whole_day_needs_no_mouse(till):
    page, card = till.page, till.network.cards[0]
    press(page, "?")
    expect(page.locator("#keys-help")).to_be_visible()
    till.check("keys-help")
    press(page, "Escape")
    expect(page.locator("#keys-help")).to_be_hidden()
    press(page, "F3")
    ring_up_by_keys(till, "ganmao", 2)
    press(page, "F4")
    slowly(page, "9.90")
    press(page, "Enter")
    expect(page.locator("#edit-reason")).to_be_focused()
    press(page, "3", "Enter")
    expect(page.locator("#basket-lines .repriced")).to_contain_text(till.account)
    ring_up_by_keys(till, "banlangen")
    press(page, "Delete")
    expect(page.locator("#item-count")).to_have_text("2")
    # This one waits; the next customer is quicker.
    press(page, "F6")
    expect(page.locator("#hold-note")).to_be_focused()
    page.keyboard.insert_text("张女士" if till.short == "zh" else "Mrs Zhang")
    till.check("hold")
    press(page, "Enter")
    expect(page.locator("#basket-empty")).to_be_visible()
    ring_up_by_keys(till, "banlangen")
    pay_by_keys(till, card)
    till.wait_until_paid()
    first = page.inner_text("#done-receipt")
    next_customer(till)
    press(page, "F7")
    expect(page.locator("#held-list")).to_be_focused()
    till.check("held")
    press(page, "Enter")
    expect(page.locator("#item-count")).to_have_text("2")
    expect(page.locator("#total")).to_have_text("¥19.80")
    press(page, "Alt+l")
    expect(page.locator("#total")).to_have_text("¥19.80")
    expect(page.locator("#search")).to_be_focused()
    press(page, "Alt+l")
    expect(page.locator("#search")).to_be_focused()
    expect(page.locator("#total")).to_have_text("¥19.80")
    pay_by_keys(till, card)
    till.wait_until_paid()
    next_customer(till)
    # Orders, a refund of one piece, its withdrawal.
    press(page, "Alt+o")
    expect(page.locator("#number")).to_be_focused()
    slowly(page, first)
    press(page, "Enter")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    press(page, "F3", "ArrowDown", "Enter")
    expect(page.locator("h1")).to_have_text(first)
    expect(page.locator(".page-title")).to_contain_text(re.compile("可退款至|Refundable until"))
    till.check("order-deadline")
    press(page, "F7")
    expect(page.locator("#refund-form")).to_be_visible()
    while page.evaluate("document.activeElement.id") != "card":
        press(page, "Tab")
    slowly(page, card["number"])
    press(page, "Tab")
    page.keyboard.insert_text("顾客退货")
    press(page, "Tab", "Tab", "Enter")
    page.wait_for_url("**/refunds")
    row = page.locator("table.list tbody tr", has_text=first)
    expect(row).to_be_visible()
    for _ in range(2):
        page.evaluate(
            "receipt => [...document.querySelectorAll('tbody tr')]"
            ".find((row) => row.textContent.includes(receipt))"
            ".querySelector('[data-withdraw]').focus()", first)
        press(page, "Enter")
    expect(row).to_contain_text(re.compile("已撤回|撤回|Withdrawn"))
    press(page, "Alt+t")
    page.wait_for_url("**/status")
    assert raw_words(page) == []


def test_a_day_without_a_line_needs_no_mouse_either(till):
    page, card = till.page, till.network.cards[0]
    till.wait_until("s.online")
    till.network.cut()
    try:
        till.wait_until("!s.online")
        ring_up_by_keys(till, "banlangen")
        pay_by_keys(till, card)
        expect(page.locator("#step-choice")).to_be_visible(timeout=15_000)
        press(page, "F8")
        expect(page.locator("#step-done")).to_be_visible(timeout=15_000)
        next_customer(till)
        press(page, "Alt+o")
        expect(page.locator(".orders-scope")).to_be_visible()
        till.check("orders-offline")
    finally:
        till.network.mend()
    till.wait_until("s.online && s.unsentRecords === 0")


def test_the_customer_types_the_password_at_the_own_screen(till, picture):
    page, card = till.page, till.network.cards[1]
    screen = page.context.new_page()

    def check(name):
        look(screen, picture, f"customer-{name}")
        if name.startswith("password"):
            expect(screen.locator("#pad-form > :last-child")).to_be_in_viewport(ratio=1)

    screen.goto(till.network.till + "/customer")
    expect(screen.locator("#customer")).to_have_attribute(
        "data-phase", re.compile("idle|thanks"))
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "idle", timeout=30_000)
    check("idle")
    ring_up_by_keys(till, "banlangen", 2)
    expect(screen.locator("#customer-total")).to_have_text("¥31.20")
    check("basket")
    till.settle()
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "card")
    check("card")
    slowly(page, card["number"])
    press(page, "Enter")
    expect(page.locator("#step-customer")).to_be_visible()
    expect(page.locator("#card-password")).to_be_hidden()
    till.check("pay-at-customer")
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "password")
    assert card["number"] not in screen.content()
    wrong = "000000" if card["password"] != "000000" else "111111"
    for digit in wrong[:3]:
        screen.click(f"[data-digit='{digit}']")
    expect(screen.locator(".pad-dots .is-typed")).to_have_count(3)
    check("password")
    slowly(screen, wrong[3:])
    press(screen, "Enter")
    expect(screen.locator("#notice")).to_be_visible(timeout=20_000)
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "password")
    expect(screen.locator(".pad-dots .is-typed")).to_have_count(0)
    check("password-wrong")
    expect(page.locator("#notice")).to_be_visible()
    assert wrong not in page.content() and wrong not in screen.content()
    slowly(screen, card["password"])
    assert card["password"] not in page.content() and card["password"] not in screen.content()
    press(screen, "Enter")
    till.wait_until_paid()
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "thanks")
    expect(screen.locator("#thanks-remaining")).to_contain_text("¥")
    check("thanks")
    screen.close()


def test_the_customer_sees_the_code_for_the_phone_too(till, picture):
    page = till.page
    screen = page.context.new_page()
    screen.goto(till.network.till + "/customer")
    ring_up_by_keys(till, "banlangen")
    till.settle()
    press(page, "F7")
    expect(page.locator("#step-phone")).to_be_visible()
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "phone")
    expect(screen.locator("#customer-qr")).to_have_attribute("src", re.compile("^data:image/svg"))
    look(screen, picture, "customer-phone")
    expect(screen.locator("#customer-qr")).to_be_in_viewport(ratio=1)
    press(page, "Escape")
    expect(page.locator("#step-ended")).to_be_visible()
    screen.close()


def test_a_scan_counts_wherever_the_cursor_is_and_twice_at_once_is_one(till):
    page = till.page
    press(page, "F6")
    expect(page.locator("#hold-dialog")).to_be_hidden()
    page.focus("#held")
    page.keyboard.type("6920700100074")
    press(page, "Enter")
    expect(page.locator("#item-count")).to_have_text("1")
    page.wait_for_timeout(400)
    page.evaluate(
        "() => { const key = (name) => document.dispatchEvent(new KeyboardEvent('keydown',"
        " {key: name, bubbles: true, cancelable: true}));"
        " for (let scan = 0; scan < 2; scan += 1) {"
        " for (const digit of '6920700100074') key(digit); key('Enter'); } }")
    expect(page.locator("#item-count")).to_have_text("2")
    page.wait_for_timeout(600)
    expect(page.locator("#item-count")).to_have_text("2")
    # A browser that was busy for a moment in the middle cuts no code in two.
    page.keyboard.type("69207")
    page.wait_for_timeout(80)
    page.keyboard.type("00100074")
    press(page, "Enter")
    expect(page.locator("#item-count")).to_have_text("3")
    # Scanned once more while the password is due, the card's number is no password.
    card = till.network.cards[0]
    till.settle()
    page.keyboard.type(card["number"])
    press(page, "Enter")
    expect(page.locator("#card-password")).to_be_focused()
    page.keyboard.type(card["number"])
    press(page, "Enter")
    page.wait_for_timeout(400)
    expect(page.locator("#step-password")).to_be_visible()
    assert page.input_value("#card-password") == ""
    expect(page.locator("#notice")).to_be_hidden()
    press(page, "Escape")
    expect(page.locator("#step-ended")).to_be_visible()


AMOUNTS = {
    "30.49": 3049, "12": 1200, "12.5": 1250, "１２．５０": 1250, "５０": 5000, "¥8": 800, "12。5": 1250,
    "30,49": None, "1,234": None, "1.234": None, "1 234,50": None, "-5": None, "0,075": None,
    "1e3": None, "": None, "99999999999.99": None, "abc": None,
}


@pytest.mark.parametrize("language", ["de-DE", "zh-CN", "fr-FR", "en-GB"])
def test_an_amount_means_one_thing_whatever_the_region(network, as_person, language):
    page = as_person(network.till, "cashier1", "cashier-demo-1", language)
    page.goto(network.till)
    read = page.evaluate(
        "async (texts) => { const source = document.querySelector('script[src*=sell]').src;"
        " const { fen } = await import(new URL('money.js', source).href);"
        " return texts.map((text) => fen(text)) }", list(AMOUNTS))
    assert dict(zip(AMOUNTS, read)) == AMOUNTS


@pytest.mark.parametrize("face", LANGUAGES)
def test_an_old_browser_is_told_which_one_to_use(network, open_page, picture, face):
    page = open_page(face[0])
    page.add_init_script("delete window.HTMLDialogElement")
    page.goto(network.till + "/sign-in")
    expect(page.locator("h1")).to_contain_text("极速模式" if face[1] == "zh" else "fast mode")
    expect(page.locator("input")).to_have_count(0)
    picture(page, f"till-old-browser-{face[1]}")
    assert serious_faults(page) == []
