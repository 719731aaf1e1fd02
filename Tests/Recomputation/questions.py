"""Records in question: what each is about, who bears it unless people decide, and how it ended (PRODUCT §3.7, R-P5)."""

import datetime

from ground import LARGEST_TOTAL, instant

# What moves nothing at all (R-P8, R-M3).
MOVES_NOTHING = {"payment_cancelled", "same_id_different_content", "unreadable_record", "unknown_kind"}

# The card was blocked before the sale: the state that each of these says.
BLOCKED = {"card_closed": "closed", "card_frozen": "frozen", "card_lost": "lost"}

# What a decision that ends the whole of a question makes of it.
OUTCOMES = {
    "repost": "card", "collected": "card", "charge_store": "store", "charge_programme": "programme",
    "write_off": "written_off", "refund": "refunded", "close": "closed", "pay_store": "card",
    "release_hold": "released"}


class Question:
    """An exception as its report shows it."""

    def __init__(self, code, store, opened, amount, bearer="none", disputed=0, sale=None):
        self.code, self.store, self.opened, self.amount = code, store, opened, max(amount, 0)
        self.bearer, self.disputed = bearer, disputed
        # The sale whose record it is, if there is one; its number and day stand in the report.
        self.sale = sale
        self.state, self.outcome, self.settled = "open", None, None
        # The payment that its record ends, and the hold of a phone that it is about.
        self.ends, self.hold = None, None

    @property
    def receipt(self):
        return self.sale.receipt if self.sale else ""

    @property
    def day(self):
        return self.sale.day if self.sale else ""

    def settle(self, outcome, at):
        self.state, self.outcome, self.settled, self.disputed = "settled", outcome, at, 0

    def decide(self, action, fen, at):
        """A decision, or what a job did in people's place."""
        if action == "collect":
            self.state = "collecting"
        elif action == "password_wrong":
            self.recode("wrong_password")
        elif action in OUTCOMES:
            self.disputed -= fen
            if self.disputed == 0 or action in ("pay_store", "release_hold"):
                self.settle(OUTCOMES[action], at)
            elif OUTCOMES[action] == "card":
                self.code = "insufficient_balance"

    def recode(self, cause):
        """A late password is judged (R-W4): what waited for it goes on under the cause that is known now."""
        if self.code == "password_not_checked" and self.state != "settled":
            self.code = cause

    def frozen(self):
        """As it stands now, whatever comes later."""
        copy = Question(self.code, self.store, self.opened, self.amount, self.bearer, self.disputed)
        copy.state, copy.outcome, copy.settled = self.state, self.outcome, self.settled
        if self.sale:
            copy.sale = type("Stood", (), {"receipt": self.sale.receipt, "day": self.sale.day})
        return copy


class Bearers:
    """Who bears what by default: as set per programme and cause at the time, but for what the rules give to the programme."""

    def __init__(self, database, programmes):
        self._programmes = programmes
        by_code = {programme["code"]: key for key, programme in programmes.items()}
        self._set = [
            (instant(row["at"]), by_code[row["subject"]], row["detail"]) for row in database.rows(
                "SELECT at, subject, detail FROM audit WHERE action = 'exception.set_bearers' ORDER BY audit_id")]
        self._went_by_older = {row["sale_id"] for row in database.rows("SELECT sale_id FROM sale WHERE policy_rollback")}

    def of(self, code, record, card, happened, at, was_held):
        if code == "quarantined":
            return "store"
        if was_held and code in ("insufficient_balance", "unknown_card"):
            return "programme"  # The hold lapsed before the sale came (R-P10).
        if card is None:
            return "store"
        went_by_older = record["id"] in self._went_by_older
        if not went_by_older and self._was_unknowable(code, record["body"], card, happened):
            return "programme"
        if went_by_older:
            return "store"  # R-P14
        bearer = self._programmes[card["programme_id"]]["shortfall_bearer"]
        for since, programme, causes in self._set:
            if since <= at and programme == card["programme_id"]:
                bearer = causes.get(code, bearer)
        return bearer

    def _was_unknowable(self, code, body, card, happened):
        """Blocked after the time up to which the till knew blocks, every limit kept (R-P5)."""
        if card["state"] != BLOCKED.get(code):
            return False
        age = min(max(body["payment"]["knew"]["contactAge"], 0), 366 * 86_400)
        knew_until = happened - datetime.timedelta(seconds=age)
        kept = body["total"] <= self._programmes[card["programme_id"]]["per_sale_limit"]
        return kept and instant(card["state_since"]) > knew_until


def disputed(code, total, paid):
    """What a sale lacks: nothing where nothing moves, or where no sale can be so large."""
    return 0 if code in MOVES_NOTHING or not 0 < total <= LARGEST_TOTAL else total - paid
