"""The reports of a month (PRODUCT §6) out of replayed movements and questions."""

import collections

from ground import TOTAL, first_moment, half_up, next_month, shown, yuan


class Reports:
    """Rows as the files have them, without headings; totals last."""

    def __init__(self, replay):
        self.replay = replay

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
            store = key and self.replay.stores[key[0]]
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
            programme = self.replay.programmes.get(transfer.programme)
            place = (programme and programme["code"], self.replay.stores[transfer.store]["province"])
            is_sale = transfer.kind in ("sale", "shortfall")
            for key in (place, None):
                sums[key]["gross" if is_sale else "refunds"] += transfer.fen
                sums[key]["count"] += is_sale and transfer.sale not in seen
            if is_sale:
                seen.add(transfer.sale)
        sums.setdefault(None, collections.Counter())
        by_code = {programme["code"]: programme for programme in self.replay.programmes.values()}
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
        for transfer in self.replay.transfers:
            for account, owner, fen in self._sides(transfer):
                if account != "card" or transfer.book != "real" or transfer.month > month:
                    continue
                for key in (self.replay.cards[owner]["programme_id"], None):
                    sums[key]["closing"] += fen
                    name = {"load": "issued" if transfer.first else "loaded", "sale": "spent",
                            "collection": "spent", "refund": "refunded"}.get(transfer.kind, "adjusted")
                    sums[key][name if transfer.month == month else "opening"] += fen
        sums.setdefault(None, collections.Counter())
        rows = []
        for key, sum_ in sorted(sums.items(), key=lambda i: (i[0] is None, i[0] and self.replay.programmes[i[0]]["code"])):
            programme = self.replay.programmes.get(key)
            rows.append([programme["code"] if programme else TOTAL, programme["name"] if programme else ""] + [
                yuan(fen) for fen in (
                    sum_["opening"], sum_["issued"], sum_["loaded"], -sum_["spent"], sum_["refunded"],
                    sum_["adjusted"], sum_["closing"])])
        return rows

    def store_settlement(self, month):
        sums = collections.defaultdict(collections.Counter)
        names = {"sale": "gross", "refund": "refunds", "fee": "fees", "fee_returned": "fees_returned",
                 "settlement": "paid"}
        for transfer in self.replay.transfers:
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
        for key, sum_ in sorted(sums.items(), key=lambda i: (i[0] is None, i[0] and self.replay.stores[i[0]]["code"])):
            store = self.replay.stores.get(key)
            rows.append([store["code"] if store else TOTAL, store["name"] if store else "",
                         store["settlement_account"] if store else ""] + [yuan(fen) for fen in (
                             sum_["opening"], sum_["gross"], -sum_["refunds"], -sum_["fees"], sum_["fees_returned"],
                             sum_["decided"], sum_["closing"] - sum_["opening"] - sum_["paid"], -sum_["paid"],
                             sum_["closing"], sum_["disputed"])])
        return rows

    def trial_balance(self, month):
        sums, accounts = collections.defaultdict(collections.Counter), collections.defaultdict(set)
        for transfer in self.replay.transfers:
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

    def exceptions(self, month):
        """Records in question in the month, as they stood when it was closed last, or stand now. Without their numbers, which
        head office gives."""
        start, end = first_moment(month), first_moment(next_month(month))
        questions = [
            question for question in self.replay.questions_of(month)
            if question.opened < end and (question.settled is None or question.settled >= start)]
        rows = [
            [question.code, self.replay.stores[question.store]["code"], self.replay.stores[question.store]["name"],
             question.receipt, question.day, shown(question.opened), yuan(question.amount),
             question.outcome or question.bearer, question.state]
            for question in questions]
        return rows + [["", "", "", "", "", "", yuan(sum(question.amount for question in questions)), "", ""]]

    def ledger_detail(self, month):
        """Without numbers and moments: what moved between which accounts, how much, on which day, how often."""
        return collections.Counter(
            (t.book, t.kind, t.payer, t.payee, yuan(t.fen), t.day,
             self.replay.stores[t.store]["code"] if t.store else "", "迟到" if t.day[:7] != month else "")
            for t in self.replay.transfers if t.month == month)

    def _sold(self, month):
        kinds = ("sale", "shortfall", "refund", "shortfall_undone")
        return [t for t in self.replay.transfers if t.month == month and t.book == "real" and t.kind in kinds]

    def _store_key(self, key):
        return (key is None, key and self.replay.stores[key[0]]["code"], key and key[1])

    def _holder(self, account, owner):
        if account == "card":
            return self.replay.programmes[self.replay.cards[owner]["programme_id"]]["code"]
        if account in ("programme_funding", "refund_suspense"):
            return self.replay.programmes[owner]["code"]
        return self.replay.stores[owner]["code"] if owner else ""

    @staticmethod
    def _sides(transfer):
        return ((transfer.payee, transfer.payee_owner, transfer.fen),
                (transfer.payer, transfer.payer_owner, -transfer.fen))
