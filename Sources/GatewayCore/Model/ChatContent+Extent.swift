extension ChatContent {
    /// The size of what is no text, for bounds of the input and for what a deployment must be able
    /// to take.
    public var extent: ChatRequest.Extent {
        var extent = ChatRequest.Extent()
        extent.messages = messages.count
        for message in messages {
            for part in message.parts { part.add(to: &extent) }
            extent.otherBytes += message.name.utf8.count + message.providerFieldsJSON.utf8.count
        }
        extent.otherBytes += extraBodyJSON.utf8.count + predictedOutput.utf8.count
        if !tools.isEmpty { extent.usesTools = true }
        for tool in tools {
            switch tool {
            case .function(let name, let description, let parametersJSON, _):
                extent.otherBytes +=
                    name.utf8.count + description.utf8.count + parametersJSON.utf8.count
            case .provider(let json): extent.otherBytes += json.utf8.count
            }
        }
        if case .jsonSchema(_, let description, let schemaJSON, _) = responseFormat {
            extent.otherBytes += description.utf8.count + schemaJSON.utf8.count
        }
        return extent
    }
}

extension Part {
    fileprivate func add(to extent: inout ChatRequest.Extent) {
        switch self {
        case .media(let media):
            extent.media += 1
            if case .inline(let bytes) = media.source {
                // They go upstream in base64.
                extent.mediaBytes += (bytes.count + 2) / 3 * 4
            }
        case .toolResult(let result):
            extent.usesTools = true
            for part in result.parts { part.add(to: &extent) }
        case .other(let json): extent.otherBytes += json.utf8.count
        case .toolCall(let call):
            extent.usesTools = true
            extent.otherBytes += call.id.utf8.count + call.name.utf8.count
        case .reasoning(let reasoning):
            extent.otherBytes += reasoning.signature.utf8.count + reasoning.redactedData.utf8.count
        case .text, .refusal: break
        }
    }
}
