internal import GatewayCore

extension ContentReading {
    /// Members of a message that its vendor's clients send back as they got them, and that change
    /// no answer's meaning.
    private static let messageHints = [
        "thinking_blocks", "annotations", "provider_specific_fields", "gemini_parts",
    ]

    /// Tells the members of a message that are no part of it in another dialect.
    func noteFields(ofMessage index: Int, _ unsaid: inout Unsaid) throws(GatewayError) {
        let path = path(ofMessage: index)
        let json = content.messages[index].providerFieldsJSON
        for name in try ClientJSON.names(of: json, field: path) {
            if Self.messageHints.contains(name) {
                unsaid.drop(field: "\(path).\(name)")
            } else {
                unsaid.refuse(field: "\(path).\(name)")
            }
        }
    }

    /// Tells that what a model thought before is not said here, or not with its proof.
    func noteReasoning(
        _ reasoning: Reasoning, ofPart part: Int, inMessage index: Int, _ unsaid: inout Unsaid
    ) {
        let path = path(ofMessage: index)
        switch words {
        case .contract: unsaid.drop(field: self.path(ofPart: part, inMessage: index))
        case .openAI:
            unsaid.drop(
                field: reasoning.isProven ? "\(path).thinking_blocks" : "\(path).reasoning_content")
        case .ollama: unsaid.drop(field: "\(path).thinking")
        // Told as it was read.
        case .anthropic: break
        }
    }

    /// What the client calls a part of a message, for errors.
    func path(ofPart part: Int, inMessage index: Int) -> String {
        switch words {
        case .contract: "\(path(ofMessage: index)).parts[\(part)]"
        case .openAI: "\(path(ofMessage: index)).content[\(part)]"
        // Its messages are not the core's.
        case .anthropic, .ollama: path(ofMessage: index)
        }
    }
}

extension Unsaid {
    /// Leaves out what hints at the vendor's own machinery, and labels.
    mutating func dropHints(of content: ChatContent) {
        if !content.predictedOutput.isEmpty { drop("predicted_output", openAI: "prediction") }
        if !content.promptCacheKey.isEmpty {
            drop("prompt_cache_key", openAI: "prompt_cache_key")
        }
        if content.store == true { drop("store", openAI: "store") }
        if !content.metadata.isEmpty { drop("metadata", openAI: "metadata") }
    }
}
