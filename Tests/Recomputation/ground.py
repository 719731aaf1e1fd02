"""What a recomputation stands on: rows of the database, days, months and rounding, and a movement of money."""

import collections
import datetime
import json
import subprocess

TOTAL = "合计"
LARGEST_TOTAL = 1_000_000_000
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


class Database:
    """Rows as JSON through psql: no driver to install."""

    def __init__(self, connection):
        self._connection = connection

    def rows(self, query):
        text = subprocess.run(
            ["psql", "-XAtq", "-d", self._connection, "-v", "ON_ERROR_STOP=1", "-c",
             f"SELECT row_to_json(row) FROM ({query}) AS row"],
            check=True, capture_output=True, text=True).stdout
        return [json.loads(line) for line in text.splitlines()]


def yuan(fen):
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def half_up(numerator, denominator):
    return (2 * numerator + denominator) // (2 * denominator)


def instant(text):
    return datetime.datetime.fromisoformat(text)


def day_of(moment):
    return moment.astimezone(SHANGHAI).date().isoformat()


def shown(moment):
    return moment.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def first_moment(month):
    """Of a month such as 2026-11, in Asia/Shanghai."""
    return datetime.datetime(int(month[:4]), int(month[5:]), 1, tzinfo=SHANGHAI)


def next_month(month):
    year, number = int(month[:4]), int(month[5:])
    return f"{year + number // 12}-{number % 12 + 1:02d}"


class Months:
    """Which month takes a movement (R-L5): its own unless closed, else the earliest open one that is not reopened."""

    def __init__(self, database):
        self._events = sorted(
            [(instant(r["at"]), r["month"][:7], r["status"]) for r in database.rows(
                "SELECT closed_at AS at, month, 'closed' AS status FROM closing"
                " UNION ALL SELECT decided_at, month, 'reopened' FROM reopening WHERE state = 'approved'")])

    def month(self, day, at):
        statuses = {month: status for when, month, status in self._events if when <= at}
        last = max(statuses, default="")

        def status(month):
            return statuses.get(month, "closed" if month < last else "open")

        month = day[:7]
        if status(month) != "closed":
            return month
        while status(month) != "open":
            month = next_month(month)
        return month

    def closings(self):
        """When months were closed, each time."""
        return [(at, month) for at, month, status in self._events if status == "closed"]

    def is_closed(self, month):
        """Whether it is closed now."""
        statuses = {name: status for _, name, status in self._events}
        return statuses.get(month) == "closed"


Transfer = collections.namedtuple(
    "Transfer", "kind payer payer_owner payee payee_owner fen day month store programme sale offline first book")
