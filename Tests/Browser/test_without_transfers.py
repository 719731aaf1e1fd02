"""Each month's files against a recomputation from the raw journal."""

import datetime
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHANGHAI = datetime.timezone(datetime.timedelta(hours=8))


def months():
    """The present month and the two before it, as files name them."""
    day = datetime.datetime.now(SHANGHAI).date()
    for _ in range(3):
        yield day.strftime("%Y-%m")
        day = day.replace(day=1) - datetime.timedelta(days=1)


@pytest.mark.parametrize("month", list(months()))
def test_every_report_of_a_month_comes_out_of_the_journal_to_the_fen(network, tmp_path, month):
    database = f"host={network.folder}/office/postgres/socket port=5432 user=postgres dbname=postgres"
    subprocess.run(
        [ROOT / ".build/debug/huiyika-office", "report", "monthly", "--month", month, "--out", tmp_path,
         "--data", network.folder / "office"], check=True, capture_output=True)
    answer = subprocess.run(
        [sys.executable, "-B", ROOT / "Tests/Recomputation/recompute.py", "--database", database, "--month", month,
         "--reports", tmp_path], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "every cell agrees" in answer.stdout
