import GatewayCore

/// The price of a deployment: what its entry says, on top of what the table knows of its model.
enum PriceReader {
    static func read(
        params: [String: ConfigNode], info: [String: ConfigNode], vendor: ModelVendor,
        table: PriceTable, with reader: inout ConfigReader
    ) -> Price? {
        // What `litellm_params` says wins over `model_info`, as in LiteLLM.
        func price(_ key: String) -> TokenPrice? {
            reader.value(
                params[key] ?? info[key], expected: "US dollars a token, such as 2.5e-06",
                TokenPrice.init(dollarsPerToken:))
        }
        let known = known(base: reader.text(info["base_model"]), vendor: vendor, table: table)
        let input = price("input_cost_per_token")
        let output = price("output_cost_per_token")
        let outputMax = reader.integer(
            info["max_output_tokens"] ?? info["max_tokens"], in: 1...StandingReader.most)
        guard known != nil || input != nil || output != nil else { return nil }
        var result = known ?? .zero
        if input != nil || output != nil {
            // A price of one's own is for every length of prompt, and for every kind of token that
            // has none of its own.
            result.tiers = []
            result.rates = Price.Rates(
                input: input ?? result.rates.input, output: output ?? result.rates.output)
        }
        if let price = price("cache_read_input_token_cost") { result.rates.cachedInput = price }
        if let price = price("cache_creation_input_token_cost") { result.rates.cacheWrite = price }
        if let price = price("cache_creation_input_token_cost_above_1hr") {
            result.rates.cacheWriteHour = price
        }
        if let price = price("input_cost_per_audio_token") { result.rates.audioInput = price }
        if let price = price("output_cost_per_reasoning_token") { result.rates.reasoning = price }
        if let price = price("output_cost_per_audio_token") { result.rates.audioOutput = price }
        if let outputMax { result.outputTokensMax = outputMax }
        return result
    }

    /// What the table knows; the demo costs nothing.
    private static func known(
        base: String?, vendor: ModelVendor, table: PriceTable
    ) -> Price? {
        if vendor.kind == .scripted { return .zero }
        guard let base else {
            return table.price(vendor: vendor.name, model: vendor.upstreamModel)
        }
        let named = ModelVendor(model: base, vendor: nil)
        return table.price(vendor: named.name, model: named.upstreamModel)
            ?? table.price(vendor: vendor.name, model: base)
    }
}
