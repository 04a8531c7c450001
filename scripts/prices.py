#!/usr/bin/env python3
"""Makes Sources/CPrices/prices.tsv from the price file inside LiteLLM's wheel.

    pip download --no-deps litellm --dest FOLDER
    scripts/prices.py FOLDER/litellm-*.whl > Sources/CPrices/prices.tsv

Prices are facts; the table holds them in a form of our own, with where and when they were read.
What is taken of each entry, and as which column:

    litellm_provider, the entry's name    vendor, model (without the vendor before it)
    mode                                  mode: chat or embedding (responses is chat)
    max_input_tokens                      input_max
    max_output_tokens, max_tokens         output_max
    input_cost_per_token                  input
    cache_read_input_token_cost           cached
    cache_creation_input_token_cost       cache_write
    ..._above_1hr of the above            cache_write_1h
    input_cost_per_audio_token            audio_in
    output_cost_per_token                 output
    output_cost_per_reasoning_token       reasoning
    output_cost_per_audio_token           audio_out
    ..._above_Nk_tokens of the above      tiers: N,input,cached,cache_write,output,cache_write_1h
                                          joined by `;`
    supports_reasoning                    hides: 1 where the vendor bills reasoning it does not send
    source                                source

Prices become US dollars for a million tokens, exactly. Left out: other modes; entries without both
prices (embeddings need input only); prices by image, second, character or session; batch, flex and
priority service.
"""

import datetime
import decimal
import json
import re
import sys
import zipfile

VENDORS = {
    "openai", "anthropic", "gemini", "deepseek", "mistral", "groq", "together_ai", "xai", "ollama",
}
FILE = "model_prices_and_context_window_backup.json"
MODES = {"chat": "chat", "responses": "chat", "embedding": "embedding"}
HIDING = {"openai", "gemini", "xai"}
COLUMNS = [
    "vendor", "model", "mode", "input_max", "output_max", "input", "cached", "cache_write",
    "audio_in", "output", "reasoning", "audio_out", "tiers", "hides",
    "cache_write_1h", "source",
]
TIERED = [
    "input_cost_per_token", "cache_read_input_token_cost", "cache_creation_input_token_cost",
    "output_cost_per_token", "cache_creation_input_token_cost_above_1hr",
]


def per_million(value):
    """US dollars for a million tokens, without an exponent or trailing zeros; empty for none."""
    if value is None:
        return ""
    amount = (decimal.Decimal(str(value)) * 1_000_000).normalize()
    return format(amount, "f")


def tiers(entry):
    found = {}
    for name in TIERED:
        pattern = re.compile(re.escape(name) + r"_above_(\d+)k_tokens$")
        for key in entry:
            if match := pattern.match(key):
                found.setdefault(int(match[1]) * 1000, {})[name] = entry[key]
    parts = []
    for above in sorted(found):
        tier = found[above]
        # A tier that does not say a price keeps the one below it.
        prices = [per_million(tier.get(name, entry.get(name))) for name in TIERED]
        parts.append(",".join([str(above)] + prices))
    return ";".join(parts)


def row(name, entry):
    vendor = entry.get("litellm_provider")
    mode = MODES.get(entry.get("mode"))
    if vendor not in VENDORS or mode is None:
        return None
    if entry.get("input_cost_per_token") is None:
        return None
    if mode == "chat" and entry.get("output_cost_per_token") is None:
        return None
    model = name.removeprefix(vendor + "/")
    hides = "1" if entry.get("supports_reasoning") and vendor in HIDING else ""
    return [
        vendor, model, mode,
        str(entry.get("max_input_tokens") or ""),
        str(entry.get("max_output_tokens") or entry.get("max_tokens") or "")
        if mode == "chat" else "",
        per_million(entry["input_cost_per_token"]),
        per_million(entry.get("cache_read_input_token_cost")),
        per_million(entry.get("cache_creation_input_token_cost")),
        per_million(entry.get("input_cost_per_audio_token")),
        per_million(entry.get("output_cost_per_token") or 0),
        per_million(entry.get("output_cost_per_reasoning_token")),
        per_million(entry.get("output_cost_per_audio_token")),
        tiers(entry), hides,
        per_million(entry.get("cache_creation_input_token_cost_above_1hr")), str(entry.get("source") or ""),
    ]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    path = sys.argv[1]
    with zipfile.ZipFile(path) as wheel:
        name = next(n for n in wheel.namelist() if n.endswith(FILE))
        entries = json.loads(wheel.read(name), parse_float=decimal.Decimal)
    version = re.search(r"litellm-([\d.]+)-", path)[1]
    rows = {}
    for name, entry in entries.items():
        found = row(name, entry) if isinstance(entry, dict) else None
        if found:
            rows.setdefault((found[0], found[1], found[2]), found)
    print("# Prices in US dollars for a million tokens. Made by scripts/prices.py.")
    print(f"# source\tlitellm {version} (PyPI), its model price file")
    print(f"# date\t{datetime.date.today()}")
    print("# " + "\t".join(COLUMNS))
    for key in sorted(rows):
        print("\t".join(rows[key]))


main()
