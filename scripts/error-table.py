#!/usr/bin/env python3
"""Writes Docs/ERRORS.md from the words of the refusals: what people and programs may meet, code by code."""

import json
import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[1]
PARTS = [
    ("Till", "The till", "Refusals of the till, on its pages and in its JSON."),
    ("HeadOffice", "Head office", "Refusals of head office's pages, phone pages and JSON."),
    ("WebSupport", "Both web faces", "Refusals before any feature is reached."),
]
START = """# Error codes

Every refusal has a stable code in snake_case, words in both languages, and changes nothing. This page is written by `make errors` from the words
themselves; a test compares the two. The codes that tills and head office exchange, and what a till does on each, are in [PROTOCOL.md](PROTOCOL.md).

"""


def words(part, language):
    path = ROOT / "Sources" / part / "Resources" / "Languages" / f"{language}.json"
    return {key.removeprefix("refusal."): text for key, text in json.loads(path.read_text()).items()
            if key.startswith("refusal.")}


def main():
    text = START
    for part, title, about in PARTS:
        chinese, english = words(part, "zh-Hans"), words(part, "en")
        text += f"## {title}\n\n{about}\n\n| code | 中文 | English |\n| --- | --- | --- |\n"
        for code in sorted(english):
            text += f"| `{code}` | {chinese[code]} | {english[code]} |\n"
        text += "\n"
    (ROOT / "Docs" / "ERRORS.md").write_text(text.rstrip() + "\n")


main()
