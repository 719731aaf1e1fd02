"""Card faces and a locked card at the counter, at the sizes that counters have, in both languages."""

import re

import pytest
from conftest import look
from playwright.sync_api import expect
from test_slips import TEST_CARD
from test_till import LANGUAGES, Cashier

TITLES = {"GD": "广东", "JS": "江苏", "test": "广东"}


@pytest.mark.parametrize("face", LANGUAGES)
@pytest.mark.parametrize("kind", list(TITLES))
def test_the_face_of_the_card_is_shown_to_compare(network, as_person, picture, face, kind):
    cards = {"GD": network.cards[8], "JS": network.cards[3], "test": TEST_CARD}
    base = network.till if kind == "test" else network.till_elsewhere
    till = Cashier(face, network, as_person, picture, base)
    page = till.page
    till.ring_up("banlangen")
    till.settle()
    page.keyboard.type(cards[kind]["number"])
    page.keyboard.press("Enter")
    expect(page.locator("#card-password")).to_be_focused()
    expect(page.locator("#face-title")).to_contain_text(TITLES[kind])
    expect(page.locator("#face-mask")).to_contain_text(cards[kind]["number"][-4:])
    expect(page.locator("#face-test")).to_be_visible(visible=kind == "test")
    look(page, picture, f"pay-face-{kind}")
    page.keyboard.press("Escape")
    expect(page.locator("#step-ended")).to_be_visible()


@pytest.mark.parametrize("face", LANGUAGES)
def test_a_locked_card_is_refused_with_the_reason_and_a_way_on(network, as_person, picture, face):
    card = network.cards[11]  # locked for the rest of the day: nobody else's
    till = Cashier(face, network, as_person, picture)
    page = till.page
    till.wait_until("s.online")
    till.ring_up("banlangen")
    till.settle()
    wrong = "000000" if card["password"] != "000000" else "111111"
    till.give(card, wrong)
    refused, again = page.locator("#step-refused"), page.locator("#step-password")
    for _ in range(5):
        expect(page.locator("#notice")).to_be_visible(timeout=15_000)
        expect(refused.or_(again).locator("visible=true")).to_be_visible()
        if refused.is_visible():
            break
        page.keyboard.type(wrong)
        page.keyboard.press("Enter")
        expect(page.locator("#step-waiting")).to_be_hidden(timeout=15_000)
    expect(refused).to_be_visible()
    expect(page.locator("#notice")).to_contain_text(re.compile("锁定|locked"))
    expect(page.locator("#refused-cancel")).to_be_focused()
    look(page, picture, "pay-locked")
    screen = page.context.new_page()
    screen.goto(network.till + "/customer")
    expect(screen.locator("#customer")).to_have_attribute("data-phase", "refused")
    look(screen, picture, "customer-refused")
    screen.close()
    page.keyboard.press("Enter")
    expect(page.locator("#step-ended")).to_be_visible()
    look(page, picture, "pay-locked-cancelled")
    page.keyboard.press("Enter")
    expect(page.locator("#item-count")).to_have_text("1")
