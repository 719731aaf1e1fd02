"""Every clerk of head office does the own job by page, four eyes included."""

import re
import subprocess

import pytest
from conftest import ROOT, overflow, picture_path, raw_words, serious_faults
from playwright.sync_api import expect
from test_till import Cashier

PASSWORD = "office-demo-1"
FORBIDDEN = [
    ("issuer", "/audit"), ("issuer", "/staff"), ("approver", "/finance"),
    ("approver", "/batches"), ("finance", "/audit"), ("admin", "/finance"), ("admin", "/loads"),
]


@pytest.fixture
def clerk(network, as_person, picture):
    def make(login, path, language="zh-CN"):
        page = as_person(network.office, login, PASSWORD, language)
        page.goto(network.office + path)
        return page

    return make


def check(page, picture, name):
    picture(page, f"office-{name}")
    assert serious_faults(page) == []
    assert overflow(page) <= 0
    assert raw_words(page) == []


def post_form(page, path, **fields):
    """What a page's form would send, from somebody whose page has no such form."""
    return page.evaluate(
        "async ([path, fields]) => { const token ="
        " document.querySelector('meta[name=csrf-token]').content;"
        " const answer = await fetch(path, {method: 'POST',"
        " body: new URLSearchParams({csrf: token, ...fields})});"
        " return {status: answer.status, text: await answer.text()} }", [path, fields])


def test_a_batch_takes_two_people_and_its_files_are_downloaded_once(clerk, picture):
    issuer = clerk("issuer", "/batches")
    issuer.select_option("#programme", "GD")
    issuer.fill("#quantity", "2")
    issuer.fill("#initialLoad", "50.00")
    issuer.fill("#note", "门店补卡")
    issuer.click("main form button.btn-primary")
    row = issuer.locator("table.list tbody tr", has_text="门店补卡")
    expect(row).to_contain_text("须由另一人审核")
    expect(row.locator("button")).to_have_count(0)
    check(issuer, picture, "batch-asked-zh")
    batch = row.locator("td").first.inner_text()
    own = post_form(issuer, f"/batches/{batch}/approve")
    assert own["status"] in (403, 409, 422)
    supervisor = clerk("supervisor", "/batches", "en-GB")
    row = supervisor.locator("table.list tbody tr", has_text="门店补卡")
    check(supervisor, picture, "batch-to-approve-en")
    row.locator("button.btn-primary").click()
    row = supervisor.locator("table.list tbody tr", has_text="门店补卡")
    expect(row.locator(".badge-good")).to_be_visible()
    with supervisor.expect_download() as download:
        row.locator("form[action$='/printer-file'] button").click()
    lines = download.value.path().read_bytes()
    assert lines.startswith(b"\xef\xbb\xbf")
    assert len(lines.decode("utf-8-sig").splitlines()) == 3
    with supervisor.expect_download() as download:
        row.locator("form[action^='/mailers/'] button").click()
    assert b"huiyika/mailers/1" in download.value.path().read_bytes()
    expect(row.locator("button")).to_have_count(0)
    again = post_form(supervisor, f"/batches/{batch}/printer-file")
    assert again["status"] == 409
    check(supervisor, picture, "batch-issued-en")


def test_a_load_takes_two_people_and_a_frozen_card_is_thawed_by_the_supervisor(
        network, clerk, picture):
    card = network.cards[2]
    issuer = clerk("issuer", "/cards")
    issuer.fill("#number", card["number"])
    issuer.keyboard.press("Enter")
    expect(issuer.locator("#amount")).to_be_visible()
    check(issuer, picture, "card-zh")
    address = issuer.url
    balance = issuer.locator(".figure-value").first
    expect(balance).to_have_text("¥100.00")
    issuer.fill("#amount", "30")
    issuer.fill("#load-reason", "柜台充值")
    issuer.click("form[action$='/loads'] button")
    expect(issuer.locator(".notice-success")).to_be_visible()
    issuer.goto(network.office + "/loads")
    expect(issuer.locator("table.list tbody tr")).to_contain_text("须由另一人审核")
    check(issuer, picture, "loads-own-zh")
    supervisor = clerk("supervisor", "/loads", "en-GB")
    check(supervisor, picture, "loads-to-approve-en")
    supervisor.click("button[value=approved]")
    expect(supervisor.locator(".notice-success")).to_be_visible()
    issuer.goto(address)
    expect(balance).to_have_text("¥130.00")
    issuer.click("details:has(form[action$='/freeze']) summary")
    issuer.fill("#reason-freeze", "顾客报失，核实中")
    issuer.click("form[action$='/freeze'] button")
    expect(issuer.locator(".page-head .badge-state").first).to_have_text("已冻结")
    expect(issuer.locator("#reason-unfreeze")).to_have_count(0)
    check(issuer, picture, "card-frozen-zh")
    supervisor.goto(address)
    check(supervisor, picture, "card-frozen-en")
    supervisor.click("details:has(form[action$='/unfreeze']) summary")
    supervisor.fill("#reason-unfreeze", "card was found")
    supervisor.click("form[action$='/unfreeze'] button")
    expect(supervisor.locator(".page-head .badge-state").first).to_have_text("Active")


def test_a_refund_needs_an_opinion_and_is_decided_once(network, as_person, clerk, picture):
    till = Cashier(
        ("zh-CN", "zh", "cashier1", "cashier-demo-1"), network, as_person, lambda *_: None)
    receipt = till.sell(network.cards[7], "banlangen")
    asked = till.page.evaluate(
        "async ([path, card]) => { const token ="
        " document.querySelector('meta[name=csrf-token]').content;"
        " const answer = await fetch(path, {method: 'POST', headers: {'X-CSRF-Token': token,"
        " 'Content-Type': 'application/json'},"
        " body: JSON.stringify({card, reason: '拿错了药', lines: null})});"
        " return answer.json() }",
        [f"/api/sales/{till.page.url.split('/')[-1]}/refunds", network.cards[7]["number"]])
    assert asked["saleReceipt"] == receipt
    till.wait_until("s.unsentRecords === 0")

    approver = clerk("approver", "/refunds")
    check(approver, picture, "refunds-waiting-zh")
    approver.locator("table.list tbody tr", has_text=receipt).locator("a").first.click()
    expect(approver.locator("#opinion")).to_be_visible()
    check(approver, picture, "refund-zh")
    stale = clerk("approver", "/", "en-GB")
    stale.goto(approver.url)
    check(stale, picture, "refund-en")
    stale.click(".facts a.code, .facts .code a")
    expect(stale.locator("h1")).to_contain_text(receipt)
    expect(stale.locator(".notice")).to_have_count(0)
    check(stale, picture, "order-en")
    stale.go_back()
    reader = clerk("finance", "/")
    reader.goto(approver.url)
    expect(reader.locator("h1")).to_contain_text(receipt)
    expect(reader.locator("#opinion")).to_have_count(0)

    approver.click("button[value=approved]")
    expect(approver.locator("#opinion")).to_be_focused()
    digest = approver.input_value("input[name=digest]")
    silent = post_form(
        approver, re.sub(r"^https?://[^/]+", "", approver.url),
        digest=digest, verdict="approved", opinion="  ")
    assert silent["status"] == 422
    assert "请填写审核意见" in silent["text"]

    approver.fill("#opinion", "药品已拆封，不予退款")
    approver.click("button[value=refused]")
    expect(approver.locator(".notice-success")).to_be_visible()
    stale.fill("#opinion", "too late")
    stale.click("button[value=approved]")
    expect(stale.locator(".error-state")).to_be_visible()
    check(stale, picture, "refund-decided-twice-en")
    till.wait_until(
        f"s.refunds.some((e) => e.saleReceipt === '{receipt}' && e.state === 'refused')",
        "/api/refunds")
    till.page.goto(network.till + "/refunds")
    expect(till.page.locator("table.list")).to_contain_text("药品已拆封，不予退款")
    picture(till.page, "till-refund-refused-zh")


def test_a_till_is_let_in_by_a_code_and_an_approval(network, clerk, picture, tmp_path):
    admin = clerk("admin", "/tills")
    admin.fill("#store", "GD0002")
    admin.click("form[action='/tills/codes'] button")
    code = admin.get_attribute("[data-enrolment-code]", "data-enrolment-code")
    check(admin, picture, "till-code-zh")
    enrolment = subprocess.Popen(
        [ROOT / ".build/debug/huiyika-till", "enrol", "--data", tmp_path / "till",
         "--office", network.sync, "--ca", network.folder / "office/ca.pem",
         "--code", code, "--name", "二号收银台"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        admin.goto(network.office + "/tills")
        assert admin.evaluate(
            "async () => { for (let asked = 0; asked < 100; asked += 1) {"
            " if ((await (await fetch('/tills')).text()).includes('二号收银台')) return true;"
            " await new Promise((next) => setTimeout(next, 200)); } return false }")
        admin.reload()
        row = admin.locator("table.list tbody tr", has_text="二号收银台")
        check(admin, picture, "till-waiting-zh")
        row.locator("button[value=approved]").click()
        expect(admin.locator(".notice-success")).to_be_visible()
        assert enrolment.wait(60) == 0
    finally:
        if enrolment.poll() is None:
            enrolment.terminate()
    expect(admin.locator("main")).to_contain_text("GD0002-01")
    check(admin, picture, "till-approved-zh")


@pytest.mark.parametrize("language,short", [("zh-CN", "zh"), ("en-GB", "en")])
def test_an_import_names_the_bad_rows_and_takes_the_good(
        clerk, network, picture, language, short):
    admin = clerk("admin", "/catalogue", language)
    price = "15.70" if short == "zh" else "15.60"
    file = (
        "商品编码,条码,品名,规格,零售价,状态\r\n"
        f"100004,6920700100289,板蓝根颗粒,10g*20袋,{price},在售\r\n"
        "900001,6920700100281,坏条码,盒,1.00,在售\r\n"
        "900002,,没有价格,盒,,在售\r\n"
        "900003,,停着,盒,1.005,停着\r\n")
    admin.set_input_files("#catalogue-file", {
        "name": "catalogue.csv", "mimeType": "text/csv", "buffer": file.encode("utf-8-sig")})
    bad = admin.locator("#catalogue-preview table").first.locator("tbody tr")
    expect(bad.first).to_be_visible()
    lines = [each.locator("td").first.inner_text() for each in bad.all()]
    assert {"3", "4", "5"} <= set(lines)
    for each in bad.all():
        assert all(cell.strip() for cell in each.locator("td").all_inner_texts()[::3])
    check(admin, picture, f"import-{short}")
    admin.click("#catalogue-apply")
    expect(admin.locator("#catalogue-preview .notice-success")).to_be_visible()
    check(admin, picture, f"import-done-{short}")
    admin.goto(network.office + "/catalogue?text=100004")
    expect(admin.locator("table.list tbody")).to_contain_text(price)
    wrong = admin.locator("#catalogue-file")
    wrong.set_input_files({
        "name": "x.csv", "mimeType": "text/csv", "buffer": "a,b\r\n1,2\r\n".encode()})
    expect(admin.locator("#catalogue-preview .notice-danger")).to_contain_text("商品编码")
    check(admin, picture, f"import-wrong-{short}")


def test_the_month_is_exported_as_a_file_that_a_spreadsheet_opens(clerk, picture, network):
    finance = clerk("finance", "/finance")
    for name in ["monthly-sales", "ledger-detail"]:
        finance.goto(f"{network.office}/finance/reports/{name}")
        with finance.expect_download() as download:
            finance.click(".download-row a[href*='csv']")
        content = download.value.path().read_bytes()
        assert download.value.suggested_filename.endswith(".csv")
        assert content.startswith(b"\xef\xbb\xbf")
        assert content.decode("utf-8-sig").splitlines()[0].count(",") >= 4
    finance.goto(network.office + "/finance")
    expect(finance.locator("table.list").last.locator("tbody tr")).not_to_have_count(0)
    check(finance, picture, "finance-exported-zh")
    finance.screenshot(path=picture_path("office-finance-whole", "zh"), full_page=True)


@pytest.mark.parametrize("login,path", FORBIDDEN)
def test_another_role_is_refused(clerk, network, login, path):
    page = clerk(login, "/")
    assert page.goto(network.office + path).status == 403
    assert page.locator(f"nav a[href='{path}']").count() == 0
    assert raw_words(page) == []
