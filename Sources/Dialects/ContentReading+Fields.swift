internal import GatewayCore

extension ContentReading {
    /// Members of a message that its vendor's clients send back as they got them, and that change
    /// no answer's meaning.
    private static let messageHints = [
        "thinking_blocks", "annotations", "provider_specific_fields", "gemini_parts",
        "anthropic_blocks",
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

    /// Whether one of a vendor's own tools can be said in this dialect; refuses it otherwise.
    func says(
        ownTool index: Int, in dialect: Dialect, otherwise: Bool, _ unsaid: inout Unsaid
    ) -> Bool {
        if words == .contract {
            if content.jsonDialect == dialect { return true }
            unsaid.drop(field: "tools[\(index)].provider_tool_json")
            return false
        }
        if !otherwise { unsaid.refuse("tools[\(index)]", openAI: "tools[\(index)]") }
        return otherwise
    }

    /// What of the marks of a message's parts a dialect takes.
    struct TakenMarks: OptionSet {
        let rawValue: Int
        static let caches = TakenMarks(rawValue: 1)
        static let signatures = TakenMarks(rawValue: 2)
    }

    /// Tells the marks of a message's parts that the dialect does not take.
    func noteMarks(ofMessage index: Int, taken: TakenMarks, _ unsaid: inout Unsaid) {
        let message = content.messages[index]
        for (place, marks) in message.marks.sorted(by: { $0.key < $1.key }) {
            let path = path(ofPart: place, inMessage: index)
            if marks.cacheBreakpoint != nil, !taken.contains(.caches) {
                unsaid.drop(field: "\(path).cache_breakpoint")
            }
            if !marks.signature.isEmpty, !taken.contains(.signatures) {
                unsaid.drop(field: "\(path).signature")
            }
            if marks.hasAnnotations { unsaid.drop(field: "\(path).annotations") }
            if marks.hasProviderFields { unsaid.drop(field: "\(path).provider_fields_json") }
        }
    }

    /// Tells the breakpoints behind tools, where the dialect has none.
    func noteToolBreakpoints(_ unsaid: inout Unsaid) {
        for index in content.toolBreakpoints.keys.sorted() {
            unsaid.drop(field: "tools[\(index)].cache_breakpoint")
        }
    }

    /// Tells what of the media in a message the dialect does not take: how closely a picture is
    /// looked at, and the names of files.
    func noteMedia(
        ofMessage index: Int, _ unsaid: inout Unsaid,
        takesDetail: (Media) -> Bool = { _ in false }, takesName: (Media) -> Bool = { _ in false }
    ) {
        var told: [(path: String, media: Media)] = []
        for (place, part) in content.messages[index].parts.enumerated() {
            let path = path(ofPart: place, inMessage: index)
            if case .media(let media) = part { told.append((path, media)) }
            guard case .toolResult(let result) = part else { continue }
            for (place, part) in result.parts.enumerated() {
                guard case .media(let media) = part else { continue }
                let isOurs = words == .contract
                told.append((isOurs ? "\(path).tool_result.parts[\(place)]" : path, media))
            }
        }
        for (path, media) in told {
            if media.detail != nil, !takesDetail(media) {
                let member = words == .contract ? "media.detail" : "image_url.detail"
                unsaid.drop(field: "\(path).\(member)")
            }
            if media.fileName.isEmpty || takesName(media) { continue }
            switch words {
            case .contract: unsaid.drop(field: "\(path).media.file_name")
            case .anthropic: unsaid.drop(field: "\(path).title")
            case .openAI, .ollama: unsaid.drop(field: "\(path).file.filename")
            }
        }
    }

    /// Tells what of a schema for the output the dialect does not take.
    func noteSchema(
        _ name: String, _ description: String, strict: Bool?, _ unsaid: inout Unsaid
    ) {
        // Others' are the reader's own.
        guard words == .contract || words == .openAI else { return }
        let path = "response_format.json_schema"
        if !name.isEmpty { unsaid.drop(field: "\(path).name") }
        if !description.isEmpty { unsaid.drop(field: "\(path).description") }
        if strict != nil { unsaid.drop(field: "\(path).strict") }
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

extension ContentReading {
    /// Leaves out what was written for upstreams of other dialects, and tells it: members for the
    /// request, and what an upstream proved or added to its message.
    mutating func keepOwn(of dialect: Dialect, _ unsaid: inout Unsaid) throws(GatewayError) {
        if content.jsonDialect != dialect {
            let field = "chat.extra_body_json"
            for name in try ClientJSON.names(of: content.extraBodyJSON, field: field) {
                unsaid.drop(field: "extra_body_json.\(name)")
            }
            content.extraBodyJSON = ""
        }
        for index in content.messages.indices {
            let own = content.messages[index].dialect ?? dialect
            if own != dialect { leaveOutProofs(ofMessage: index, &unsaid) }
        }
    }

    private mutating func leaveOutProofs(ofMessage index: Int, _ unsaid: inout Unsaid) {
        if !content.messages[index].providerFieldsJSON.isEmpty {
            content.messages[index].providerFieldsJSON = ""
            unsaid.drop(field: "\(path(ofMessage: index)).provider_fields_json")
        }
        for (place, part) in content.messages[index].parts.enumerated() {
            let path = path(ofPart: place, inMessage: index)
            if let signature = content.messages[index].marks[place]?.signature, !signature.isEmpty {
                content.messages[index].marks[place]?.signature = ""
                unsaid.drop(field: "\(path).signature")
            }
            switch part {
            case .reasoning(let reasoning) where reasoning.isProven:
                content.messages[index].parts[place] = .reasoning(Reasoning(reasoning.text))
                unsaid.drop(field: "\(path).signature")
            case .other:
                content.messages[index].parts[place] = .text("")
                unsaid.drop(field: "\(path).provider_fields_json")
            case .text, .media, .toolCall, .toolResult, .reasoning, .refusal: break
            }
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
