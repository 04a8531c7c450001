"""The ledger of outcome_load.py's calls, held against the upstream's own bill."""

import hashlib
import pathlib
import sqlite3
import threading

from outcome_load import MAX_TOKENS, Plan

# Nano-dollars a token.
INPUT, OUTPUT = 1_000, 2_000
REPORTED = 1
SOURCES = {REPORTED: "reported", 2: "counted", 3: "estimated"}


class Looks:
    """Looks at every budget again and again: `settled + held <= cap`, at every look.

    `caps` are nano-dollars, by key or by a team's id."""

    def __init__(self, path: pathlib.Path, caps: dict[str, int], seconds: float = 0.05):
        self.path, self.seconds, self.count, self.broken = path, seconds, 0, []
        self.caps = caps | {
            hashlib.sha256(key.encode()).hexdigest(): cap for key, cap in caps.items()}
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def run(self):
        with sqlite3.connect(f"file:{self.path}?mode=ro", uri=True, timeout=30) as db:
            while not self.is_over.wait(self.seconds):
                for subject, settled, held in db.execute(
                        "SELECT subject_id, settled, held FROM budget_account"):
                    if settled < 0 or held < 0 or settled + held > self.caps[subject]:
                        self.broken.append((subject, settled, held))
                self.count += 1

    def stop(self):
        self.is_over.set()
        self.thread.join()


def bill_of(plan: Plan) -> int:
    return plan.bill[0] * INPUT + plan.bill[1] * OUTPUT


def held_most(plan: Plan) -> int:
    """What can have been held for a call with a bound."""
    return (len(plan.text) + 8) * INPUT + (plan.max_tokens or MAX_TOKENS) * OUTPUT


def compare(path: pathlib.Path, plans: dict[int, Plan], caps: dict[str, int]) -> dict:
    """Fails where the ledger and the bill disagree, where anything is still held, or where a key's
    bill is above its cap, which is for all time. Returns the figures to publish."""
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    rows = db.execute("SELECT * FROM ledger").fetchall()
    by_call = {int(row["end_user"]): row for row in rows}
    assert len(by_call) == len(rows), "a call has two rows"
    assert db.execute("SELECT count(*) FROM hold").fetchone()[0] == 0
    assert db.execute("SELECT coalesce(sum(held), 0) FROM budget_account").fetchone()[0] == 0
    charged = sum(row["cost"] for row in rows)
    assert db.execute("SELECT sum(cost) FROM daily_spend").fetchone()[0] == charged
    db.close()

    lost = [plan for plan in plans.values()
            if plan.ended and plan.status in (200, "OK") and plan.number not in by_call]
    assert not lost, lost[:3]
    more = less = 0
    sources = dict.fromkeys(SOURCES.values(), 0)
    for number, row in by_call.items():
        sources[SOURCES[row["usage_source"]]] += 1
        difference = compare_row(row, plans[number])
        more += max(0, difference)
        less += max(0, -difference)
    for key, cap in caps.items():
        billed = sum(bill_of(plan) for plan in plans.values() if plan.key == key)
        assert billed <= cap, f"the upstream's bill for {key} is {billed}"
    return {
        "calls": len(plans), "rows": len(rows), **sources, "charged_nano_usd": charged,
        "unreported_charged_more_nano_usd": more, "unreported_charged_less_nano_usd": less}


def compare_row(row: sqlite3.Row, plan: Plan) -> int:
    """By how many nano-dollars more than the bill was charged; zero for what was reported."""
    # A stream without a bound may come to its end faster than its hold can follow.
    assert row["excess"] == 0 or plan.max_tokens is None, (plan, dict(row))
    if row["usage_source"] == REPORTED and row["input_tokens"]:
        assert row["cost"] + row["excess"] == bill_of(plan), (plan, dict(row))
        return 0
    # What was not begun, or was turned away with a status, costs nothing.
    if row["cost"]:
        assert row["cost"] + row["excess"] >= plan.observed * OUTPUT, (plan, dict(row))
    # An answer that was lost before its first word was written all the same.
    if plan.fate == "lost":
        assert row["cost"] + row["excess"] >= bill_of(plan), (plan, dict(row))
    if plan.max_tokens or not plan.is_stream:
        assert row["cost"] <= held_most(plan), (plan, dict(row))
    return row["cost"] - bill_of(plan)
