#!/usr/bin/env python3
"""Recomputes a month's reports from the raw journal records and people's decisions, without reading a transfer, a balance
or a roll-up, and compares them to the fen with the files of `huiyika-office report monthly --format csv`.

    recompute.py --database 'host=/…/socket user=postgres dbname=…' --month 2026-11 --reports FOLDER

It reads: the journal's bytes, and beside them what no record can hold: head office's verdict and business time of each
record (R-T2, R-W4), loads, decisions on refunds, exceptions and quarantine, settlement payments, closings. Everything
else comes out of the written rules, each named where it is used. Not replayed: what moves between the cards of a
replacement chain, and test reversals. The exceptions report is a list of records, whose money is in the others. Exits 0 when every cell agrees, 1 with the cells that
do not.
"""

import argparse
import collections
import csv
import datetime
import json
import pathlib
import subprocess
import sys

TOTAL = "合计"
LARGEST_TOTAL = 1_000_000_000
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))

# What moves nothing at all (R-P8, R-M3), and what leaves the card alone so that the whole amount is in dispute (R-P5).
MOVES_NOTHING = {"payment_cancelled", "same_id_different_content", "unreadable_record", "unknown_kind"}


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
            year, number = int(month[:4]), int(month[5:])
            month = f"{year + number // 12}-{number % 12 + 1:02d}"
        return month


Transfer = collections.namedtuple(
    "Transfer", "kind payer payer_owner payee payee_owner fen day month store programme sale offline first book")


class Sale:
    def __init__(self, total, store, programme, card, day, offline, book):
        self.total, self.store, self.programme, self.card = total, store, programme, card
        self.day, self.offline, self.book = day, offline, book
        self.paid = self.returned = self.undone = 0
        self.reached = self.went_back = self.fee = self.fee_returned = 0
        self.carrier = "dispute"


class Recomputation:
    """Replays the facts in the order in which head office learnt of them."""

    def __init__(self, database):
        self.database = database
        self.months = Months(database)
        self.stores = {r["store_id"]: r for r in database.rows("SELECT * FROM store")}
        self.tills = {r["till_id"]: r["store_id"] for r in database.rows("SELECT till_id, store_id FROM till")}
        self.programmes = {r["programme_id"]: r for r in database.rows("SELECT * FROM programme")}
        self.cards = {r["card_id"]: r for r in database.rows(
            "SELECT card_id, programme_id, test, encode(fingerprint, 'hex') AS fingerprint FROM card")}
        self.by_fingerprint = {r["fingerprint"]: r for r in self.cards.values()}
        self.rates = collections.defaultdict(list)
        for row in database.rows("SELECT * FROM store_fee_rate ORDER BY from_date"):
            self.rates[row["store_id"]].append((row["from_date"], row["fee_per_million"]))
        self.balances = collections.Counter()
        self.sales, self.moments = {}, {}
        self.transfers = []

    # Facts, oldest first -------------------------------------------------------------------------------------------

    def run(self):
        facts = []
        for row in self.database.rows(
                "SELECT till_id, epoch, seq, kind, convert_from(bytes, 'UTF8') AS text, business_at, received_at,"
                " state, code FROM journal_record WHERE kind = 'sale.completed' ORDER BY received_at, till_id, seq"):
            facts.append((instant(row["received_at"]), 1, row["seq"], self.record, row))
        for row in self.database.rows("SELECT * FROM card_load WHERE state = 'loaded' ORDER BY decided_at"):
            facts.append((instant(row["decided_at"]), 0, 0, self.load, row))
        for row in self.database.rows(  # A card that the set-up file gave has its first load in the audit alone.
                "SELECT at, (detail ->> 'card')::bigint AS card_id, (detail ->> 'load')::bigint AS amount, '' AS reason"
                " FROM audit WHERE action = 'card.issue' AND (detail ->> 'load')::bigint > 0"):
            facts.append((instant(row["at"]), 0, 0, self.load, row))
        for row in self.database.rows(
                "SELECT exception.sale_id, quarantined.decided_at FROM quarantined_record AS quarantined"
                " JOIN exception USING (till_id, epoch, seq)"
                " WHERE is_released AND exception.outcome = 'card' AND exception.sale_id IS NOT NULL"):
            facts.append((instant(row["decided_at"]), 3, 0, self.release, row))
        for row in self.database.rows(
                "SELECT request.*, card.card_id AS destination, live.state AS live_state"
                " FROM refund_request AS request JOIN sale USING (sale_id) LEFT JOIN card USING (card_id)"
                " LEFT JOIN card AS live ON live.card_id = card.card_id WHERE request.state = 'approved'"):
            facts.append((instant(row["decided_at"]), 2, 0, self.refund, row))
        for row in self.database.rows(
                "SELECT event.event_id, event.at, event.action, event.amount, exception.sale_id, exception.bearer"
                " FROM exception_event AS event JOIN exception USING (exception_id)"
                " WHERE event.amount > 0 AND exception.sale_id IS NOT NULL ORDER BY event_id"):
            facts.append((instant(row["at"]), 3, row["event_id"], self.decision, row))
        for row in self.database.rows(
                "SELECT line.store_id, line.paid, run.decided_at FROM settlement_line AS line"
                " JOIN settlement_run AS run USING (run_id) WHERE run.state = 'approved' AND line.paid > 0"):
            facts.append((instant(row["decided_at"]), 4, row["store_id"], self.settlement, row))
        for at, _, _, act, row in sorted(facts, key=lambda fact: fact[:3]):
            act(row, at)

    def book(self, at, kind, payer, payer_owner, payee, payee_owner, fen, happened, store=None, programme=None,
             sale=None, offline=False, first=False, book="real"):
        if fen <= 0:
            return
        day = day_of(happened)
        self.transfers.append(Transfer(
            kind, payer, payer_owner, payee, payee_owner, fen, day, self.months.month(day, at), store, programme,
            sale, offline, first, book))
        if payer == "card":
            self.balances[payer_owner] -= fen
        if payee == "card":
            self.balances[payee_owner] += fen

    def load(self, row, at):
        card = self.cards[row["card_id"]]
        self.book(at, "load", "programme_funding", card["programme_id"], "card", card["card_id"], row["amount"], at,
                  programme=card["programme_id"], first=row["reason"] == "", book="test" if card["test"] else "real")

    def record(self, row, at):
        """A sale is never turned away (R-P5): the card pays, or what it may not or cannot pay is in dispute."""
        if row["state"] == "duplicate" or row["code"] in MOVES_NOTHING:
            return
        record = json.loads(row["text"])
        body = record["body"]
        identity, total = record["id"], body["total"]
        happened = instant(row["business_at"])
        store = self.tills[row["till_id"]]
        held = body["card"] and self.by_fingerprint.get(body["card"]["fingerprint"])
        if body["payment"]["mode"] == "phone":
            held = self.phone_card(identity) or held
        is_test = held["test"] if held else body["test"]
        sale = Sale(total, store, held and held["programme_id"], held and held["card_id"], day_of(happened),
                    body["payment"]["mode"] == "stand_in", "test" if is_test else "real")
        self.sales[identity], self.moments[identity] = sale, happened
        if not 0 < total <= LARGEST_TOTAL:
            return
        if row["code"] is None:
            paid = total
        elif row["code"] == "insufficient_balance":
            paid = min(max(self.balances[sale.card] - self.held(sale.card, at, identity), 0), total)
        else:
            paid = 0
        self.move(at, "sale", "card", sale.card, "store_payable", store, paid, happened, identity, sale)
        self.move(at, "shortfall", "exceptions_receivable", store, "store_in_dispute", store, total - paid, happened,
                  identity, sale)
        sale.paid = paid

    def phone_card(self, payment):
        rows = self.database.rows(f"SELECT card_id FROM payment WHERE payment_id = '{payment}'")
        return self.cards.get(rows[0]["card_id"]) if rows else None

    def held(self, card, at, besides):
        rows = self.database.rows(
            f"SELECT coalesce(sum(amount), 0) AS fen FROM payment WHERE card_id = {card}"
            f" AND payment_id <> '{besides}' AND held_at <= '{at.isoformat()}'"
            f" AND (state = 'held' OR updated_at > '{at.isoformat()}')")
        return rows[0]["fen"]

    def move(self, at, kind, payer, payer_owner, payee, payee_owner, fen, happened, identity, sale):
        """A movement of a sale, and the fee beside what reaches store payable or leaves it (R-L7)."""
        self.book(at, kind, payer, payer_owner, payee, payee_owner, fen, happened, sale.store, sale.programme,
                  identity, sale.offline, book=sale.book)
        if fen <= 0 or sale.book == "test":
            return
        if payee == "store_payable":
            sale.reached += fen
        elif payer == "store_payable":
            sale.went_back += fen
        else:
            return
        fee = half_up(sale.reached * self.rate(sale.store, sale.day), 1_000_000)
        returned = half_up(fee * sale.went_back, sale.reached) if sale.reached else 0
        for name, due, kept, ends in (
                ("fee", fee, sale.fee, ("store_payable", "fees")),
                ("fee_returned", returned, sale.fee_returned, ("fees", "store_payable"))):
            self.book(at, name, ends[0], sale.store, ends[1], sale.store, due - kept, happened, sale.store,
                      sale.programme, identity, sale.offline)
        sale.fee, sale.fee_returned = fee, max(returned, sale.fee_returned)

    def rate(self, store, day):
        rate = self.stores[store]["fee_per_million"]
        for start, later in self.rates[store]:
            if start <= day:
                rate = later
        return rate

    def refund(self, row, at):
        """First what the card has not paid is undone, back to whoever carries it; only the rest returns (R-R7)."""
        sale = self.sales[row["sale_id"]]
        undone = min(row["amount"], max(sale.total - sale.paid - sale.undone, 0))
        to_card = row["amount"] - undone
        carriers = {
            "dispute": ("store_in_dispute", sale.store, "exceptions_receivable", sale.store),
            "programme": ("store_payable", sale.store, "programme_funding", sale.programme),
            "written_off": ("store_payable", sale.store, "write_offs", 0), "store": None}
        ends = carriers[sale.carrier]
        if ends:
            self.move(at, "shortfall_undone", *ends, undone, at, row["sale_id"], sale)
        end = self.live_end(sale.card, at)
        closed = self.state(end, at) == "closed"
        self.move(at, "refund", "store_payable", sale.store,
                  "refund_suspense" if closed else "card", sale.programme if closed else end, to_card, at,
                  row["sale_id"], sale)
        sale.undone += undone
        sale.returned += to_card

    def live_end(self, card, at):
        """The money goes to the end of the replacement chain (R-R2)."""
        while True:
            rows = self.database.rows(
                f"SELECT next_card_id FROM card_chain WHERE card_id = {card} AND replaced_at <= '{at.isoformat()}'")
            if not rows:
                return card
            card = rows[0]["next_card_id"]

    def state(self, card, at):
        rows = self.database.rows(
            f"SELECT state FROM card WHERE card_id = {card} AND state_since <= '{at.isoformat()}'")
        return rows[0]["state"] if rows else "active"

    def decision(self, row, at):
        """How what was in dispute ended (R-P5, R-L6): collected, borne, written off, or given back with a refund."""
        sale, fen = self.sales[row["sale_id"]], row["amount"]
        payers = {"repost": ("collection", "card", sale.card), "collected": ("collection", "card", sale.card),
                  "password_right": ("collection", "card", sale.card),
                  "charge_programme": ("exception_borne", "programme_funding", sale.programme),
                  "write_off": ("write_off", "write_offs", 0)}
        if row["action"] in payers:
            kind, payer, owner = payers[row["action"]]
            self.move(at, kind, payer, owner, "exceptions_receivable", sale.store, fen, at, row["sale_id"], sale)
            self.move(at, "exception_decided", "store_in_dispute", sale.store, "store_payable", sale.store, fen, at,
                      row["sale_id"], sale)
            if payer == "card":
                sale.paid += fen
        elif row["action"] == "charge_store":
            self.move(at, "exception_decided", "store_in_dispute", sale.store, "exceptions_receivable", sale.store,
                      fen, at, row["sale_id"], sale)
        carriers = {"charge_programme": "programme", "write_off": "written_off", "charge_store": "store"}
        sale.carrier = carriers.get(row["action"], sale.carrier)

    def release(self, row, at):
        """A sale out of quarantine is paid by its card, and its dispute is undone (S-7)."""
        sale, sold = self.sales[row["sale_id"]], self.moments[row["sale_id"]]
        self.move(at, "sale", "card", sale.card, "store_payable", sale.store, sale.total, sold, row["sale_id"], sale)
        self.move(at, "shortfall_undone", "store_in_dispute", sale.store, "exceptions_receivable", sale.store,
                  sale.total, sold, row["sale_id"], sale)
        sale.paid = sale.total

    def settlement(self, row, at):
        self.book(at, "settlement", "store_payable", row["store_id"], "bank", 0, row["paid"], at, row["store_id"])

    # Reports -------------------------------------------------------------------------------------------------------

    def monthly_sales(self, month):
        days, seen = collections.defaultdict(collections.Counter), set()
        for transfer in self._sold(month):
            for key in ((transfer.store, transfer.day), None):
                sums, is_new = days[key], (key, transfer.sale) not in seen
                if transfer.kind in ("sale", "shortfall"):
                    late = transfer.day[:7] != month
                    sums["gross"] += transfer.fen
                    sums["disputed"] += transfer.fen * (transfer.kind == "shortfall")
                    sums["offline_amount"] += transfer.fen * transfer.offline
                    sums["late_amount"] += transfer.fen * late
                    sums["count"] += is_new
                    sums["offline"] += is_new and transfer.offline
                    sums["late"] += is_new and late
                    seen.add((key, transfer.sale))
                else:
                    sums["refunds"] += transfer.fen
        days.setdefault(None, collections.Counter())
        rows = []
        for key, sums in sorted(days.items(), key=lambda item: self._store_key(item[0])):
            store = key and self.stores[key[0]]
            share = "0.00%"
            if sums["gross"]:
                basis = half_up(sums["offline_amount"] * 10_000, sums["gross"])
                share = f"{basis // 100}.{basis % 100:02d}%"
            rows.append([
                store["code"] if key else TOTAL, store["name"] if key else "", store["province"] if key else "",
                key[1] if key else "", str(sums["count"]), yuan(sums["gross"]), yuan(sums["disputed"]),
                yuan(sums["refunds"]), yuan(sums["gross"] - sums["refunds"]), str(sums["offline"]),
                yuan(sums["offline_amount"]), share, str(sums["late"]), yuan(sums["late_amount"])])
        return rows

    def province_clearing(self, month):
        sums, seen = collections.defaultdict(collections.Counter), set()
        for transfer in self._sold(month):
            programme = self.programmes.get(transfer.programme)
            place = (programme and programme["code"], self.stores[transfer.store]["province"])
            is_sale = transfer.kind in ("sale", "shortfall")
            for key in (place, None):
                sums[key]["gross" if is_sale else "refunds"] += transfer.fen
                sums[key]["count"] += is_sale and transfer.sale not in seen
            if is_sale:
                seen.add(transfer.sale)
        sums.setdefault(None, collections.Counter())
        by_code = {programme["code"]: programme for programme in self.programmes.values()}
        rows = []
        for key, sum_ in sorted(sums.items(), key=lambda i: (i[0] is None, i[0] and (i[0][0] is None, i[0][0] or "", i[0][1]) or ())):
            programme = key and by_code.get(key[0])
            rows.append([
                TOTAL if key is None else key[0] or "未知卡", programme["name"] if programme else "",
                programme["province"] if programme else "", key[1] if key else "", str(sum_["count"]),
                yuan(sum_["gross"]), yuan(sum_["refunds"]), yuan(sum_["gross"] - sum_["refunds"])])
        return rows

    def card_liability(self, month):
        sums = collections.defaultdict(collections.Counter)
        for transfer in self.transfers:
            for account, owner, fen in self._sides(transfer):
                if account != "card" or transfer.book != "real" or transfer.month > month:
                    continue
                for key in (self.cards[owner]["programme_id"], None):
                    sums[key]["closing"] += fen
                    name = {"load": "issued" if transfer.first else "loaded", "sale": "spent",
                            "collection": "spent", "refund": "refunded"}.get(transfer.kind, "adjusted")
                    sums[key][name if transfer.month == month else "opening"] += fen
        sums.setdefault(None, collections.Counter())
        rows = []
        for key, sum_ in sorted(sums.items(), key=lambda i: (i[0] is None, i[0] and self.programmes[i[0]]["code"])):
            programme = self.programmes.get(key)
            rows.append([programme["code"] if programme else TOTAL, programme["name"] if programme else ""] + [
                yuan(fen) for fen in (
                    sum_["opening"], sum_["issued"], sum_["loaded"], -sum_["spent"], sum_["refunded"],
                    sum_["adjusted"], sum_["closing"])])
        return rows

    def store_settlement(self, month):
        sums = collections.defaultdict(collections.Counter)
        names = {"sale": "gross", "refund": "refunds", "fee": "fees", "fee_returned": "fees_returned",
                 "settlement": "paid"}
        for transfer in self.transfers:
            for account, owner, fen in self._sides(transfer):
                if transfer.book != "real" or transfer.month > month:
                    continue
                for key in (owner, None):
                    if account == "store_payable":
                        sums[key]["closing"] += fen
                        sums[key][names.get(transfer.kind, "decided") if transfer.month == month else "opening"] += fen
                    elif account == "store_in_dispute":
                        sums[key]["disputed"] += fen
        sums.setdefault(None, collections.Counter())
        rows = []
        for key, sum_ in sorted(sums.items(), key=lambda i: (i[0] is None, i[0] and self.stores[i[0]]["code"])):
            store = self.stores.get(key)
            rows.append([store["code"] if store else TOTAL, store["name"] if store else "",
                         store["settlement_account"] if store else ""] + [yuan(fen) for fen in (
                             sum_["opening"], sum_["gross"], -sum_["refunds"], -sum_["fees"], sum_["fees_returned"],
                             sum_["decided"], sum_["closing"] - sum_["opening"] - sum_["paid"], -sum_["paid"],
                             sum_["closing"], sum_["disputed"])])
        return rows

    def trial_balance(self, month):
        sums, accounts = collections.defaultdict(collections.Counter), collections.defaultdict(set)
        for transfer in self.transfers:
            for account, owner, fen in self._sides(transfer):
                if transfer.month > month:
                    continue
                for key in ((transfer.book, account, self._holder(account, owner)), (transfer.book, None, None)):
                    accounts[key].add((account, owner))
                    sums[key]["opening" if transfer.month < month else "in" if fen > 0 else "out"] += fen
        for book in ("real", "test"):
            sums.setdefault((book, None, None), collections.Counter())
        return [
            [key[0], key[1] or TOTAL, key[2] or "", str(len(accounts[key])), yuan(sum_["opening"]), yuan(sum_["in"]),
             yuan(-sum_["out"]), yuan(sum_["opening"] + sum_["in"] + sum_["out"])]
            for key, sum_ in sorted(sums.items(), key=lambda i: (i[0][1] is None, i[0][0], i[0][1] or "", i[0][2] or ""))]

    def ledger_detail(self, month):
        """Without numbers and moments: what moved between which accounts, how much, on which day, how often."""
        return collections.Counter(
            (t.book, t.kind, t.payer, t.payee, yuan(t.fen), t.day,
             self.stores[t.store]["code"] if t.store else "", "迟到" if t.day[:7] != month else "")
            for t in self.transfers if t.month == month)

    def _sold(self, month):
        kinds = ("sale", "shortfall", "refund", "shortfall_undone")
        return [t for t in self.transfers if t.month == month and t.book == "real" and t.kind in kinds]

    def _store_key(self, key):
        return (key is None, key and self.stores[key[0]]["code"], key and key[1])

    def _holder(self, account, owner):
        if account == "card":
            return self.programmes[self.cards[owner]["programme_id"]]["code"]
        if account in ("programme_funding", "refund_suspense"):
            return self.programmes[owner]["code"]
        return self.stores[owner]["code"] if owner else ""

    @staticmethod
    def _sides(transfer):
        return ((transfer.payee, transfer.payee_owner, transfer.fen),
                (transfer.payer, transfer.payer_owner, -transfer.fen))


def cells(path):
    """A file's rows without its heading, as they were before they were made safe for spreadsheets."""
    def plain(cell):
        if cell.startswith('="') and cell.endswith('"'):
            return cell[2:-1]
        return cell[1:] if cell.startswith("'") else cell

    with open(path, encoding="utf-8-sig", newline="") as file:
        return [[plain(cell) for cell in row] for row in csv.reader(file)][1:]


def compare(recomputation, month, folder):
    """What differs, a line each; empty when every cell agrees."""
    found = []
    for name, make in (
            ("monthly-sales", recomputation.monthly_sales), ("province-clearing", recomputation.province_clearing),
            ("card-liability", recomputation.card_liability), ("store-settlement", recomputation.store_settlement),
            ("trial-balance", recomputation.trial_balance)):
        written, made = cells(folder / f"{name}-{month}.csv"), make(month)
        for index in range(max(len(written), len(made))):
            file = written[index] if index < len(written) else "no row"
            own = made[index] if index < len(made) else "no row"
            if file != own:
                found.append(f"{name}, row {index + 1}: the file has {file}, recomputed {own}")
    detail = collections.Counter(
        (row[1], row[2], row[3], row[5], row[7], row[8], row[13], row[15])
        for row in cells(folder / f"ledger-detail-{month}.csv") if row[0] != TOTAL)
    own = recomputation.ledger_detail(month)
    found += [f"ledger-detail: the file has more {row}" for row in (detail - own).elements()]
    found += [f"ledger-detail: recomputed more {row}" for row in (own - detail).elements()]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True, help="of libpq, such as 'host=/…/socket user=postgres'")
    parser.add_argument("--month", required=True, help="such as 2026-11")
    parser.add_argument("--reports", required=True, type=pathlib.Path, help="the folder with the month's CSV files")
    options = parser.parse_args()
    recomputation = Recomputation(Database(options.database))
    recomputation.run()
    found = compare(recomputation, options.month, options.reports)
    print("\n".join(found) or
          f"{options.month}: {len(recomputation.transfers)} movements recomputed from the journal, every cell agrees")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
