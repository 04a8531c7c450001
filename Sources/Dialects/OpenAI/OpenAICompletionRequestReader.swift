public import GatewayCore
public import GatewayPrimitives

/// Reads the body of `POST /v1/completions`, OpenAI's older completions of a prompt.
///
/// The request goes on in the client's own words: to deployments for completions as it is, to
/// others as a chat of one message.
public struct OpenAICompletionRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable. It is copied.
    public func read(_ body: ByteView) throws(GatewayError) -> ChatRequest {
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(
            of: body, in: parser, single: Self.single)
        var fields = RequestFields()
        fields.check(root, against: Self.known)
        OpenAIChatFields.checkRange(
            root[member: "max_tokens"], "max_tokens", 1...Int64.max, &fields)
        let choices = 1...Int64(DialectLimits.choicesMax)
        OpenAIChatFields.checkRange(root[member: "n"], "n", choices, &fields)
        OpenAIChatFields.checkRange(root[member: "best_of"], "best_of", choices, &fields)
        var prompts = Prompts()
        prompts.check(root[member: "prompt"], &fields)
        let routing = GatewayFields.read(root, among: members, &fields)
        let tags = fields.tags(of: root)
        try fields.finish()
        let each = max(root[member: "n"]?.integer ?? 1, root[member: "best_of"]?.integer ?? 1)
        var request = ChatRequest(
            model: root[member: "model"]?.string?.string ?? "",
            isStream: root[member: "stream"]?.bool ?? false,
            wantsUsage: root[member: "stream_options"]?[member: "include_usage"]?.bool ?? false,
            // What may be written, and so has to be held.
            choiceCount: Int(each) * max(1, prompts.count),
            maxOutputTokens: root[member: "max_tokens"]?.integer.map { Int(clamping: $0) },
            textBytes: prompts.textBytes,
            body: .raw(
                RawRequest(
                    dialect: .openAICompletions, json: body.bytes, members: members,
                    prompt: promptRange(of: body))))
        request.extent.messages = max(1, prompts.count)
        request.endUser = root[member: "user"]?.string?.string ?? ""
        request.tags = tags
        request.routing = routing
        return request
    }

    /// Where the prompt is in the body that was parsed last.
    private func promptRange(of body: ByteView) -> Range<Int>? {
        parser.topLevelMembers(of: body).first { body[$0.key].equals("\"prompt\"") }?.value
    }

    private static let single: [StaticString] = [
        "model", "prompt", "stream", "stream_options", "n", "best_of", "max_tokens",
    ]
    private static let known: [RequestFields.Field] = [
        .init("model", .nonEmptyString, isRequired: true),
        .init("max_tokens", .integer), .init("n", .integer), .init("best_of", .integer),
        .init("stream", .bool), .init("stream_options", .object), .init("logprobs", .integer),
        .init("echo", .bool), .init("suffix", .string), .init("temperature", .number),
        .init("top_p", .number), .init("frequency_penalty", .number),
        .init("presence_penalty", .number), .init("seed", .integer),
        .init("logit_bias", .object), .init("user", .string),
    ]

    /// A text, texts, tokens or lists of tokens.
    private struct Prompts {
        var count = 0
        var textBytes = 0

        mutating func check(_ prompt: JSONValue?, _ fields: inout RequestFields) {
            guard let prompt, !prompt.isNull else { return fields.violate("prompt", "is required") }
            guard prompt.kind == .array else { return take(prompt, "prompt", &fields) }
            guard prompt.count > 0, prompt.count <= DialectLimits.choicesMax || isTokens(prompt)
            else {
                return fields.violate(
                    "prompt",
                    "has \(prompt.count) elements; 1 to \(DialectLimits.choicesMax) are allowed")
            }
            if isTokens(prompt) { return takeTokens(prompt) }
            var index = 0
            for element in prompt.elements {
                if isTokens(element) {
                    takeTokens(element)
                } else {
                    take(element, "prompt[\(index)]", &fields)
                }
                index += 1
            }
        }

        private func isTokens(_ value: JSONValue) -> Bool {
            value.kind == .array && value.count > 0
                && value.elements.allSatisfy { $0.kind == .integer }
        }

        private mutating func takeTokens(_ value: JSONValue) {
            count += 1
            // What tokens have on average.
            textBytes += value.count * 4
        }

        private mutating func take(
            _ value: JSONValue, _ name: String, _ fields: inout RequestFields
        ) {
            guard let text = value.string else {
                return fields.violate(
                    name, "must be a string or an array of tokens, is \(value.kind.words)")
            }
            count += 1
            textBytes += text.count
        }
    }
}

/// Reads a request for a completion into core types: a chat of one message.
struct OpenAICompletionContentReader {
    let parser: JSONParser

    func read(_ request: RawRequest) throws(GatewayError) -> OpenAIContentReader.Reading {
        var bytes = ByteQueue()
        bytes.append(array: request.json)
        let root = try RequestFields.parse(bytes.view, with: parser)
        var state = OpenAIContentState()
        state.readCompletion(root)
        try state.fields.finish()
        return OpenAIContentReader.Reading(
            content: state.content, unknown: state.unknown, hints: state.hints)
    }
}

extension OpenAIContentState {
    private static let takenOfCompletion: [StaticString] = [
        "model", "stream", "stream_options", "n", "max_tokens",
    ]

    fileprivate mutating func readCompletion(_ root: JSONValue) {
        for (name, value) in root.members where !value.isNull {
            if Self.takenOfCompletion.contains(where: { name.equals($0) }) { continue }
            if name.equals("prompt") {
                readPrompt(value)
            } else if name.equals("logprobs") {
                content.topLogprobs = value.integer.map { Int(clamping: $0) }
            } else if name.equals("echo") || name.equals("suffix") || name.equals("best_of") {
                // What asks for nothing is no matter.
                let isIdle =
                    value.bool == false || value.string?.isEmpty == true || value.integer == 1
                if !isIdle { unknown.append(name.string) }
            } else if !readSampling(name, value), !readOption(name, value),
                !GatewayFields.isOurs(name)
            {
                unknown.append(name.string)
            }
        }
    }

    private mutating func readPrompt(_ prompt: JSONValue) {
        var texts = prompt.elements.makeIterator()
        let text = prompt.kind == .array && prompt.count == 1 ? texts.next() : prompt
        guard let text = text?.string else {
            return fields.violate(
                "prompt", "must be one text for a model that chats: no tokens, and not several")
        }
        content.messages = [Message(role: .user, parts: [.text(text.string)])]
    }
}
