#!/usr/bin/env python3
"""Recomputes a month's reports from the raw journal records and people's decisions, without reading a transfer, a balance
or a roll-up, and compares them to the fen with the files of `huiyika-office report monthly --format csv`.

    recompute.py --database 'host=/…/socket user=postgres dbname=…' --month 2026-11 --reports FOLDER

It reads: the journal's bytes, and beside them what no record can hold: head office's verdict and business time of each
record (R-T2, R-W4), loads, holds and who confirmed them, decisions on refunds, exceptions, quarantine and holds,
replacements and closings of cards with what was kept back for silent tills, settlement payments, closings of months, and
when the jobs that nobody asks for ran. Everything else comes out of the written rules, each named where it is used. Exits 0
when every cell agrees, 1 with the cells that do not.
"""

import argparse
import collections
import csv
import pathlib
import sys

from ground import TOTAL, Database
from replay import Replay
from reports import Reports


def cells(path):
    """A file's rows without its heading, as they were before they were made safe for spreadsheets."""
    def plain(cell):
        if cell.startswith('="') and cell.endswith('"'):
            return cell[2:-1]
        return cell[1:] if cell.startswith("'") else cell

    with open(path, encoding="utf-8-sig", newline="") as file:
        return [[plain(cell) for cell in row] for row in csv.reader(file)][1:]


def compare(reports, month, folder):
    """What differs, a line each; empty when every cell agrees."""
    found = []
    for name, make in (
            ("monthly-sales", reports.monthly_sales), ("province-clearing", reports.province_clearing),
            ("card-liability", reports.card_liability), ("store-settlement", reports.store_settlement),
            ("trial-balance", reports.trial_balance)):
        written, made = cells(folder / f"{name}-{month}.csv"), make(month)
        for index in range(max(len(written), len(made))):
            file = written[index] if index < len(written) else "no row"
            own = made[index] if index < len(made) else "no row"
            if file != own:
                found.append(f"{name}, row {index + 1}: the file has {file}, recomputed {own}")
    found += differences(
        "exceptions", (row[1:] for row in cells(folder / f"exceptions-{month}.csv")), reports.exceptions(month))
    found += differences(
        "ledger-detail",
        ((row[1], row[2], row[3], row[5], row[7], row[8], row[13], row[15])
         for row in cells(folder / f"ledger-detail-{month}.csv") if row[0] != TOTAL),
        reports.ledger_detail(month).elements())
    return found


def differences(name, written, made):
    """Rows that one side has more often than the other, in whatever order."""
    written, made = collections.Counter(map(tuple, written)), collections.Counter(map(tuple, made))
    return ([f"{name}: the file has more {row}" for row in (written - made).elements()]
            + [f"{name}: recomputed more {row}" for row in (made - written).elements()])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", required=True, help="of libpq, such as 'host=/…/socket user=postgres'")
    parser.add_argument("--month", required=True, help="such as 2026-11")
    parser.add_argument("--reports", required=True, type=pathlib.Path, help="the folder with the month's CSV files")
    options = parser.parse_args()
    replay = Replay(Database(options.database))
    replay.run()
    found = compare(Reports(replay), options.month, options.reports)
    print("\n".join(found) or
          f"{options.month}: {len(replay.transfers)} movements and {len(replay.questions)} exceptions recomputed from the"
          " journal, every cell agrees")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
