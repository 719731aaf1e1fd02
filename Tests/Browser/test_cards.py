"""Cards, programmes and catalogue at head office: each thing that takes two people is done by two."""

import struct
import zlib

import pytest
from conftest import overflow, raw_words, serious_faults
from playwright.sync_api import expect

PASSWORD = "office-demo-1"
SIZES = [(1366, 768), (768, 1024)]


@pytest.fixture
def clerk(network, as_person):
    def make(login, path, language="zh-CN", **size):
        page = as_person(network.office, login, PASSWORD, language, **size)
        page.goto(network.office + path)
        return page

    return make


def check(page, picture, name):
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        picture(page, f"cards-{name}-{width}")
        assert serious_faults(page) == [], name
        assert overflow(page) <= 0, name
    page.set_viewport_size({"width": 1366, "height": 768})
    assert raw_words(page) == [], name


def open_act(page, action):
    page.click(f"details:has(form[action$='/{action}']) summary")


def png(width, height, fill=b"\x0f\x76\x6e", rows=None):
    """A PNG of one colour; with `rows` fewer or more rows than it says."""
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = (b"\0" + fill * width) * (height if rows is None else rows)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", b"Comment\0secret")
            + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b""))


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("login,path", [
    ("issuer", "/cards"), ("issuer", "/card-requests"), ("supervisor", "/mailers"),
    ("supervisor", "/batches"), ("issuer", "/load-files"), ("supervisor", "/programmes"),
    ("supervisor", "/programmes/acceptance"), ("supervisor", "/programmes/GD"),
    ("admin", "/catalogue"),
])
def test_a_page_is_whole_in_both_languages(clerk, picture, language, login, path):
    page = clerk(login, path, language)
    name = path.strip("/").replace("/", "-")
    check(page, picture, f"page-{name}-{language[:2]}")


def test_a_lost_card_is_replaced_by_two_people_and_its_money_moves(network, clerk, picture):
    card = network.cards[4]
    issuer = clerk("issuer", "/cards")
    issuer.fill("#number", card["number"])
    issuer.keyboard.press("Enter")
    expect(issuer.locator(".figure-value").first).to_be_visible()
    address = issuer.url
    open_act(issuer, "holder")
    issuer.fill("#holder-name", "欧阳娜娜")
    issuer.click("form[action$='/holder'] button")
    expect(issuer.locator(".facts")).to_contain_text("欧*")
    open_act(issuer, "reveal")
    issuer.fill("#reason-reveal", "核对实体卡")
    issuer.click("form[action$='/reveal'] button")
    expect(issuer.locator("#revealed")).to_contain_text("欧阳娜娜")
    assert issuer.locator(".code-shown").inner_text().replace(" ", "") == card["number"]
    check(issuer, picture, "card-revealed-zh")
    issuer.goto(address)
    open_act(issuer, "lost")
    issuer.fill("#reason-lost", "持卡人来电挂失")
    issuer.click("form[action$='/lost'] button")
    expect(issuer.locator(".page-head .badge-bad")).to_be_visible()
    check(issuer, picture, "card-lost-zh")
    issuer.click("details:has(#reason-replace) summary")
    issuer.fill("#reason-replace", "补卡")
    issuer.click("form:has(#reason-replace) button")
    expect(issuer.locator("table").filter(has_text="补卡").first).to_be_visible()
    issuer.goto(network.office + "/card-requests")
    expect(issuer.locator("table.list tbody tr").first).to_contain_text("须由另一人审核")
    check(issuer, picture, "requests-own-zh")
    supervisor = clerk("supervisor", "/card-requests", "en-GB")
    check(supervisor, picture, "requests-en")
    supervisor.click("button[value=approved]")
    expect(supervisor.locator(".notice-success")).to_be_visible()
    supervisor.goto(address)
    expect(supervisor.locator(".facts")).to_contain_text("Replaced by")
    check(supervisor, picture, "card-replaced-en")
    supervisor.locator(".facts .card-number a").last.click()
    expect(supervisor.locator(".facts")).to_contain_text("Replaces")
    check(supervisor, picture, "card-new-en")
    issuer.goto(network.office + "/cards")
    issuer.fill("#number", "欧阳娜娜")
    issuer.keyboard.press("Enter")
    expect(issuer.locator("table.list tbody tr")).to_have_count(2)
    check(issuer, picture, "cards-by-holder-zh")


def test_a_file_of_loads_is_previewed_asked_and_booked_by_another(network, clerk, picture):
    number = network.cards[3]["number"]
    issuer = clerk("issuer", "/load-files")
    bad = f"卡号,金额,事由\n{number},\"1,00\",补贴\n616020190110,5,补贴\n".encode("gb18030")
    issuer.set_input_files("#load-file", {
        "name": "十一月补贴.csv", "mimeType": "text/csv", "buffer": bad})
    expect(issuer.locator("#load-file-preview tbody tr")).to_have_count(2)
    expect(issuer.locator("#load-file-ask")).to_be_disabled()
    check(issuer, picture, "load-file-bad-zh")
    good = f"卡号,金额,事由\n{number},12.50,十一月补贴\n".encode("gb18030")
    issuer.set_input_files("#load-file", {
        "name": "十一月补贴.csv", "mimeType": "text/csv", "buffer": good})
    expect(issuer.locator("#load-file-ask")).to_be_enabled()
    check(issuer, picture, "load-file-good-zh")
    issuer.click("#load-file-ask")
    issuer.wait_for_url("**/load-files/*-*")
    check(issuer, picture, "load-file-own-zh")
    supervisor = clerk("supervisor", "/load-files", "en-GB")
    check(supervisor, picture, "load-files-en")
    supervisor.click("table.list tbody a")
    check(supervisor, picture, "load-file-en")
    supervisor.click("button[value=approved]")
    expect(supervisor.locator(".page-head .badge-good")).to_be_visible()


def test_a_face_picture_is_checked_and_shown(network, clerk, picture):
    supervisor = clerk("supervisor", "/programmes/GD")

    def send(name, content):
        supervisor.set_input_files(
            "#face-file", {"name": name, "mimeType": "image/png", "buffer": content})

    send("face.png", b"GIF89a" + bytes(100))
    expect(supervisor.locator("#face-notice .notice-danger")).to_be_visible()
    check(supervisor, picture, "face-refused-zh")
    send("bomb.png", png(300, 300, rows=200_000))
    expect(supervisor.locator("#face-notice .notice-danger")).to_be_visible()
    send("face.png", png(640, 400))
    expect(supervisor.locator("img.card-face")).to_be_visible()
    supervisor.wait_for_function(
        "() => document.querySelector('img.card-face').naturalWidth === 640")
    source = supervisor.evaluate(
        "async () => { const image = document.querySelector('img.card-face');"
        " const answer = await fetch(image.src); const bytes = await answer.arrayBuffer();"
        " return [answer.headers.get('content-type'),"
        " new TextDecoder('latin1').decode(bytes)] }")
    assert source[0] == "image/png"
    assert "secret" not in source[1]
    check(supervisor, picture, "face-zh")


def test_a_dirty_catalogue_in_gb18030_names_every_bad_row(clerk, picture):
    admin = clerk("admin", "/catalogue")
    rows = ("商品编码,条码,品名,规格,零售价,状态\n"
            "900001,,感冒灵颗粒甲,10g*9袋,16.80,在售\n900002,,感冒清热颗粒,12g,\"21,50\",在售\n"
            "900003,,小儿感冒颗粒,6g,-3.00,在售\n900004,,,6g,3.00,在售\n")
    admin.set_input_files("#catalogue-file", {
        "name": "gbk.csv", "mimeType": "text/csv", "buffer": rows.encode("gb18030")})
    expect(admin.locator("#catalogue-preview table").first.locator("tbody tr")).to_have_count(3)
    check(admin, picture, "catalogue-preview-zh")
    admin.click("#catalogue-apply")
    expect(admin.locator("#catalogue-preview .notice-success")).to_be_visible()
    admin.fill("#text", "900001")
    admin.click("form.filters button")
    admin.click("table.list a")
    expect(admin.locator("table.list tbody tr")).to_have_count(1)
    check(admin, picture, "prices-zh")
