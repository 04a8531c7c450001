internal import GatewayCore

extension ContentReading {
    /// Takes what the request does not say from the deployment's defaults. One that its model
    /// cannot be told is left out, and no reason to refuse what the client did not ask for.
    mutating func fill(from defaults: RequestDefaults?) {
        guard let defaults else { return }
        let given = defaults.sampling
        take(given.temperature, "temperature", \.sampling.temperature)
        take(given.topP, "top_p", \.sampling.topP)
        take(given.topK, "top_k", \.sampling.topK)
        take(given.frequencyPenalty, "frequency_penalty", \.sampling.frequencyPenalty)
        take(given.presencePenalty, "presence_penalty", \.sampling.presencePenalty)
        take(given.seed, "seed", \.sampling.seed)
        if content.sampling.stopSequences.isEmpty, !given.stopSequences.isEmpty {
            content.sampling.stopSequences = given.stopSequences
            defaulted.insert("stop")
        }
        // A budget of thinking says it too.
        if content.maxReasoningTokens == nil, !hints.contains("thinking") {
            take(defaults.reasoningEffort, "reasoning_effort", \.reasoningEffort)
        }
        if content.endUser.isEmpty { content.endUser = defaults.endUser }
    }

    private mutating func take<Value>(
        _ value: Value?, _ name: String, _ place: WritableKeyPath<ChatContent, Value?>
    ) {
        guard let value, content[keyPath: place] == nil else { return }
        content[keyPath: place] = value
        defaulted.insert(name)
    }
}
