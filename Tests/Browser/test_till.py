"""The till's pages in a real browser, in both languages, the way a cashier works: by keys."""

import re
import subprocess

import pytest
from conftest import FIRST_PORT, ROOT, overflow, picture_path, raw_words, serious_faults
from playwright.sync_api import expect

LANGUAGES = [
    pytest.param(("zh-CN", "zh", "cashier1", "cashier-demo-1"), id="Chinese"),
    pytest.param(("en-GB", "en", "cashier2", "cashier-demo-2"), id="English"),
]
UNENROLLED_PORT = FIRST_PORT + 19


@pytest.fixture(params=LANGUAGES)
def till(request, network, as_person, picture):
    """A cashier at the first till, with an empty basket."""
    return Cashier(request.param, network, as_person, picture)


class Cashier:
    def __init__(self, face, network, as_person, picture, base=None):
        self.language, self.short, self.account, self.password = face
        self.network, self._picture = network, picture
        self.base = base or network.till
        self.page = as_person(self.base, self.account, self.password, self.language)
        self.page.goto(self.base)
        expect(self.page.locator("#search")).to_be_focused()
        basket = self.page.locator("#basket-lines tr").first
        either = self.page.locator("#basket-empty").or_(basket)
        expect(either.locator("visible=true")).to_be_visible()
        if basket.is_visible():
            self.page.click("#clear")
        expect(self.page.locator("#basket-empty")).to_be_visible()

    def picture(self, name):
        self._picture(self.page, f"till-{name}-{self.short}")

    def check(self, name):
        """The page fits and has no serious fault; its picture is kept."""
        self.picture(name)
        assert serious_faults(self.page) == []
        assert overflow(self.page) <= 0
        for width, height, size in [(1024, 768, "1024"), (768, 1024, "narrow")]:
            self.page.set_viewport_size({"width": width, "height": height})
            assert overflow(self.page) <= 0
            self._picture(self.page, f"till-{name}-{self.short}-{size}")
        self.page.set_viewport_size({"width": 1366, "height": 768})

    def ring_up(self, typed="ganmao", count=1):
        for _ in range(count):
            before = int(self.page.inner_text("#item-count"))
            self.page.fill("#search", typed)
            expect(self.page.locator("#results li").first).to_be_visible()
            self.page.keyboard.press("Enter")
            expect(self.page.locator("#item-count")).to_have_text(str(before + 1))

    def settle(self):
        self.page.keyboard.press("F9")
        self.page.wait_for_url("**/pay/*")
        expect(self.page.locator("#card-number")).to_be_focused()

    def give(self, card, password=None):
        self.page.keyboard.type(card["number"])
        self.page.keyboard.press("Enter")
        expect(self.page.locator("#card-password")).to_be_focused()
        self.page.keyboard.type(password or card["password"])
        self.page.keyboard.press("Enter")

    def sell(self, card, typed="ganmao", count=1):
        """Rings up and pays; gives the order's number."""
        self.ring_up(typed, count)
        self.settle()
        self.give(card)
        self.wait_until_paid()
        return self.page.inner_text("#done-receipt")

    def wait_until_paid(self):
        """A busy machine may answer late: then the cashier asks again, which is safe."""
        done, choice = self.page.locator("#step-done"), self.page.locator("#step-choice")
        expect(done.or_(choice).locator("visible=true")).to_be_visible(timeout=15_000)
        for _ in range(5):
            if not choice.is_visible():
                break
            self.page.keyboard.press("F5")
            expect(self.page.locator("#step-waiting")).to_be_hidden(timeout=15_000)
        expect(done).to_be_visible(timeout=15_000)

    def wait_until(self, condition, path="/api/status"):
        """Asks the till until the condition on its answer `s` holds."""
        assert self.page.evaluate(
            "async () => { for (let asked = 0; asked < 200; asked += 1) {"
            f" const s = await (await fetch('{path}')).json(); if ({condition}) return true;"
            " await new Promise((next) => setTimeout(next, 200)); } return false }"), condition

    def keep_slips(self, name):
        """A picture of each copy that the page shows."""
        # The bar at the top stays where it is while a page scrolls: so tall a window need not.
        self.page.set_viewport_size({"width": 1366, "height": 9000})
        for copy, slip in zip(["merchant", "customer"], self.page.locator(".slip").all()):
            slip.screenshot(path=picture_path(f"slip-{name}-{copy}", self.short))
        self.page.set_viewport_size({"width": 1366, "height": 768})

    def open_newest_order(self):
        self.page.goto(self.base + "/orders")
        self.page.click("table.list tbody tr:first-child a")
        self.page.wait_for_url("**/orders/*")


def approve_refund(till, as_person, receipt, opinion):
    """The approver at head office agrees; gives the decided request's page."""
    office = as_person(till.network.office, "approver", "office-demo-1", till.language)
    office.goto(till.network.office + "/refunds")
    office.locator("table.list tbody tr", has_text=receipt).locator("a").first.click()
    expect(office.locator("#opinion")).to_be_visible()
    office.fill("#opinion", opinion)
    office.click("button[value=approved]")
    expect(office.locator("#opinion")).to_have_count(0)
    return office


@pytest.mark.parametrize("face", LANGUAGES)
def test_a_wrong_password_says_so_and_the_right_one_opens_the_till(
        network, open_page, picture, face):
    language, short, account, password = face
    page = open_page(language)
    page.goto(network.till + "/")
    page.wait_for_url(re.compile("/sign-in"))
    picture(page, f"till-sign-in-{short}")
    assert serious_faults(page) == []
    page.fill("input[name=account]", account)
    page.fill("input[name=password]", "wrong-password")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in-error")).to_be_visible()
    expect(page.locator("#password")).to_be_focused()
    assert page.input_value("input[name=account]") == account
    assert page.input_value("input[name=password]") == ""
    picture(page, f"till-sign-in-wrong-{short}")
    page.keyboard.type(password)
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_be_focused()


def test_a_sale_is_made_by_keys_alone_and_gives_two_copies_of_the_slip(till):
    page, card = till.page, till.network.cards[0]
    till.check("sell-empty")
    for typed in ["感冒", "gmkl", "ganmao"]:
        page.fill("#search", "")
        page.keyboard.type(typed)
        expect(page.locator("#results li").first).to_contain_text("感冒")
    page.keyboard.press("ArrowDown")
    expect(page.locator("#results li").nth(1)).to_have_attribute("aria-selected", "true")
    till.check("sell-found")
    page.keyboard.press("Enter")
    expect(page.locator("#basket-lines tr")).to_have_count(1)
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("F2")
    expect(page.locator("#edit-value")).to_be_focused()
    till.picture("sell-quantity")
    page.keyboard.type("3")
    page.keyboard.press("Enter")
    expect(page.locator("#item-count")).to_have_text("3")
    listed = page.inner_text("#basket-lines td.number >> nth=0")
    page.keyboard.press("F4")
    page.keyboard.type("oops")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-bad")).to_be_visible()
    till.picture("sell-price-wrong")
    page.fill("#edit-value", "9,90")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-bad")).to_be_visible()
    page.fill("#edit-value", "9.90")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-reason")).to_be_focused()
    page.keyboard.press("1")
    till.picture("sell-price-reason")
    page.keyboard.press("Enter")
    expect(page.locator("#basket-lines s")).to_have_text(listed)
    expect(page.locator("#basket-lines .repriced")).to_contain_text(till.account)
    expect(page.locator("#total")).to_have_text("¥29.70")
    till.ring_up("banlangen")
    total = page.inner_text("#total")
    till.check("sell-basket")
    till.settle()
    till.check("pay-card")
    page.keyboard.type("123")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator("#card-face")).to_be_hidden()
    till.picture("pay-card-wrong")
    page.fill("#card-number", card["number"])
    page.keyboard.press("Enter")
    expect(page.locator("#card-face")).to_be_visible()
    expect(page.locator("#card-password")).to_be_focused()
    expect(page.locator("#card-password")).to_have_attribute("type", "password")
    assert card["number"] not in page.inner_text("body")
    expect(page.locator("#face-mask")).to_contain_text(card["number"][-4:])
    till.check("pay-password")
    page.keyboard.type(card["password"])
    page.keyboard.press("Enter")
    till.wait_until_paid()
    expect(page.locator("#open-slip")).to_be_focused()
    till.check("pay-done")
    receipt = page.inner_text("#done-receipt")
    page.keyboard.press("Enter")
    page.wait_for_url("**/slip")
    expect(page.locator(".slip")).to_have_count(2)
    for copy in page.locator(".slip").all():
        expect(copy).to_contain_text(receipt)
        expect(copy).to_contain_text(total)
        assert card["number"] not in copy.inner_text()
    till.check("slip")
    page.emulate_media(media="print")
    assert page.locator(".slip:visible").count() == 2
    assert page.locator("header:visible, .keys:visible, button:visible").count() == 0
    for width in (80, 58):
        page.evaluate(
            "narrow => document.querySelectorAll('.slip')"
            ".forEach((each) => each.classList.toggle('slip-58', narrow))", width == 58)
        page.pdf(
            path=picture_path(f"till-slip-{width}", till.short, "pdf"), width=f"{width}mm",
            height="200mm")
        page.set_viewport_size({"width": round(width / 25.4 * 96), "height": 1100})
        assert overflow(page) <= 0
        till.picture(f"slip-print-{width}")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.emulate_media(media="screen")
    page.keyboard.press("F9")
    expect(page.locator(".page-title .state")).to_be_visible()
    expect(page.locator("#next")).to_be_focused()
    till.picture("slip-reprint")
    assert raw_words(page) == []


def test_a_scanner_quicker_than_the_answers_loses_nothing(till):
    page = till.page
    for code in ["6920700100074", "6920700100289", "6920700100074", "6920700100142"]:
        page.keyboard.type(code)
        page.keyboard.press("Enter")
    expect(page.locator("#item-count")).to_have_text("4")
    expect(page.locator("#basket-lines tr")).to_have_count(3)
    for _ in range(3):
        page.locator("#basket-lines tr").first.locator(".quantity button").last.click()
    expect(page.locator("#item-count")).to_have_text("7")
    page.keyboard.press("F3")
    page.keyboard.type("0000000000017")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("0000000000017")
    till.picture("sell-unknown-code")
    expect(page.locator("#settle")).to_be_in_viewport(ratio=1)
    page.keyboard.type("6920700100289")
    page.keyboard.press("Enter")
    expect(page.locator("#item-count")).to_have_text("8")
    expect(page.locator("#notice")).to_be_hidden()


def test_a_wrong_card_password_tells_the_tries_left_and_can_be_typed_again(till):
    page, card = till.page, till.network.cards[5]
    till.ring_up("banlangen")
    till.settle()
    wrong = "000000" if card["password"] != "000000" else "111111"
    till.give(card, wrong)
    expect(page.locator("#notice")).to_be_visible(timeout=15_000)
    expect(page.locator("#notice")).to_contain_text(re.compile(r"\d"))
    expect(page.locator("#card-password")).to_be_focused()
    assert page.input_value("#card-password") == ""
    till.check("pay-password-wrong")
    page.keyboard.type("12")
    page.keyboard.press("Enter")
    expect(page.locator("#notice")).to_contain_text("6")
    till.picture("pay-password-short")
    page.fill("#card-password", card["password"])
    page.keyboard.press("Enter")
    till.wait_until_paid()


def test_an_order_is_found_by_number_card_and_time_and_shown(till):
    page, card = till.page, till.network.cards[0]
    receipt = till.sell(card)
    page.goto(till.network.till + "/orders")
    till.check("orders")
    page.fill("#number", receipt)
    page.keyboard.press("Enter")
    expect(page.locator("table.list tbody tr")).to_have_count(1)
    expect(page.locator("table.list tbody tr")).to_contain_text(receipt)
    till.picture("orders-by-number")
    page.fill("#number", "")
    page.fill("#card", card["number"])
    page.keyboard.press("Enter")
    expect(page.locator("table.list tbody")).to_contain_text(receipt)
    assert card["number"] not in page.content()
    till.picture("orders-by-card")
    page.fill("#from", "2020-01-01")
    page.fill("#through", "2020-01-02")
    page.click("button[type=submit].button-primary")
    expect(page.locator("table.list tbody tr")).to_have_count(0)
    expect(page.locator("#content .empty-state")).to_be_visible()
    till.check("orders-none")
    page.fill("#card", "12")
    page.click("button[type=submit].button-primary")
    expect(page.locator("#content .notice-bad")).to_be_visible()
    till.picture("orders-wrong-card")
    page.goto(till.network.till + "/orders")
    page.click(f"text={receipt}")
    expect(page.locator("h1")).to_contain_text(receipt)
    till.check("order")
    assert raw_words(page) == []


def test_a_refund_is_asked_for_decided_at_head_office_and_seen_with_its_opinion(
        till, as_person, picture):
    page, card = till.page, till.network.cards[0]
    receipt = till.sell(card, "banlangen", count=2)
    till.wait_until("s.unsentRecords === 0")
    till.open_newest_order()
    page.click("a[href$='/refund']")
    till.check("refund-form")
    page.click("button[type=submit].button-primary")
    assert "/refund" in page.url
    page.check("input[name=scope][value=lines]")
    page.fill(".refund-quantity", "1")
    expect(page.locator("#refund-amount")).to_have_text("¥15.60")
    page.fill("#card", till.network.cards[1]["number"])
    page.fill("#reason", "顾客退货，未拆封")
    page.click("button[type=submit].button-primary")
    expect(page.locator("#notice")).to_be_visible()
    till.picture("refund-other-card")
    page.fill("#card", card["number"])
    page.click("button[type=submit].button-primary")
    page.wait_for_url("**/refunds")
    row = page.locator("table.list tbody tr", has_text=receipt)
    till.check("refunds-waiting")
    till.wait_until("s.unsentRecords === 0")

    office = approve_refund(till, as_person, receipt, "已核对小票，同意退款")
    picture(office, f"office-refund-decided-{till.short}")

    till.wait_until(
        f"s.refunds.some((e) => e.saleReceipt === '{receipt}' && e.state === 'approved')",
        "/api/refunds")
    # The decision arrives by itself, on the page and as a notice with the way to the slip.
    expect(row).to_contain_text("已核对小票，同意退款", timeout=15_000)
    expect(page.locator("#refund-news")).to_contain_text(receipt, timeout=15_000)
    till.check("refunds-decided")
    row.locator("a[href$='/slip']").click()
    expect(page.locator(".slip")).to_have_count(2)
    till.check("refund-slip")
    till.keep_slips("refund")
    assert raw_words(page) == []


def test_a_sale_goes_on_without_head_office_and_is_told_apart(till):
    page = till.page
    till.wait_until("s.online")
    till.network.cut()
    try:
        till.wait_until("!s.online")
        expect(page.locator("#status-line")).to_have_attribute("data-level", "warn")
        expect(page.locator("#status-line")).to_contain_text(
            "脱机" if till.short == "zh" else re.compile("offline", re.I))
        till.ring_up("banlangen")
        till.settle()
        till.give(till.network.cards[0])
        expect(page.locator("#step-choice")).to_be_visible(timeout=15_000)
        expect(page.locator("#choice-stand-in")).to_be_enabled()
        till.check("pay-no-answer")
        page.keyboard.press("F8")
        expect(page.locator("#step-done")).to_be_visible(timeout=15_000)
        till.check("pay-done-offline")
        page.goto(till.network.till + "/status")
        till.check("status-offline")
        page.goto(till.network.till)
        page.fill("#search", "banlangen")
        page.keyboard.press("Enter")
        expect(page.locator("#item-count")).to_have_text("1")
        page.keyboard.press("F2")
        page.keyboard.type("40")
        page.keyboard.press("Enter")
        expect(page.locator("#item-count")).to_have_text("40")
        till.settle()
        till.give(till.network.cards[0])
        expect(page.locator("#step-choice")).to_be_visible(timeout=15_000)
        expect(page.locator("#choice-stand-in")).to_be_disabled()
        expect(page.locator("#choice-why")).not_to_be_empty()
        till.check("pay-over-limit")
        page.locator("#step-choice [data-cancel]").click()
        expect(page.locator("#step-ended")).to_be_visible()
        till.check("pay-cancelled")
    finally:
        till.network.mend()
    till.wait_until("s.online && s.unsentRecords === 0")


def test_the_other_language_keeps_the_basket(till):
    page = till.page
    till.ring_up("banlangen", count=2)
    words = page.inner_text("#settle")
    page.click("form[action='/language'] button")
    expect(page.locator("#settle")).not_to_have_text(words)
    expect(page.locator("#item-count")).to_have_text("2")
    page.click("form[action='/language'] button")
    expect(page.locator("#settle")).to_have_text(words)
    expect(page.locator("#item-count")).to_have_text("2")


def test_a_double_click_sells_once(till):
    page, card = till.page, till.network.cards[6]
    till.ring_up("banlangen")
    page.dblclick("#settle")
    page.wait_for_url("**/pay/*")
    expect(page.locator("#card-number")).to_be_focused()
    page.keyboard.type(card["number"])
    page.dblclick("#card-form button[type=submit]")
    expect(page.locator("#card-password")).to_be_focused()
    page.keyboard.type(card["password"])
    page.dblclick("#password-form button[type=submit]")
    till.wait_until_paid()
    receipt = page.inner_text("#done-receipt")
    answer = page.evaluate(
        "async () => { const token = document.querySelector('meta[name=csrf-token]').content;"
        " const answer = await fetch('/api/sales/search', {method: 'POST', headers:"
        " {'Content-Type': 'application/json', 'X-CSRF-Token': token}, body: '{}'});"
        " return answer.json() }")
    newest, before = answer["orders"][:2]
    assert newest["receipt"] == receipt
    assert int(newest["receipt"][-4:]) == int(before["receipt"][-4:]) + 1


def test_the_focus_of_the_keyboard_is_always_visible(till):
    page = till.page
    till.ring_up("banlangen")
    for path in ["/", "/orders", "/refunds", "/status"]:
        page.goto(till.network.till + path)
        expect(page.locator("#status-line")).to_have_attribute("data-level", re.compile("."))
        for _ in range(14):
            page.keyboard.press("Tab")
            seen = page.evaluate(
                "() => { const style = getComputedStyle(document.activeElement);"
                " return document.activeElement === document.body"
                " || style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2"
                " || style.boxShadow !== 'none' }")
            assert seen, page.evaluate("document.activeElement.outerHTML")
        till.picture(f"focus{path.replace('/', '-')}")


def test_the_status_page_reads(till):
    till.page.goto(till.network.till + "/status")
    till.check("status")
    assert raw_words(till.page) == []


@pytest.fixture(scope="module")
def unenrolled(tmp_path_factory):
    """A till that was never let in."""
    folder = tmp_path_factory.mktemp("unenrolled")
    process = subprocess.Popen(
        [ROOT / ".build/debug/huiyika-till", "serve", "--data", folder / "till",
         "--port", str(UNENROLLED_PORT)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert any("web is ready" in line for line in process.stdout)
    yield f"http://127.0.0.1:{UNENROLLED_PORT}"
    process.terminate()
    process.wait(30)


@pytest.mark.parametrize("face", LANGUAGES)
def test_a_till_that_was_never_let_in_says_what_to_do(unenrolled, open_page, picture, face):
    page = open_page(face[0])
    page.goto(unenrolled)
    expect(page.locator("h1")).to_be_visible()
    picture(page, f"till-setup-{face[1]}")
    assert "huiyika-till enrol" in page.inner_text("#content")
    assert serious_faults(page) == []
    assert overflow(page) <= 0
    assert raw_words(page) == []
