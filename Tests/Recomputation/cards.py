"""Cards that took another's place, cards that ended, and the money that moves on from them (R-R2, R-P3)."""

from ground import instant


class Chains:
    def __init__(self, replay):
        self._replay = replay
        database = replay.database
        self._next = {
            row["card_id"]: (instant(row["replaced_at"]), row["next_card_id"])
            for row in database.rows("SELECT * FROM card_chain")}
        self._closed = {
            row["card_id"]: instant(row["decided_at"]) for row in database.rows(
                "SELECT card_id, decided_at FROM card_request WHERE kind = 'close' AND state = 'done'")}
        self._kept_back = [
            (row["card_id"], row["amount"], instant(row["since"]), row["released_at"] and instant(row["released_at"]))
            for row in database.rows("SELECT * FROM card_hold_back")]

    def moments(self):
        """When a blocked card's money may move on: when it is replaced or closed, and when a silent till has reported."""
        found = {(at, card) for card, (at, _) in self._next.items()} | {(at, card) for card, at in self._closed.items()}
        return sorted(found | {
            (released, card) for card, _, _, released in self._kept_back
            if released and (card in self._next or card in self._closed)})

    def after(self, card):
        """The card and those that took its place, first to last."""
        while True:
            yield card
            if card not in self._next:
                return
            card = self._next[card][1]

    def live_end(self, card, at):
        """The money goes to the end of the replacement chain (R-R2)."""
        while card in self._next and self._next[card][0] <= at:
            card = self._next[card][1]
        return card

    def state(self, card, at):
        if card in self._closed:
            return "closed" if self._closed[card] <= at else "active"
        row = self._replay.cards.get(card)
        return row["state"] if row and instant(row["state_since"]) <= at else "active"

    def settle(self, card, at):
        """What neither holds nor silent tills may still claim leaves the card: to the live end of its chain, or back to
        its programme when that is closed."""
        end = self.live_end(card, at)
        if end == card and self.state(card, at) != "closed":
            return
        kept_back = sum(
            amount for owner, amount, since, released in self._kept_back
            if owner == card and since <= at and (released is None or released > at))
        replay = self._replay
        fen = replay.balances[card] - replay.held(card, at) - kept_back
        row = replay.cards[card]
        book = "test" if row["test"] else "real"
        if end == card or self.state(end, at) == "closed":
            replay.book(at, "closing", "card", card, "programme_funding", row["programme_id"], fen, at,
                        programme=row["programme_id"], book=book)
        else:
            replay.book(at, "replacement", "card", card, "card", end, fen, at, programme=row["programme_id"], book=book)
