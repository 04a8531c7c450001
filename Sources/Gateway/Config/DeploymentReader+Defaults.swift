import GatewayCore

// What a deployment says for requests that do not say it themselves.
extension DeploymentReader {
    /// As many as any vendor takes.
    private static let stopSequencesMax = 16

    /// The defaults of `litellm_params`; `nil` without any.
    func readDefaults(
        _ params: [String: ConfigNode], with reader: inout ConfigReader
    ) -> RequestDefaults? {
        var sampling = SamplingParams()
        sampling.temperature = reader.number(params["temperature"], in: 0...2)
        sampling.topP = reader.number(params["top_p"], in: 0...1)
        sampling.topK = reader.integer(params["top_k"], in: 1...1_000_000)
        sampling.frequencyPenalty = reader.number(params["frequency_penalty"], in: -2...2)
        sampling.presencePenalty = reader.number(params["presence_penalty"], in: -2...2)
        sampling.seed = reader.integer(params["seed"], in: Int.min...Int.max).map(Int64.init)
        sampling.stopSequences = readStop(params["stop"], with: &reader)
        let bounds = ["max_completion_tokens", "max_tokens"].map {
            reader.integer(params[$0], in: 1...StandingReader.most)
        }
        let defaults = RequestDefaults(
            maxOutputTokens: bounds.compactMap(\.self).max(), sampling: sampling,
            reasoningEffort: reader.value(
                params["reasoning_effort"], expected: "none, minimal, low, medium or high",
                ReasoningEffort.init),
            endUser: reader.text(params["user"]) ?? "")
        return defaults == RequestDefaults() ? nil : defaults
    }

    /// One text, or several.
    private func readStop(_ node: ConfigNode?, with reader: inout ConfigReader) -> [String] {
        guard let node else { return [] }
        if case .scalar = node.content { return reader.text(node).map { [$0] } ?? [] }
        let texts = reader.texts(node)
        if texts.count > Self.stopSequencesMax {
            reader.refuse(node, "has \(texts.count) texts; at most \(Self.stopSequencesMax) may be")
        }
        return texts
    }
}
