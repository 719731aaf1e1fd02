"""Head office's pages in a real browser."""

import re

import pytest
from conftest import overflow, raw_words, serious_faults
from playwright.sync_api import Error

PASSWORD = "office-demo-1"
PAGES = [
    ("admin", "/"), ("admin", "/stores"), ("admin", "/tills"), ("admin", "/catalogue"),
    ("admin", "/staff"), ("supervisor", "/programmes"), ("issuer", "/cards"),
    ("issuer", "/batches"), ("supervisor", "/loads"), ("approver", "/refunds"),
    ("finance", "/finance"), ("finance", "/orders"), ("auditor", "/audit"),
    ("admin", "/stores/GD0001"), ("admin", "/password"), ("finance", "/refunds/grace"),
    ("finance", "/exceptions"), ("finance", "/quarantine"),
]


@pytest.mark.parametrize("login,path", PAGES)
def test_every_page_fits_reads_in_both_languages_and_has_no_serious_fault(
        network, as_person, picture, login, path):
    for language, short in [("zh-CN", "zh"), ("en-GB", "en")]:
        page = as_person(network.office, login, PASSWORD, language)
        answer = page.goto(network.office + path)
        assert answer.status == 200
        name = path.strip("/").replace("/", "-") or "overview"
        picture(page, f"office-{name}-{short}")
        assert overflow(page) <= 0
        assert serious_faults(page) == []
        assert raw_words(page) == []
        page.set_viewport_size({"width": 768, "height": 1024})
        assert overflow(page) <= 0
        picture(page, f"office-{name}-{short}-narrow")


def test_a_page_of_another_role_is_refused_without_a_trace(network, as_person, picture):
    page = as_person(network.office, "issuer", PASSWORD)
    answer = page.goto(network.office + "/finance")
    assert answer.status == 403
    picture(page, "office-not-allowed-zh")
    text = page.inner_text("body")
    for leak in ["SELECT", "Swift", ".swift", "postgres"]:
        assert leak not in text


def test_a_wrong_password_says_so_and_keeps_the_account(network, open_page, picture):
    page = open_page()
    page.goto(network.office + "/sign-in")
    page.fill("input[name=account]", "auditor")
    page.fill("input[name=password]", "not-the-password")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "/sign-in" in page.url
    assert page.input_value("input[name=account]") == "auditor"
    picture(page, "office-sign-in-wrong-zh")


def kind_of(address):
    """Pages of one kind have one address, but for what they are of."""
    path = address.split("#")[0].split("?")[0]
    return re.sub(r"/(\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{2}\d{4}(-\d\d)?)(?=/|$)", "/…", path)


@pytest.mark.parametrize(
    "login", ["admin", "issuer", "supervisor", "approver", "finance", "auditor"])
def test_no_link_leads_its_reader_to_a_shut_door_and_every_page_fits_a_phone(
        network, as_person, login):
    page = as_person(network.office, login, PASSWORD, width=390, height=800)
    waiting, seen = [network.office + "/"], set()
    while waiting:
        address = waiting.pop(0)
        if kind_of(address) in seen:
            continue
        seen.add(kind_of(address))
        try:
            answer = page.goto(address)
        except Error as error:
            assert "Download is starting" in str(error)
            continue
        assert answer.status == 200, address
        assert overflow(page) <= 0, address
        waiting += page.eval_on_selector_all(
            "a[href]:not([download])", "links => links.map(link => link.href)"
            f".filter(href => href.startsWith('{network.office}/'))")
    assert len(seen) > 12
