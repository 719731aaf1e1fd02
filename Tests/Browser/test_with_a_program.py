"""The JSON API asked by programs: what the document says holds, whatever is sent. It changes much, so it comes last."""

import datetime
import pathlib
import subprocess
import sys

import jsonschema_rs
import pytest
from conftest import Program

FOLDER = pathlib.Path(__file__).resolve().parent
ROLES = ["approver", "auditor", "finance", "issuer", "issuing_supervisor", "operator", "store_administrator"]
# A staff password takes its time, on purpose: these are asked less often.
SLOW = r"^/sessions$|/password$|^/staff$|/accounts$"


@pytest.fixture(scope="module")
def program(network):
    """A program with every role. Duties stay separate all the same: it is one person."""
    program = Program(network.office)
    program.sign_in("admin", "office-demo-1")
    status, answer = program.call("POST", "/staff", {
        "login": "program", "name": "程序", "password": "program-demo-1", "roles": ROLES})
    assert status == 204, answer
    assert program.sign_in("program", "program-demo-1")["step"] == "change_password"
    assert program.call("GET", "/overview")[1]["code"] == "password_change_needed"
    change = {"present": "program-demo-1", "new": "program-demo-2"}
    assert program.call("POST", "/session/password", change)[0] == 204
    assert program.call("GET", "/session")[0] == 401
    program.sign_in("program", "program-demo-2")
    return program


@pytest.fixture(scope="module")
def document(program):
    return program.call("GET", "/openapi.json")[1]


def answer_schema(document, operation):
    content = operation["responses"].get("200", {}).get("content", {}).get("application/json")
    return content and {**content["schema"], "components": document["components"]}


def test_what_lists_name_can_be_read_and_is_as_described(program, document):
    read = 0
    for path, operations in document["paths"].items():
        operation = operations.get("get")
        schema = operation and answer_schema(document, operation)
        if not schema:
            continue
        for place in places(program, path):
            status, answer = program.call("GET", place)
            assert status == 200, (place, answer)
            jsonschema_rs.validate(schema, answer)
            read += 1
    assert read > 50


def places(program, path):
    """The path with what the demonstration has in the place of its parameters, at most three of each."""
    shanghai = datetime.timezone(datetime.timedelta(hours=8))
    month = datetime.datetime.now(shanghai).strftime("%Y-%m")
    known = {"month": [{"month": month}], "report": [
        {"report": name} for name in (
            "monthly-sales", "province-clearing", "card-liability", "store-settlement",
            "exceptions", "ledger-detail", "trial-balance")]}
    found = [""]
    for part in path.strip("/").split("/"):
        if not part.startswith("{"):
            found = [f"{place}/{part}" for place in found]
            continue
        name, longer = part.strip("{}"), []
        for place in found:
            rows = known.get(name)
            if rows is None:
                listed = program.call("GET", place)[1] or {}
                rows = listed.get("rows", listed.get("runs", []))
            longer += [f"{place}/{row[name]}" for row in rows[:3 if name not in known else None]]
        found = longer
    return found


def fuzz(program, *arguments):
    """Runs schemathesis; the same examples each time."""
    command = [
        pathlib.Path(sys.executable).parent / "schemathesis",
        "--no-color", "--config-file", FOLDER / "schemathesis.toml", "run",
        program.base + "/openapi.json", "--header", f"Authorization: Bearer {program.token}",
        "--suppress-health-check", "all", "--generation-deterministic", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd="/tmp")
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    return done.stdout


def test_whatever_is_sent_is_answered_as_described(program):
    fuzz(program, "--phases", "examples,coverage,fuzzing", "--max-examples", "20",
         "--exclude-path-regex", f"{SLOW}|^/session")


def test_what_takes_its_time_is_answered_as_described(program):
    fuzz(program, "--phases", "examples", "--include-path-regex", SLOW)
