"""A whole day at the till with the mouse unplugged: first with the line, then with the line cut."""

import re

import pytest
from conftest import Program, new_id, overflow, raw_words, serious_faults
from playwright.sync_api import expect
from test_selling import next_customer, pay_by_keys, press, ring_up_by_keys, slowly
from test_till import LANGUAGES, Cashier

# A press of a mouse's button would be noted here; what a key clicks is none.
NO_MOUSE = """window.mouse = 0;
  for (const kind of ["mousedown", "pointerdown", "touchstart", "wheel"])
    addEventListener(kind, () => { window.mouse += 1 }, true);"""
CARD_OF = {"zh": 9, "en": 10}


class Day(Cashier):
    """Somebody at the till who has nothing but keys."""

    def __init__(self, face, network, open_page, picture):
        self.language, self.short, self.account, self.password = face
        self.network, self._picture = network, picture
        self.page = open_page(self.language)
        self.page.add_init_script(NO_MOUSE)
        self.card = network.cards[CARD_OF[self.short]]

    def look(self, name):
        self.picture("day-" + name)
        assert serious_faults(self.page) == [], name
        assert raw_words(self.page) == [], name
        assert overflow(self.page) <= 0, name
        assert self.page.evaluate("window.mouse") == 0

    def tab_to(self, selector):
        for _ in range(60):
            if self.page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
                return
            press(self.page, "Tab")
        raise AssertionError(f"no key leads to {selector}")

    def sign_in(self, account, password):
        expect(self.page.locator("#account")).to_be_focused()
        slowly(self.page, account)
        press(self.page, "Tab")
        slowly(self.page, password)
        press(self.page, "Enter")
        expect(self.page.locator("#search")).to_be_focused(timeout=30_000)

    def sign_out(self):
        press(self.page, "Alt+q")
        self.page.wait_for_url("**/sign-in*")

    def finish(self, online):
        """Pays with the card whose number was typed; gives the order's number."""
        pay_by_keys(self, self.card)
        if online:
            self.wait_until_paid()
        else:
            expect(self.page.locator("#step-choice")).to_be_visible(timeout=15_000)
            self.look("no-answer")
            press(self.page, "F8")
            expect(self.page.locator("#step-done")).to_be_visible(timeout=15_000)
        return self.page.inner_text("#done-receipt")

    def sell_hold_and_resume(self, online):
        page, kind = self.page, "" if online else "-cut"
        ring_up_by_keys(self, "ganmao", 2)
        press(page, "F4")
        slowly(page, "9.90")
        press(page, "Enter")
        expect(page.locator("#edit-reason")).to_be_focused()
        press(page, "2", "Enter")
        expect(page.locator("#total")).to_have_text("¥19.80")
        self.look("sell" + kind)
        press(page, "F6")
        expect(page.locator("#hold-note")).to_be_focused()
        page.keyboard.insert_text("张女士")
        press(page, "Enter")
        expect(page.locator("#basket-empty")).to_be_visible()
        ring_up_by_keys(self, "banlangen")
        first = self.finish(online)
        self.look("paid" + kind)
        next_customer(self)
        press(page, "F7")
        expect(page.locator("#held-list")).to_be_focused()
        self.look("held" + kind)
        press(page, "Enter")
        expect(page.locator("#total")).to_have_text("¥19.80")
        self.finish(online)
        next_customer(self)
        return first

    def open_order(self, receipt):
        page = self.page
        press(page, "Alt+o")
        expect(page.locator("#number")).to_be_focused()
        slowly(page, receipt)
        press(page, "Enter")
        expect(page.locator("table.list tbody tr")).to_have_count(1)
        self.look("orders")
        press(page, "F3", "ArrowDown", "Enter")
        expect(page.locator("h1")).to_have_text(receipt)

    def refund_and_reprint(self, receipt):
        page = self.page
        self.open_order(receipt)
        self.look("order")
        press(page, "F9")
        page.wait_for_url("**/slip")
        expect(page.locator("#next")).to_be_focused()
        with page.expect_navigation():
            press(page, "F9")
        expect(page.locator(".page-title .state")).to_contain_text(re.compile("补打|[Rr]eprint"))
        expect(page.locator("#next")).to_be_focused()
        self.look("reprint")
        self.open_order(receipt)
        press(page, "F7")
        expect(page.locator("#refund-form")).to_be_visible()
        self.tab_to("#card")
        slowly(page, self.card["number"])
        press(page, "Tab")
        page.keyboard.insert_text("顾客退货")
        self.look("refund")
        self.tab_to("#refund-form button[type=submit]")
        press(page, "Enter")
        page.wait_for_url("**/refunds")
        row = page.locator("table.list tbody tr", has_text=receipt).first
        expect(row).to_be_visible()
        self.look("refunds")
        for _ in range(2):
            self.tab_to("[data-withdraw]")
            press(page, "Enter")
        expect(row).to_contain_text(re.compile("已撤回|Withdrawn"))

    def close_the_day(self, kind):
        page = self.page
        self.sign_out()
        self.sign_in("manager", "manager-demo-1")
        press(page, "Alt+c")
        expect(page.locator("#close-day")).to_be_focused()
        self.look("close" + kind)
        press(page, "Enter", "Enter")
        page.wait_for_url("**/day-close/*-*")
        expect(page.locator(".slip")).to_contain_text("GD0001-01")
        self.look("statement" + kind)
        for key, page_name in [("p", "printers"), ("t", "status")]:
            press(page, "Alt+" + key)
            page.wait_for_url(f"**/{page_name}")
            self.look(page_name + kind)
        self.sign_out()

    def let_through(self):
        """A sale above the limit of one sale without the line, with a manager's word."""
        page = self.page
        ring_up_by_keys(self, "banlangen", 13)
        pay_by_keys(self, self.card)
        expect(page.locator("#choice-override")).to_be_visible(timeout=15_000)
        press(page, "F9")
        expect(page.locator("#override-login")).to_be_focused()
        slowly(page, "manager")
        press(page, "Tab")
        slowly(page, "manager-demo-1")
        press(page, "Tab")
        page.keyboard.insert_text("老顾客，线路中断")
        self.look("override")
        press(page, "Enter")
        expect(page.locator("#step-done")).to_be_visible(timeout=15_000)
        next_customer(self)


@pytest.fixture(params=LANGUAGES)
def day(request, network, open_page, picture):
    day = Day(request.param, network, open_page, picture)
    # Head office loads the card that this day is paid with, by two people.
    issuer = Program(network.office, "issuer", "office-demo-1")
    card = issuer.do("POST", "/cards/find", {"text": day.card["number"]})["rows"][0]["card"]
    load = new_id()
    issuer.do(
        "POST", f"/cards/{card}/loads", {"load": load, "amount": 40_000, "reason": "充值"})
    supervisor = Program(network.office, "supervisor", "office-demo-1")
    supervisor.do("POST", f"/loads/{load}/decide", {"verdict": "approved"})
    return day


def test_a_whole_day_and_one_without_a_line_need_no_mouse(day, network):
    page = day.page
    page.goto(network.till)
    day.look("sign-in")
    day.sign_in(day.account, day.password)
    press(page, "F1")
    expect(page.locator("#keys-help")).to_be_visible()
    day.look("keys")
    press(page, "F1")
    expect(page.locator("#keys-help")).to_be_hidden()
    first = day.sell_hold_and_resume(online=True)
    day.wait_until("s.unsentRecords === 0")
    day.refund_and_reprint(first)
    day.close_the_day("")

    network.cut()
    try:
        # The line is down from the first key on: signing in included.
        day.sign_in(day.account, day.password)
        day.wait_until("!s.online")
        day.sell_hold_and_resume(online=False)
        day.let_through()
        day.refund_and_reprint(first)
        day.close_the_day("-cut")
    finally:
        network.mend()
    day.sign_in(day.account, day.password)
    day.wait_until("s.online && s.unsentRecords === 0")
    assert page.evaluate("window.mouse") == 0
    press(page, "Alt+o")
    expect(page.locator("table.list tbody tr").first).to_be_visible()
    page.reload()
    expect(page.locator("table.list tbody tr .state").first).to_contain_text(
        re.compile("已入账|Posted"))
