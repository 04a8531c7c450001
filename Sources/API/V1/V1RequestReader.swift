import CGatewayProto
import GatewayCore
import GatewayPrimitives

/// Turns requests of the contract into core types, and collects what is wrong with them by field.
struct V1RequestReader {
    private(set) var violations: [FieldViolation] = []
    private(set) var unsupported: [FieldViolation] = []
    /// UTF-8 bytes of all texts.
    private var textBytes = 0

    static let choicesMax = 128
    static let stopSequencesMax = 4
    static let metadataMax = 16
    static let inputsMax = 2_048

    mutating func violate(_ field: String, _ message: String) {
        if violations.count < 16 {
            violations.append(FieldViolation(field: field, message: message))
        }
    }

    /// What a later version will do and must not be passed over in silence.
    mutating func refuse(_ field: String) {
        unsupported.append(
            FieldViolation(field: field, message: "is not supported by this version"))
    }

    /// Throws if anything was wrong; the message tells the first.
    func finish() throws(GatewayError) {
        if let first = violations.first {
            throw GatewayError(
                .invalidRequest, origin: .client, message: "\(first.field) \(first.message).",
                fields: violations)
        }
        if let first = unsupported.first {
            throw GatewayError(
                .unsupportedParameter, origin: .client,
                message: "\(first.field) \(first.message).", fields: unsupported)
        }
    }

    /// The request of either chat method.
    mutating func chat(
        _ pointer: UnsafePointer<Llmgateway__V1__ChatRequest>?, isStream: Bool
    ) throws(GatewayError) -> ChatRequest {
        guard let request = pointer?.pointee else {
            violate("chat", "is required")
            try finish()
            throw .clientGone
        }
        let model = request.model.text
        if model.isEmpty { violate("chat.model", "is required") }
        if request.n_messages == 0 { violate("chat.messages", "is required") }
        var messages: [Message] = []
        for index in 0..<request.n_messages {
            guard let message = request.messages[index] else { continue }
            messages.append(self.message(message.pointee, "chat.messages[\(index)]"))
        }
        var content = ChatContent(messages: messages)
        readTools(request, into: &content)
        readSampling(request, into: &content)
        readOptions(request, into: &content)
        let routing = readRouting(request.routing, "chat.routing", into: &content)
        let choices = Int(request.choice_count)
        if choices < 0 || choices > Self.choicesMax {
            violate("chat.choice_count", "must be from 0 to \(Self.choicesMax), is \(choices)")
        }
        let labels = labels(request.n_labels, request.labels, "chat.labels")
        if request.max_output_tokens < 0 {
            violate("chat.max_output_tokens", "must not be negative")
        }
        try finish()
        var chat = ChatRequest(
            model: model, isStream: isStream, wantsUsage: true, choiceCount: max(1, choices),
            maxOutputTokens: request.max_output_tokens > 0 ? Int(request.max_output_tokens) : nil,
            textBytes: textBytes, body: .typed(content))
        chat.routing = routing
        chat.extent = content.extent
        chat.endUser = content.endUser
        chat.labels = labels
        chat.clampsToBudget = request.routing?.pointee.clamp_to_budget ?? 0 != 0
        return chat
    }

    // MARK: - Messages

    private mutating func message(_ message: Llmgateway__V1__Message, _ path: String) -> Message {
        let role: Message.Role
        switch message.role {
        case LLMGATEWAY__V1__ROLE__ROLE_SYSTEM: role = .system
        case LLMGATEWAY__V1__ROLE__ROLE_DEVELOPER: role = .developer
        case LLMGATEWAY__V1__ROLE__ROLE_USER: role = .user
        case LLMGATEWAY__V1__ROLE__ROLE_ASSISTANT: role = .assistant
        case LLMGATEWAY__V1__ROLE__ROLE_TOOL: role = .tool
        default:
            violate("\(path).role", "is required and must be a known role")
            role = .user
        }
        if message.n_parts == 0 { violate("\(path).parts", "is required") }
        var read = Message(
            role: role, parts: [], name: message.name.text,
            providerFieldsJSON: message.provider_fields_json.text)
        read.dialect = dialect(message.dialect.text, of: Dialect.ofChats, "\(path).dialect")
        for index in 0..<message.n_parts {
            guard let part = message.parts[index]?.pointee,
                let content = self.part(part, "\(path).parts[\(index)]")
            else { continue }
            if let marks = marks(part) { read.marks[read.parts.count] = marks }
            read.parts.append(content)
        }
        return read
    }

    /// What stands beside a part; `nil` for nothing.
    private func marks(_ part: Llmgateway__V1__Part) -> PartMarks? {
        var marks = PartMarks()
        let isOther = part.content_case == LLMGATEWAY__V1__PART__CONTENT__NOT_SET
        let isReasoning = part.content_case == LLMGATEWAY__V1__PART__CONTENT_REASONING
        if !isReasoning { marks.signature = part.signature.text }
        marks.cacheBreakpoint = Self.breakpoint(part.cache_breakpoint)
        if part.content_case == LLMGATEWAY__V1__PART__CONTENT_TOOL_RESULT {
            let ofResult = part.tool_result.pointee.cache_breakpoint
            marks.cacheBreakpoint = marks.cacheBreakpoint ?? Self.breakpoint(ofResult)
        }
        marks.hasAnnotations = part.n_annotations > 0
        marks.hasProviderFields = !isOther && !part.provider_fields_json.text.isEmpty
        if part.content_case == LLMGATEWAY__V1__PART__CONTENT_TOOL_CALL {
            let ofCall = part.tool_call.pointee.provider_fields_json.text
            marks.hasProviderFields = marks.hasProviderFields || !ofCall.isEmpty
        }
        let says =
            !marks.signature.isEmpty || marks.cacheBreakpoint != nil || marks.hasAnnotations
            || marks.hasProviderFields
        return says ? marks : nil
    }

    static func breakpoint(
        _ breakpoint: UnsafeMutablePointer<Llmgateway__V1__CacheBreakpoint>?
    ) -> CacheBreakpoint? {
        guard let breakpoint = breakpoint?.pointee else { return nil }
        guard let ttl = breakpoint.ttl?.pointee else { return CacheBreakpoint() }
        return CacheBreakpoint(seconds: ttl.nanos > 0 ? ttl.seconds + 1 : ttl.seconds)
    }

    private mutating func part(_ part: Llmgateway__V1__Part, _ path: String) -> Part? {
        switch part.content_case {
        case LLMGATEWAY__V1__PART__CONTENT_TEXT: return .text(counted(part.text))
        case LLMGATEWAY__V1__PART__CONTENT_REFUSAL: return .refusal(counted(part.refusal))
        case LLMGATEWAY__V1__PART__CONTENT_REASONING:
            return .reasoning(reasoning(part, "\(path).reasoning"))
        case LLMGATEWAY__V1__PART__CONTENT_MEDIA:
            return media(part.media.pointee, "\(path).media").map { .media($0) }
        case LLMGATEWAY__V1__PART__CONTENT_TOOL_CALL:
            let call = part.tool_call.pointee
            return .toolCall(
                ToolCall(
                    id: call.id.text, name: call.name.text,
                    argumentsJSON: counted(call.arguments_json)))
        case LLMGATEWAY__V1__PART__CONTENT_TOOL_RESULT:
            return .toolResult(result(part.tool_result.pointee, "\(path).tool_result"))
        default:
            let json = part.provider_fields_json.text
            if json.isEmpty { violate(path, "has no content") }
            return json.isEmpty ? nil : .other(json: json)
        }
    }

    private mutating func reasoning(
        _ part: Llmgateway__V1__Part, _ path: String
    ) -> Reasoning {
        let reasoning = part.reasoning.pointee
        let bytes = UnsafeBufferPointer(
            start: reasoning.redacted_data.data, count: reasoning.redacted_data.len)
        // Upstreams give it as a text.
        let redacted = String(validating: bytes, as: UTF8.self)
        if redacted == nil {
            violate("\(path).redacted_data", "must be as the upstream gave it")
        }
        return Reasoning(
            counted(reasoning.text), signature: part.signature.text, redactedData: redacted ?? "")
    }

    private mutating func media(_ media: Llmgateway__V1__Media, _ path: String) -> Media? {
        let source: Media.Source
        switch media.source_case {
        case LLMGATEWAY__V1__MEDIA__SOURCE_INLINE_DATA:
            if media.mime_type.text.isEmpty { violate("\(path).mime_type", "is required") }
            source = .inline(
                Array(
                    UnsafeBufferPointer(start: media.inline_data.data, count: media.inline_data.len)
                ))
        case LLMGATEWAY__V1__MEDIA__SOURCE_URI: source = .uri(media.uri.text)
        case LLMGATEWAY__V1__MEDIA__SOURCE_FILE_ID: source = .fileID(media.file_id.text)
        default:
            violate("\(path).source", "is required")
            return nil
        }
        let details: [Media.Detail?] = [nil, .low, .high]
        let detail = known(media.detail.rawValue, details, "\(path).detail")
        return Media(
            source: source, mimeType: media.mime_type.text, detail: detail,
            fileName: media.file_name.text)
    }

    private mutating func result(
        _ result: Llmgateway__V1__ToolResult, _ path: String
    ) -> ToolResult {
        if result.tool_call_id.text.isEmpty { violate("\(path).tool_call_id", "is required") }
        var parts: [Part] = []
        for index in 0..<result.n_parts {
            guard let part = result.parts[index]?.pointee else { continue }
            if part.content_case == LLMGATEWAY__V1__TOOL_RESULT_PART__CONTENT_TEXT {
                parts.append(.text(counted(part.text)))
            } else if part.content_case == LLMGATEWAY__V1__TOOL_RESULT_PART__CONTENT_MEDIA,
                let media = media(part.media.pointee, "\(path).parts[\(index)].media")
            {
                parts.append(.media(media))
            } else if part.content_case == LLMGATEWAY__V1__TOOL_RESULT_PART__CONTENT__NOT_SET {
                violate("\(path).parts[\(index)]", "has no content")
            }
        }
        return ToolResult(
            toolCallID: result.tool_call_id.text, parts: parts, isError: result.is_error != 0)
    }

    /// A choice by its number; of one that a later version of the contract has, refuses it.
    mutating func known<Choice>(_ number: UInt32, _ choices: [Choice?], _ path: String) -> Choice? {
        if choices.indices.contains(Int(number)) { return choices[Int(number)] }
        violate(path, "has the value \(number), which is not known here")
        return nil
    }

    /// A dialect by its name; `nil` where none is named.
    mutating func dialect(_ name: String, of known: [Dialect], _ path: String) -> Dialect? {
        if name.isEmpty { return nil }
        if let dialect = known.first(where: { $0.name.description == name }) { return dialect }
        let names = known.map { "`\($0.name)`" }.joined(separator: ", ")
        violate(path, "must be one of \(names)")
        return nil
    }

    mutating func counted(_ text: UnsafePointer<CChar>?) -> String {
        let text = text.text
        textBytes += text.utf8.count
        return text
    }

    /// The texts counted so far.
    var countedBytes: Int { textBytes }
}

extension Optional where Wrapped == UnsafePointer<CChar> {
    /// A C text, which the wire check found to be UTF-8; empty without one.
    var text: String { map { String(cString: $0) } ?? "" }
}

extension Optional where Wrapped == UnsafeMutablePointer<CChar> {
    /// A C text, which the wire check found to be UTF-8; empty without one.
    var text: String { map { String(cString: $0) } ?? "" }
}
