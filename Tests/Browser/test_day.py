"""Closing the day and the till's status, in both languages, online and with the line cut."""

import pytest
from conftest import overflow, raw_words, serious_faults
from playwright.sync_api import expect

LANGUAGES = [
    pytest.param(("zh-CN", "zh", "店长"), id="Chinese"),
    pytest.param(("en-GB", "en", "manager"), id="English"),
]
SELL = """async ([number, password, offline]) => {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const call = async (method, path, body) => {
    const answer = await fetch(path, { method, headers: { "Content-Type": "application/json",
      Accept: "application/json", "X-CSRF-Token": csrf }, body: JSON.stringify(body ?? {}) });
    return answer.json();
  };
  await call("DELETE", "/api/basket");
  const found = await (await fetch("/api/products?q=100001")).json();
  await call("POST", "/api/basket/lines", { code: found.products[0].sku, quantity: 1 });
  const payment = await call("POST", "/api/payments");
  let state = await call("POST", `/api/payments/${payment.id}/attempts`, { number, password });
  for (let tried = 0; state.state !== "completed" && tried < 20; tried += 1) {
    if (state.state === "no_answer") {
      const next = offline ? "stand-in" : "retry";
      state = await call("POST", `/api/payments/${payment.id}/${next}`);
    } else {
      await new Promise((next) => setTimeout(next, 300));
      state = await (await fetch(`/api/payments/${payment.id}`)).json();
    }
  }
  return state.state;
}"""
BEGIN = """async () => {
  const csrf = document.querySelector('meta[name="csrf-token"]').content;
  const call = async (method, path, body) => (await fetch(path, { method, headers: {
    "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
    body: JSON.stringify(body ?? {}) })).json();
  await call("DELETE", "/api/basket");
  await call("POST", "/api/basket/lines", { code: "100001", quantity: 1 });
  return (await call("POST", "/api/payments")).id;
}"""


def manager(network, as_person, language):
    page = as_person(network.till, "manager", "manager-demo-1", language)
    page.goto(network.till + "/day-close")
    return page


def check(page, picture, name):
    picture(page, name)
    assert serious_faults(page) == []
    assert raw_words(page) == []
    assert overflow(page) <= 0
    page.set_viewport_size({"width": 768, "height": 1024})
    assert overflow(page) <= 0
    picture(page, name + "-narrow")
    page.set_viewport_size({"width": 1366, "height": 768})


def sell(page, card, offline=False):
    assert page.evaluate(SELL, [card["number"], card["password"], offline]) == "completed"


def wait_for(page, condition):
    assert page.evaluate(
        "async () => { for (let asked = 0; asked < 300; asked += 1) {"
        f" const s = await (await fetch('/api/status')).json(); if ({condition}) return true;"
        " await new Promise((next) => setTimeout(next, 200)); } return false }"), condition


@pytest.mark.parametrize("face", LANGUAGES)
def test_a_manager_closes_the_day_online_and_prints_the_statement(
        network, as_person, picture, face):
    language, short, _ = face
    page = manager(network, as_person, language)
    sell(page, network.cards[0])
    wait_for(page, "s.unsentRecords === 0")
    page.reload()
    expect(page.locator("#close-day")).to_be_focused()
    check(page, picture, f"day-close-{short}")
    page.click("#close-day")
    page.click("#close-day")
    page.wait_for_url("**/day-close/*-*")
    expect(page.locator(".slip")).to_contain_text("GD0001-01")
    check(page, picture, f"day-statement-{short}")
    expect(page.locator("[data-printed]")).to_have_count(0)
    page.click("#print")
    printed = page.locator("#print-state li[data-state=printed]")
    expect(printed).to_have_count(1, timeout=15000)
    # What is printed once is a reprint from then on.
    expect(page.locator("[data-printed]")).to_be_visible()
    check(page, picture, f"day-statement-printed-{short}")
    page.goto(network.till + "/day-close")
    expect(page.locator("#former tbody tr").first).to_be_visible()
    check(page, picture, f"day-close-former-{short}")


@pytest.mark.parametrize("face", LANGUAGES)
def test_with_the_line_cut_closing_says_what_is_unsent_and_status_says_what_works(
        network, as_person, picture, face):
    language, short, _ = face
    page = manager(network, as_person, language)
    sell(page, network.cards[0])
    network.cut()
    try:
        for _ in range(2):
            sell(page, network.cards[0], offline=True)
        wait_for(page, "!s.online")
        page.goto(network.till + "/day-close")
        expect(page.locator("#unsent")).to_have_attribute("data-level", "warn")
        check(page, picture, f"day-close-cut-{short}")
        page.click("#close-day")
        page.click("#close-day")
        page.wait_for_url("**/day-close/*-*")
        check(page, picture, f"day-statement-cut-{short}")

        page.goto(network.till + "/status")
        expect(page.locator("#offline-answer")).to_have_attribute("data-level", "good")
        assert page.locator("[data-condition]").count() == 11
        assert page.locator("[data-condition][data-level=bad]").count() == 0
        check(page, picture, f"status-cut-{short}")
    finally:
        network.mend()
    wait_for(page, "s.unsentRecords === 0 && s.online")
    page.goto(network.till + "/day-close")
    expect(page.locator("#former tbody tr").first.locator(".state")).to_have_attribute(
        "data-level", "good")


@pytest.mark.parametrize("face", LANGUAGES)
def test_an_open_payment_must_end_first_and_stands_on_the_status_page(
        network, as_person, picture, face):
    language, short, _ = face
    page = manager(network, as_person, language)
    payment = page.evaluate(BEGIN)
    try:
        page.goto(network.till + "/day-close")
        expect(page.locator("#close-day")).to_be_disabled()
        expect(page.locator(f"#open-payments a[href='/pay/{payment}']")).to_be_visible()
        check(page, picture, f"day-close-open-{short}")
        page.goto(network.till + "/status")
        expect(page.locator("#matters a")).to_have_count(1)
        check(page, picture, f"status-open-{short}")
    finally:
        page.evaluate(
            "async (id) => { await fetch(`/api/payments/${id}/cancel`, { method: 'POST', headers:"
            " { 'Content-Type': 'application/json', 'X-CSRF-Token':"
            " document.querySelector('meta[name=\"csrf-token\"]').content }, body: '{}' }) }",
            payment)


def test_a_cashier_sees_the_figures_and_cannot_close(network, as_person, picture):
    page = as_person(network.till, "cashier1", "cashier-demo-1", "zh-CN")
    page.goto(network.till + "/day-close")
    expect(page.locator("#close-day")).to_have_count(0)
    expect(page.locator("#figures")).to_be_visible()
    check(page, picture, "day-close-cashier")


@pytest.mark.parametrize("face", LANGUAGES)
def test_head_office_sees_each_statement_beside_what_it_received(
        network, as_person, picture, face):
    language, short, _ = face
    page = as_person(network.office, "admin", "office-demo-1", language)
    page.goto(network.office + "/tills/GD0001-01/days")
    expect(page.locator("#days tbody tr").first).to_be_visible()
    assert page.locator("#days .badge-bad").count() == 0
    picture(page, f"office-days-{short}")
    assert serious_faults(page) == []
    assert raw_words(page) == []
    assert overflow(page) <= 0
