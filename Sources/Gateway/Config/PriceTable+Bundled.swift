import CPrices
import Foundation
import GatewayCore

extension PriceTable {
    /// The table that is built in.
    static let bundled: PriceTable = {
        let text = String(
            decoding: UnsafeRawBufferPointer(start: gw_prices(), count: gw_prices_count()),
            as: UTF8.self)
        do {
            return try PriceTable(text)
        } catch {
            preconditionFailure("Sources/CPrices/prices.tsv cannot be used: \(error)")
        }
    }()

    /// Reads a price file of LiteLLM's: an object with an entry for each model.
    static func liteLLM(_ text: String, name: String) throws(Invalid) -> PriceTable {
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)),
            let entries = object as? [String: [String: Any]]
        else { throw Invalid(line: 0, problem: "is no JSON object with an object for each model") }
        var prices: [String: Price] = [:]
        for (key, entry) in entries {
            guard let vendor = entry["litellm_provider"] as? String,
                let input = token(entry["input_cost_per_token"])
            else { continue }
            let output = token(entry["output_cost_per_token"]) ?? .zero
            var price = Price(Price.Rates(input: input, output: output))
            price.rates.cachedInput = token(entry["cache_read_input_token_cost"])
            price.rates.cacheWrite = token(entry["cache_creation_input_token_cost"])
            price.rates.cacheWriteHour = token(
                entry["cache_creation_input_token_cost_above_1hr"])
            price.rates.audioInput = token(entry["input_cost_per_audio_token"])
            price.rates.reasoning = token(entry["output_cost_per_reasoning_token"])
            price.rates.audioOutput = token(entry["output_cost_per_audio_token"])
            price.tiers = tiers(entry, price.rates)
            price.inputTokensMax = (entry["max_input_tokens"] as? NSNumber)?.intValue
            price.outputTokensMax =
                ((entry["max_output_tokens"] ?? entry["max_tokens"]) as? NSNumber)?.intValue
            let model = key.hasPrefix(vendor + "/") ? String(key.dropFirst(vendor.count + 1)) : key
            prices["\(vendor)/\(model)"] = price
        }
        return PriceTable(prices: prices, source: name, date: "")
    }

    /// The description of a number is its shortest exact text.
    private static func token(_ value: Any?) -> TokenPrice? {
        (value as? NSNumber).flatMap { TokenPrice(dollarsPerToken: $0.description) }
    }

    private static func tiers(_ entry: [String: Any], _ base: Price.Rates) -> [Price.Tier] {
        let prefix = "input_cost_per_token_above_"
        let suffix = "k_tokens"
        return entry.keys.filter { $0.hasPrefix(prefix) && $0.hasSuffix(suffix) }
            .compactMap { key -> Price.Tier? in
                let digits = key.dropFirst(prefix.count).dropLast(suffix.count)
                guard let thousands = Int(digits), let input = token(entry[key]) else { return nil }
                let above = "_above_\(digits)k_tokens"
                var rates = base
                rates.input = input
                rates.output = token(entry["output_cost_per_token" + above]) ?? base.output
                rates.cachedInput =
                    token(entry["cache_read_input_token_cost" + above]) ?? base.cachedInput
                rates.cacheWrite =
                    token(entry["cache_creation_input_token_cost" + above]) ?? base.cacheWrite
                rates.cacheWriteHour =
                    token(entry["cache_creation_input_token_cost_above_1hr" + above])
                    ?? base.cacheWriteHour
                return Price.Tier(inputTokensAbove: thousands * 1_000, rates: rates)
            }
    }
}
