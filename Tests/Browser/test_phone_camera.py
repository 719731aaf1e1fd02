"""Paying from the phone's personal centre: the camera sees the till's QR, or the browser says that it cannot read one."""

import base64
import io

import pytest
import zxingcpp
from conftest import overflow, picture_path, raw_words, serious_faults
from PIL import Image
from playwright.sync_api import expect
from test_phone import LANGUAGES, Counter

# Debian's Chromium has no reader of its own; this one reads the camera's frames outside the page.
READER = """window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(video) {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    const text = await readFrame(canvas.toDataURL("image/png"));
    return text ? [{ rawValue: text }] : [];
  }
};"""


@pytest.fixture(params=LANGUAGES)
def counter(request, network, as_person, open_page, picture):
    return Counter(request.param, network, as_person, open_page, picture)


class Camera:
    """A phone whose camera sees one code."""

    def __init__(self, playwright, folder, language, code):
        frame = Image.new("RGB", (640, 480), "#d8d4cc")
        bars = Image.fromarray(zxingcpp.create_barcode(
            code, zxingcpp.BarcodeFormat.QRCode).to_image(scale=3))
        frame.paste(bars.resize((400, 400)), (120, 40))
        path = folder / "camera.mjpeg"
        frame.save(path, "JPEG", quality=92)
        path.write_bytes(path.read_bytes() * 5)
        self.browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            args=["--no-sandbox", "--use-fake-ui-for-media-stream",
                  "--use-fake-device-for-media-stream",
                  f"--use-file-for-fake-video-capture={path}"])
        context = self.browser.new_context(
            locale=language, reduced_motion="reduce", viewport={"width": 390, "height": 844})
        self.page = context.new_page()
        self.seen = []
        self.page.expose_function("readFrame", self._read)
        self.page.add_init_script(READER)

    def _read(self, url):
        image = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))
        found = [each.text for each in zxingcpp.read_barcodes(image)]
        self.seen.append(found)
        return found[0] if found else None


def look(page, name, short):
    page.screenshot(path=picture_path(f"phone-{name}", short))
    assert serious_faults(page) == []
    assert raw_words(page) == []
    assert overflow(page) <= 0


def test_the_camera_reads_the_tills_code_and_leads_to_the_payment(
        counter, network, playwright, tmp_path):
    counter.ring_up("ganmao")
    address = counter.show_code()
    camera = Camera(playwright, tmp_path, counter.language, address)
    try:
        phone = camera.page
        phone.goto(network.office + "/p/me")
        expect(phone.locator("#scan-none")).to_be_hidden()
        look(phone, "centre-may-scan", counter.short)
        phone.click("#scan-start")
        phone.wait_for_url("**/p/q/*", timeout=30_000)
        assert phone.url == address
        expect(phone.locator("#amount")).to_contain_text("¥16.80")
    finally:
        camera.browser.close()
    counter.till.keyboard.press("Escape")
    expect(counter.till.locator("#step-ended")).to_be_visible()


def test_a_code_of_somebody_else_leads_nowhere(counter, network, playwright, tmp_path):
    camera = Camera(playwright, tmp_path, counter.language, "https://pay.example/p/q/steal")
    try:
        phone = camera.page
        phone.goto(network.office + "/p/me")
        phone.click("#scan-start")
        expect(phone.locator("#camera")).to_be_visible()
        while sum(map(bool, camera.seen)) < 3:
            phone.wait_for_timeout(100)
        look(phone, "centre-camera", counter.short)
        assert phone.url == network.office + "/p/me"
        phone.click("#scan-stop")
        expect(phone.locator("#camera")).to_be_hidden()
    finally:
        camera.browser.close()


def test_a_browser_that_reads_no_codes_says_so_and_takes_the_link(counter, network):
    counter.ring_up("ganmao")
    address = counter.show_code()
    phone = counter.new_phone()
    phone.add_init_script("delete window.BarcodeDetector")
    phone.goto(network.office + "/p/me")
    expect(phone.locator("#scan-start")).to_be_hidden()
    expect(phone.locator("#scan-none")).to_contain_text(
        "不能识别二维码" if counter.short == "zh" else "cannot read QR codes")
    for other in ["", "hello", "https://pay.example/p/q/steal", network.office + "/cards"]:
        phone.fill("#link", other)
        phone.keyboard.press("Enter")
        expect(phone.locator("#link-problem")).to_be_visible()
        assert phone.url == network.office + "/p/me"
    counter.picture(phone, "centre-wrong-link")
    phone.fill("#link", f" {address} ")
    phone.keyboard.press("Enter")
    phone.wait_for_url("**/p/q/*")
    expect(phone.locator("#amount")).to_contain_text("¥16.80")
    counter.till.keyboard.press("Escape")
    expect(counter.till.locator("#step-ended")).to_be_visible()


def test_a_camera_that_may_not_be_used_is_said_in_words(counter, network):
    phone = counter.new_phone()
    phone.add_init_script(READER)
    phone.goto(network.office + "/p/me")
    phone.click("#scan-start")
    expect(phone.locator("#scan-problem")).to_be_visible()
    counter.picture(phone, "centre-no-camera")
