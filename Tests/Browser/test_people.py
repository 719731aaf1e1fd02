"""People, tills, audit and overview of head office in a real browser."""

import base64
import hashlib
import hmac
import struct
import time

import pytest
from conftest import overflow, raw_words, serious_faults, sign_in

PASSWORD = "office-demo-1"
PAGES = [
    ("admin", "/account"), ("admin", "/staff"), ("admin", "/staff/issuer"), ("admin", "/tills"),
    ("admin", "/tills/GD0001-01"), ("auditor", "/quarantine"), ("auditor", "/audit"),
    ("auditor", "/"), ("issuer", "/second-factor/set-up"),
]


def time_code(secret, ahead=0):
    """RFC 6238, on its own."""
    key = base64.b32decode(secret.replace(" ", ""))
    step = int(time.time()) // 30 + ahead
    digest = hmac.new(key, struct.pack(">Q", step), hashlib.sha1).digest()
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset:offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


@pytest.mark.parametrize("login,path", PAGES)
def test_every_page_fits_reads_in_both_languages_and_has_no_serious_fault(
        network, as_person, picture, login, path):
    for language, short in [("zh-CN", "zh"), ("en-GB", "en")]:
        page = as_person(network.office, login, PASSWORD, language)
        answer = page.goto(network.office + path)
        assert answer.status == 200
        name = "people-" + (path.strip("/").replace("/", "-") or "overview")
        if path == "/":
            page.wait_for_selector("canvas[data-drawn]")
        picture(page, f"{name}-{short}")
        assert overflow(page) <= 0
        assert serious_faults(page) == []
        assert raw_words(page) == []
        page.set_viewport_size({"width": 768, "height": 1024})
        assert overflow(page) <= 0
        picture(page, f"{name}-{short}-narrow")


def test_the_overview_stays_fresh_without_a_reload(network, as_person):
    page = as_person(network.office, "auditor", PASSWORD)
    page.goto(network.office + "/")
    page.wait_for_selector("canvas[data-drawn='14']")
    page.evaluate("document.querySelector('[data-updated]').textContent = 'stale'")
    page.wait_for_selector("[data-updated]:not(:text-is('stale'))", timeout=15_000)
    assert page.locator(".freshness-cell").count() >= 2


def test_the_menu_of_who_sees_everything_is_one_line(network, as_person):
    for language in ["zh-CN", "en-GB"]:
        page = as_person(network.office, "auditor", PASSWORD, language)
        page.goto(network.office + "/")
        tops = page.eval_on_selector_all(
            ".top-nav a", "links => links.map(link => link.getBoundingClientRect().top)")
        assert len(tops) >= 10 and len(set(tops)) == 1
        assert page.evaluate(
            "() => { const nav = document.querySelector('.top-nav');"
            " return nav.scrollWidth - nav.clientWidth }") <= 0


def test_an_error_page_leads_back(network, as_person, picture):
    page = as_person(network.office, "issuer", PASSWORD)
    page.goto(network.office + "/cards")
    page.evaluate("() => { location.href = '/finance' }")
    page.wait_for_selector(".error-state")
    picture(page, "people-error-back-zh")
    page.click(".error-state .btn-primary")
    page.wait_for_url("**/cards")


def test_a_new_login_changes_its_password_and_sets_up_a_second_factor(
        network, as_person, open_page, picture):
    admin = as_person(network.office, "admin", PASSWORD)
    admin.goto(network.office + "/staff")
    admin.fill("#name", "赵新人")
    admin.fill("#login", "newcomer")
    admin.fill("#password", "office-demo-9")
    admin.check("#role-auditor")
    admin.click("form[action='/staff'] .btn-primary")
    admin.goto(network.office + "/staff/newcomer")
    admin.click("form[action='/staff/newcomer/password'] button")
    one_time = admin.inner_text("[data-one-time-password]").strip()
    picture(admin, "people-one-time-password-zh")

    page = open_page()
    sign_in(page, network.office, "newcomer", one_time)
    assert page.url.endswith("/password")
    page.fill("#present", one_time)
    page.fill("#new", "my-own-words-7")
    page.click("form[action='/password'] .btn-primary")
    sign_in(page, network.office, "newcomer", "my-own-words-7")
    page.goto(network.office + "/second-factor/set-up")
    secret = page.inner_text("[data-secret]").strip()
    page.fill("#code", time_code(secret))
    page.click("form[action='/second-factor/set-up'] .btn-primary")
    codes = page.locator(".recovery-codes li").all_inner_texts()
    assert len(codes) == 10
    picture(page, "people-recovery-codes-zh")

    for code, short in [(time_code(secret, ahead=1), "zh"), (codes[0], "en")]:
        again = open_page("zh-CN" if short == "zh" else "en-GB")
        sign_in(again, network.office, "newcomer", "my-own-words-7")
        assert again.url.endswith("/second-factor")
        picture(again, f"people-second-factor-{short}")
        assert serious_faults(again) == []
        again.goto(network.office + "/audit")
        assert again.url.endswith("/second-factor")
        again.fill("#code", code)
        again.keyboard.press("Enter")
        again.wait_for_url(network.office + "/")
        assert again.goto(network.office + "/audit").status == 200


def test_the_audit_is_exported_as_a_file(network, as_person):
    page = as_person(network.office, "auditor", PASSWORD)
    page.goto(network.office + "/audit?action=sign_in")
    with page.expect_download() as download:
        page.click("a[download]")
    text = open(download.value.path(), encoding="utf-8-sig").read()
    assert text.startswith("audit_id,chain_seq,hash,at_utc,actor")
    assert "sign_in" in text
    page.goto(network.office + "/audit?action=audit.export")
    assert page.locator("tbody tr").count() >= 1
