public import GatewayCore
internal import GatewayPrimitives

/// Counts the input of requests in all dialects by a vocabulary.
///
/// Texts are counted exactly. What surrounds them is not published but for OpenAI's chat models,
/// whose figures (four tokens a message, three for the answer's beginning) are taken for all;
/// tools and schemas are counted as the JSON that they are. One a loop.
public final class RequestTokenCounter: InputCounter {
    private let parser = JSONParser()

    /// A message's borders and its role.
    private static let perMessage = 4
    private static let perName = 1
    private static let perTool = 8
    /// What the answer begins with.
    private static let perRequest = 3

    public init() {}

    public func tokens(of request: ModelRequest, by tokenizer: Tokenizer) -> Int64? {
        do throws(GatewayError) {
            switch request {
            case .chat(let chat): return Int64(count(try reading(chat), tokenizer))
            case .relay(let relayed) where relayed.operation == .tokenCount:
                let chat = ChatRequest(
                    model: relayed.model, isStream: false, wantsUsage: false,
                    body: .raw(relayed.raw))
                return Int64(count(try reading(chat), tokenizer))
            case .embeddings(let embeddings): return try count(embeddings, tokenizer)
            case .relay: return nil
            }
        } catch {
            // What cannot be read is for the attempt to refuse, in its own words.
            return nil
        }
    }

    private func reading(_ chat: ChatRequest) throws(GatewayError) -> ChatContent {
        try ContentReading(chat, with: parser).content
    }

    private func count(_ content: ChatContent, _ tokenizer: Tokenizer) -> Int {
        var sum = Self.perRequest
        for message in content.messages {
            sum += Self.perMessage
            if !message.name.isEmpty { sum += Self.perName + tokenizer.count(message.name) }
            sum += count(message.parts, tokenizer)
        }
        for tool in content.tools {
            sum += Self.perTool
            switch tool {
            case .function(let name, let description, let parametersJSON, _):
                sum += tokenizer.count(name) + tokenizer.count(description)
                sum += tokenizer.count(parametersJSON)
            case .provider(let json): sum += tokenizer.count(json)
            }
        }
        if case .jsonSchema(_, let description, let schemaJSON, _) = content.responseFormat {
            sum += tokenizer.count(description) + tokenizer.count(schemaJSON)
        }
        return sum
    }

    private func count(_ parts: [Part], _ tokenizer: Tokenizer) -> Int {
        var sum = 0
        for part in parts {
            switch part {
            case .text(let text), .refusal(let text), .other(let text):
                sum += tokenizer.count(text)
            case .reasoning(let reasoning): sum += tokenizer.count(reasoning.text)
            case .media: sum += InputTokens.perMediumLikely
            case .toolCall(let call):
                sum += tokenizer.count(call.name) + tokenizer.count(call.argumentsJSON)
            case .toolResult(let result): sum += count(result.parts, tokenizer)
            }
        }
        return sum
    }

    private func count(
        _ request: EmbeddingRequest, _ tokenizer: Tokenizer
    ) throws(GatewayError) -> Int64 {
        var sum = 0
        switch request.body {
        case .typed(let content):
            for input in content.inputs {
                switch input {
                case .text(let text): sum += tokenizer.count(text)
                case .tokens(let tokens): sum += tokens.count
                }
            }
        case .raw(let raw):
            var bytes = ByteQueue()
            bytes.append(array: raw.json)
            let root = try RequestFields.parse(bytes.view, with: parser)
            if let input = root[member: "input"] { sum = count(input, tokenizer) }
        }
        return Int64(sum)
    }

    /// A text, a token, or a list of such.
    private func count(_ input: JSONValue, _ tokenizer: Tokenizer) -> Int {
        if let text = input.string { return tokenizer.count(text) }
        if input.kind == .integer { return 1 }
        return input.elements.reduce(0) { $0 + count($1, tokenizer) }
    }
}
