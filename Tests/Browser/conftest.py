"""A running network for all browser tests, and people signed in to it."""

import json
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid

import pytest
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
PICTURES = ROOT / "out" / "pictures"
FIRST_PORT = int(os.environ.get("HUIYIKA_FIRST_PORT", "8700"))


class Network:
    """What `huiyika-lab demo` prints: addresses, logins, cards."""

    office = f"http://127.0.0.1:{FIRST_PORT}"
    till = f"http://127.0.0.1:{FIRST_PORT + 11}"
    till_elsewhere = f"http://127.0.0.1:{FIRST_PORT + 12}"  # in another province
    second_till = f"http://127.0.0.1:{FIRST_PORT + 13}"  # in the first one's store
    sync = f"https://127.0.0.1:{FIRST_PORT + 2}"

    def __init__(self, process, text, folder):
        self._process = process
        self.folder = pathlib.Path(folder)
        found = re.findall(r"^Card (\w+)\s+(\d+)\s+password (\d{6})", text, re.M)
        self.cards = [{"programme": p, "number": n, "password": w} for p, n, w in found]

    def cut(self):
        """Cuts the line between the tills and head office."""
        self._order(signal.SIGUSR1, "The line is cut")

    def mend(self):
        """Puts the line back."""
        self._order(signal.SIGUSR2, "The line is whole")

    def _order(self, number, answer):
        self._process.send_signal(number)
        for line in self._process.stdout:
            if line.startswith(answer):
                return
        raise AssertionError("the network has ended")


class Program:
    """A program signed in at head office."""

    def __init__(self, office, account=None, password=None):
        self.base = office + "/api/v1"
        self.token = None
        if account:
            self.sign_in(account, password)

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method,
            data=None if body is None else json.dumps(body).encode())
        if body is not None:
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
                is_json = answer.headers.get_content_type() == "application/json"
                return answer.status, json.loads(text) if text and is_json else None
        except urllib.error.HTTPError as refused:
            return refused.code, json.loads(refused.read())

    def sign_in(self, account, password):
        status, session = self.call("POST", "/sessions", {"account": account, "password": password})
        assert status == 200, session
        self.token = session["token"]
        return session

    def do(self, method, path, body=None):
        """Asks for what must succeed."""
        status, answer = self.call(method, path, body)
        assert status in (200, 204), (path, answer)
        return answer


def new_id():
    """An id as programs make it (UUIDv7)."""
    milliseconds, random = time.time_ns() // 10**6, uuid.uuid4().int
    return str(uuid.UUID(int=milliseconds << 80 | 7 << 76 | random & ~(0xF << 76) & (1 << 80) - 1))


@pytest.fixture(scope="session")
def network():
    folder = tempfile.mkdtemp(prefix="huiyika-browser-")
    os.chmod(folder, 0o755)
    process = subprocess.Popen(
        [ROOT / ".build/debug/huiyika-lab", "demo", "--folder", f"{folder}/network",
         "--first-port", str(FIRST_PORT)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("Running until"):
            break
    text = "".join(lines)
    if process.poll() is not None or "Running until" not in text:
        pytest.fail(f"the network did not start:\n{text}")
    yield Network(process, text, f"{folder}/network")
    process.send_signal(signal.SIGINT)
    process.wait(60)


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright):
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium", args=["--no-sandbox"])
    yield browser
    browser.close()


@pytest.fixture
def open_page(browser):
    """Opens a fresh browser context; fails the test when a page logs an error."""
    contexts, errors = [], []

    def make(language="zh-CN", width=1366, height=768):
        context = browser.new_context(
            reduced_motion="reduce", locale=language, viewport={"width": width, "height": height})
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and
                "status of" not in message.text and errors.append(message.text))
        contexts.append(context)
        return page

    yield make
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture(scope="session")
def sessions():
    """Cookies of people signed in before: a password takes its time, on purpose."""
    return {}


@pytest.fixture
def as_person(open_page, sessions):
    """Opens a page as somebody who has signed in by the form, once a run."""

    def make(base, account, password, language="zh-CN", **size):
        page = open_page(language, **size)
        key = (base, account, language)
        if key in sessions:
            page.context.add_cookies(sessions[key])
        else:
            sign_in(page, base, account, password)
            sessions[key] = page.context.cookies()
        return page

    return make


@pytest.fixture
def picture():
    def take(page, name):
        page.screenshot(path=picture_path(name, page.evaluate("document.documentElement.lang")))

    return take


def picture_path(name, language, kind="png"):
    """Where a picture goes: a folder for each language, so the name tells none."""
    folder = PICTURES / ("en" if language.startswith("en") else "zh-Hans")
    folder.mkdir(parents=True, exist_ok=True)
    bare = "-".join(part for part in name.split("-") if part not in ("zh", "en"))
    return folder / f"{bare}.{kind}"


COUNTER_SIZES = [(1366, 768), (1024, 768)]


def look(page, picture, name, sizes=COUNTER_SIZES):
    """The page fits each size, has no serious fault and no raw word; its pictures are kept."""
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        picture(page, f"{name}-{width}")
        assert serious_faults(page) == [], name
        assert raw_words(page) == [], name
        assert overflow(page) <= 0, name
    page.set_viewport_size({"width": sizes[0][0], "height": sizes[0][1]})


def sign_in(page, base, account, password):
    page.goto(f"{base}/sign-in")
    page.fill("input[name=account]", account)
    page.fill("input[name=password]", password)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def overflow(page):
    """How many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def serious_faults(page):
    """What axe finds serious or critical."""
    from axe_playwright_python.sync_playwright import Axe
    found = Axe().run(page).response["violations"]
    return [f"{v['id']}: {v['nodes'][0]['html'][:120]}" for v in found
            if v["impact"] in ("serious", "critical")]


def raw_words(page):
    """Keys, codes and placeholders that stand where words should; what is set as code may be code."""
    text = page.evaluate(
        "() => { const copy = document.body.cloneNode(true);"
        " for (const each of copy.querySelectorAll('.code, code, .detail, pre, script, #words'))"
        " each.remove(); return copy.textContent }")
    return re.findall(
        r"\b(?:till|refusal|common|state|nav|role|fault|mode)\.[a-z]\w*|\{\w+\}|\b[a-z]+_[a-z_]+\b",
        text)
