public import GatewayCore
public import GatewayPrimitives

/// Reads the body of `POST /v1/embeddings`, and of Ollama's `POST /api/embed`, which is close to
/// it.
public struct OpenAIEmbeddingRequestReader {
    private let parser: JSONParser

    /// A reader with the loop's parser, which is its own only while a function of it runs.
    public init(parser: JSONParser) { self.parser = parser }

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable. It is copied.
    public func read(
        _ body: ByteView, as dialect: Dialect = .openAIEmbeddings
    ) throws(GatewayError) -> EmbeddingRequest {
        let root = try RequestFields.parse(body, with: parser)
        let members = try RequestFields.replaceableMembers(
            of: body, in: parser, single: Self.single)
        var fields = RequestFields()
        fields.check(root, against: Self.known)
        if let format = root[member: "encoding_format"]?.string,
            !format.equals("float") && !format.equals("base64")
        {
            fields.violate(
                "encoding_format", "must be `float` or `base64`, is \(fields.quote(format))")
        }
        OpenAIChatFields.checkRange(
            root[member: "dimensions"], "dimensions", 1...Int64(Int32.max), &fields)
        var inputs = Inputs()
        inputs.check(root[member: "input"], &fields)
        let routing = GatewayFields.read(root, among: members, &fields)
        let tags = fields.tags(of: root)
        try fields.finish()
        var request = EmbeddingRequest(
            model: root[member: "model"]?.string?.string ?? "", inputCount: inputs.count,
            textBytes: inputs.textBytes,
            dimensionCount: root[member: "dimensions"]?.integer.map(Int.init),
            body: .raw(RawRequest(dialect: dialect, json: body.bytes, members: members)))
        request.endUser = root[member: "user"]?.string?.string ?? ""
        request.tags = tags
        request.routing = routing
        return request
    }

    /// Reads the body of Ollama's older `POST /api/embeddings`, whose `prompt` is one text.
    public func read(prompt body: ByteView) throws(GatewayError) -> EmbeddingRequest {
        let root = try RequestFields.parse(body, with: parser)
        var fields = RequestFields()
        fields.check(root, against: [.init("prompt", .nonEmptyString, isRequired: true)])
        try fields.finish()
        // The same request in the newer endpoint's words.
        var renamed = ByteQueue()
        var copied = 0
        var names = root.members
        for member in parser.topLevelMembers(of: body) {
            guard names.next()?.name.equals("prompt") ?? false else { continue }
            renamed.append(body[copied..<member.key.lowerBound])
            renamed.append("\"input\"")
            copied = member.key.upperBound
        }
        renamed.append(body.dropping(first: copied))
        return try read(renamed.view, as: .ollamaEmbeddings)
    }

    /// How the client wants the vectors of the request that was read last, and the parser with it.
    public var encoding: OpenAIEmbeddingsCollector.Encoding {
        let format = parser.root[member: "encoding_format"]?.string
        return format?.equals("base64") ?? false ? .base64 : .float
    }

    private static let single: [StaticString] = [
        "model", "input", "dimensions", "encoding_format",
    ]
    private static let known: [RequestFields.Field] = [
        .init("model", .nonEmptyString, isRequired: true),
        .init("dimensions", .integer),
        .init("encoding_format", .string),
        .init("user", .string),
    ]
}

extension OpenAIEmbeddingRequestReader {
    /// What a request wants embedded: a text, texts, tokens or lists of tokens.
    private struct Inputs {
        var count = 0
        var textBytes = 0

        mutating func check(_ input: JSONValue?, _ fields: inout RequestFields) {
            guard let input else { return fields.violate("input", "is required") }
            switch input.kind {
            case .string:
                takeText(input, "input", &fields)
            case .array where input.count == 0:
                fields.violate("input", "must not be an empty array")
            case .array:
                checkArray(input, &fields)
            default:
                fields.violate(
                    "input",
                    "must be a string, an array of strings, or an array of tokens,"
                        + " is \(input.kind.words)")
            }
        }

        private mutating func checkArray(_ input: JSONValue, _ fields: inout RequestFields) {
            var elements = input.elements
            let first = elements.next()?.kind
            if first == .integer {
                count = 1
                return checkTokens(input, "input", &fields)
            }
            guard first == .string || first == .array else {
                return fields.violate(
                    "input[0]",
                    "must be a string, an integer or an array, is \(first?.words ?? "missing")")
            }
            guard input.count <= DialectLimits.embeddingInputsMax else {
                return fields.violate(
                    "input",
                    "has \(input.count) elements, at most \(DialectLimits.embeddingInputsMax)"
                        + " are allowed")
            }
            var index = 0
            for element in input.elements {
                let name = "input[\(index)]"
                index += 1
                guard element.kind == first else {
                    fields.violate(
                        name,
                        "must be \(first == .string ? "a string" : "an array")"
                            + " as input[0] is, is \(element.kind.words)")
                    continue
                }
                if first == .string {
                    takeText(element, name, &fields)
                } else {
                    count += 1
                    checkTokens(element, name, &fields)
                }
            }
        }

        private mutating func takeText(
            _ value: JSONValue, _ name: String, _ fields: inout RequestFields
        ) {
            let text = value.string ?? .empty
            if text.isEmpty { fields.violate(name, "must not be an empty string") }
            count += 1
            textBytes += text.count
        }

        /// A token stands for some bytes of text; four is what they have on average.
        private mutating func checkTokens(
            _ value: JSONValue, _ name: String, _ fields: inout RequestFields
        ) {
            if value.count == 0 { fields.violate(name, "must not be an empty array") }
            var index = 0
            for token in value.elements {
                if token.integer == nil || token.integer ?? 0 < 0 || token.kind != .integer {
                    fields.violate(
                        "\(name)[\(index)]",
                        "must be a token, which is an integer from 0 on,"
                            + " is \(token.kind.words)")
                    return
                }
                index += 1
            }
            textBytes += index * 4
        }
    }
}
