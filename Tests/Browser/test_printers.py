"""Printers set up in a real browser, slips on virtual paper, and what the cashier sees when paper is short."""

import os
import pathlib
import re
import subprocess
import time

import pytest
from conftest import (
    FIRST_PORT, Program, ROOT, look, overflow, picture_path, raw_words, serious_faults)
from playwright.sync_api import expect

LANGUAGES = [
    pytest.param(("zh-CN", "zh"), id="Chinese"),
    pytest.param(("en-GB", "en"), id="English"),
]
READY = {"zh": "正常", "en": "Ready"}
PAPER_OUT = {"zh": "缺纸", "en": "Out of paper"}


@pytest.fixture(params=LANGUAGES)
def desk(request, network, as_person, picture):
    return Desk(request.param, network, as_person, picture)


class Desk:
    """A manager at the second till, whose printer has 58 mm paper."""

    def __init__(self, face, network, as_person, picture):
        self.language, self.short = face
        self.network, self._picture = network, picture
        self.base = network.till_elsewhere
        self.folder = pathlib.Path(network.folder) / "printer-2"
        self.trouble("")
        self.page = as_person(self.base, "manager", "manager-demo-1", self.language)

    def trouble(self, words):
        (self.folder / "condition").write_text(words)

    def check(self, name):
        page = self.page
        self._picture(page, f"printers-{name}-{self.short}")
        assert serious_faults(page) == []
        assert overflow(page) <= 0
        page.set_viewport_size({"width": 768, "height": 1024})
        assert overflow(page) <= 0
        self._picture(page, f"printers-{name}-{self.short}-narrow")
        page.set_viewport_size({"width": 1366, "height": 768})
        assert raw_words(page) == []

    def sell(self, card):
        page = self.page
        page.goto(self.base)
        expect(page.locator("#search")).to_be_focused()
        page.fill("#search", "ganmao")
        expect(page.locator("#results li").first).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("#item-count")).to_have_text("1")
        page.keyboard.press("F9")
        page.wait_for_url("**/pay/*")
        page.fill("#card-number", card["number"])
        page.keyboard.press("Enter")
        expect(page.locator("#card-password")).to_be_focused()
        page.keyboard.type(card["password"])
        page.keyboard.press("Enter")
        expect(page.locator("#step-done")).to_be_visible(timeout=15000)
        return page.inner_text("#done-receipt")

    def papers(self, receipt):
        return sorted(p for p in self.folder.glob("*.txt") if receipt in p.read_text())


def test_a_printer_is_set_up_tested_changed_and_removed(desk):
    page = desk.page
    page.goto(desk.base + "/printers")
    expect(page.locator("#printer-list tbody tr")).to_have_count(2)
    expect(page.locator("#printer-list tbody tr .state", has_text=READY[desk.short])).to_have_count(2)
    desk.check("list")
    page.click("#add")
    page.fill("#edit-name", "后台")
    page.fill("#edit-address", "/etc/passwd")
    page.select_option("#edit-device", "file")
    page.click("#edit-form button[type=submit]")
    expect(page.locator("#edit-notice")).to_be_visible()
    desk.check("wrong-address")
    page.select_option("#edit-device", "tcp")
    page.fill("#edit-address", f"127.0.0.1:{FIRST_PORT + 5}")
    page.select_option("#edit-paper", "80")
    page.fill("#edit-copies", "1")
    desk.check("add")
    page.click("#edit-form button[type=submit]")
    row = page.locator("#printer-list tbody tr", has_text="后台")
    expect(row).to_be_visible()
    expect(row.locator(".state").last).to_have_text(READY[desk.short], timeout=10000)
    row.locator("button").first.click()
    expect(page.locator("#ended-list tr", has_text="后台").first).to_have_attribute(
        "data-state", "printed", timeout=10000)
    desk.check("tested")
    row.locator("button", has_text=re.compile("修改|Change")).click()
    expect(page.locator("#edit-slip")).to_be_disabled()
    page.fill("#edit-name", "仓库")
    page.keyboard.press("Enter")
    row = page.locator("#printer-list tbody tr", has_text="仓库")
    expect(row).to_be_visible()
    remove = row.locator("button.button-danger")
    remove.click()
    remove.click()
    expect(page.locator("#printer-list tbody tr")).to_have_count(2)


def test_a_cashier_may_look_and_test_but_not_change(desk, as_person):
    page = as_person(desk.base, "cashier1", "cashier-demo-1", desk.language)
    page.goto(desk.base + "/printers")
    expect(page.locator("#printer-list tbody tr")).to_have_count(2)
    expect(page.locator("#add")).to_have_count(0)
    expect(page.locator("#printer-list .button-danger")).to_have_count(0)
    status = page.evaluate(
        """async () => (await fetch('/api/printers', {method: 'POST', headers: {
             'Content-Type': 'application/json',
             'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content},
           body: JSON.stringify({slip: 'sale', name: 'x', device: 'tcp', address: '127.0.0.1:1',
             paper: 80, encoding: 'gbk', copies: 1, language: 'en'})})).status""")
    assert status == 403


def test_a_slip_waits_for_paper_and_the_counter_does_not(desk):
    page, card = desk.page, desk.network.cards[3]
    page.goto(desk.base + "/printers")
    expect(page.locator("#printer-list tbody tr .state", has_text=READY[desk.short])).to_have_count(2)
    desk.trouble("paper-out")
    receipt = desk.sell(card)
    expect(page.locator("#print-state")).to_contain_text(PAPER_OUT[desk.short], timeout=15000)
    expect(page.locator("#status-printers")).to_contain_text(PAPER_OUT[desk.short], timeout=10000)
    desk.check("paid-without-paper")
    # The next sale begins at once.
    page.goto(desk.base)
    expect(page.locator("#search")).to_be_focused()
    page.goto(desk.base + "/printers")
    expect(page.locator("#job-list tr", has_text=receipt)).to_have_count(2)
    desk.check("queue")
    page.goto(desk.base + "/status")
    desk.check("status")
    assert desk.papers(receipt) == []
    desk.trouble("")
    page.goto(desk.base + "/printers")
    expect(page.locator("#ended-list tr", has_text=receipt)).to_have_count(2, timeout=30000)
    merchant, customer = desk.papers(receipt)
    assert "商户存根" in merchant.read_text() and "顾客联" in customer.read_text()
    assert card["number"] not in merchant.read_text()
    expect(page.locator("#ended-list tr", has_text=receipt).first).to_have_attribute(
        "data-state", "printed")
    desk.check("printed")
    draw(page, merchant, f"paper-merchant-58-{desk.short}")
    draw(page, customer, f"paper-customer-58-{desk.short}")


def test_a_reprint_is_marked_on_paper(desk):
    page = desk.page
    receipt = desk.sell(desk.network.cards[3])
    expect(page.locator("#print-state li[data-state=printed]")).to_have_count(2, timeout=15000)
    desk.check("paid-and-printed")
    page.click("#open-slip")
    page.wait_for_url("**/slip")
    assert page.locator(".slip.slip-58").count() == 2
    assert page.locator(".slip-code svg").count() == 1
    desk.check("slip")
    page.keyboard.press("F9")
    expect(page.locator("#print-state li[data-state=printed]")).to_have_count(2, timeout=15000)
    papers = papers_with(page, desk.folder, receipt, 4)
    assert ["补打第 1 次" in p.read_text() for p in papers] == [False, False, True, True]
    draw(page, papers[2], f"paper-reprint-58-{desk.short}")
    # What the bars of narrow paper say finds the order.
    bars = re.search(r"\|\|\|\| (\w+)\]", papers[0].read_text()).group(1)
    assert bars == receipt.replace("-", "")
    found = page.evaluate(
        """async (number) => (await (await fetch('/api/sales/search', {method: 'POST', headers: {
             'Content-Type': 'application/json',
             'X-CSRF-Token': document.querySelector('meta[name=csrf-token]').content},
           body: JSON.stringify({number})})).json()).orders.map((o) => o.receipt)""", bars)
    assert found == [receipt]


@pytest.fixture(scope="module")
def till_without_fonts(network, tmp_path_factory):
    """A till of its own on a machine where no font is installed."""
    data, port = tmp_path_factory.mktemp("without-fonts") / "till", str(FIRST_PORT + 18)
    program = ROOT / ".build/debug/huiyika-till"
    admin = Program(network.office, "admin", "office-demo-1")
    code = admin.do("POST", "/enrolment-codes", {"store": "JS0001"})["code"]
    enrolment = subprocess.Popen(
        [program, "enrol", "--data", data, "--office", network.sync, "--ca",
         network.folder / "office/ca.pem", "--code", code, "--name", "仓库"])
    waiting, end = [], time.monotonic() + 30
    while not waiting and time.monotonic() < end:
        time.sleep(0.2)
        waiting = admin.do("GET", "/enrolments")["rows"]
    admin.do("POST", f"/enrolments/{waiting[0]['enrolment']}/decide", {"verdict": "approved"})
    assert enrolment.wait(60) == 0
    process = subprocess.Popen(
        [program, "serve", "--data", data, "--port", port],
        env=os.environ | {"HUIYIKA_TILL_PRINT_FONTS": str(data / "no-such-font.ttc")},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert any("web is ready" in line for line in process.stdout)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(30)


@pytest.mark.parametrize("face", LANGUAGES)
def test_a_till_without_fonts_says_what_prints_instead_and_whom_to_ask(
        till_without_fonts, open_page, picture, face):
    page = open_page(face[0])
    for _ in range(30):  # it lets nobody in before its first pull
        page.goto(till_without_fonts + "/sign-in")
        page.fill("input[name=account]", "manager")
        page.fill("input[name=password]", "manager-demo-1")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        if "/sign-in" not in page.url:
            break
        page.wait_for_timeout(500)
    page.goto(till_without_fonts + "/printers")
    expect(page.locator("#no-font")).to_contain_text("fonts-noto-cjk")
    expect(page.locator("#no-font")).to_contain_text("〓")
    look(page, picture, "printers-without-fonts")


def papers_with(page, folder, text, count):
    """The papers that say so, once there are so many."""
    for _ in range(120):
        found = sorted(p for p in folder.glob("*.txt") if text in p.read_text())
        if len(found) >= count:
            return found
        page.wait_for_timeout(250)
    raise AssertionError(f"{len(found)} papers of {text}, not {count}")


def draw(page, paper, name):
    """The virtual printer's own drawing of a paper."""
    svg = paper.with_suffix(".svg").read_text()
    width, height = map(int, re.search(r'width="(\d+)" height="(\d+)"', svg).groups())
    context = page.context.browser.new_context(viewport={"width": width, "height": height})
    sheet = context.new_page()
    sheet.set_content(f"<body style='margin:0'>{svg}</body>")
    sheet.screenshot(path=picture_path(name, name.rsplit("-", 1)[1]))
    context.close()
