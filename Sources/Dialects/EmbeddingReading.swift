internal import GatewayCore
internal import GatewayPrimitives

/// A request for embeddings in core types, in whatever words its client wrote it.
struct EmbeddingReading {
    var content: EmbeddingContent
    let words: ClientWords
    /// Members that the core has no name for.
    var unknown: [String] = []
    /// The same where leaving them out changes no vector.
    var hints: [String] = []

    /// What is read elsewhere, or says how the gateway writes the answer.
    private static let taken: [StaticString] = [
        "model", "input", "dimensions", "encoding_format", "user",
    ]

    init(_ request: EmbeddingRequest, with parser: JSONParser) throws(GatewayError) {
        switch request.body {
        case .typed(let typed):
            content = typed
            words = .contract
        case .raw(let raw):
            words = raw.dialect == .ollamaEmbeddings ? .ollama : .openAI
            content = EmbeddingContent(
                inputs: [], dimensionCount: request.dimensionCount ?? 0, endUser: request.endUser)
            var bytes = ByteQueue()
            bytes.append(array: raw.json)
            let root = try RequestFields.parse(bytes.view, with: parser)
            if let input = root[member: "input"] { content.inputs = Self.inputs(input) }
            for (name, value) in root.members where !value.isNull {
                let isTaken = Self.taken.contains { name.equals($0) }
                if isTaken || GatewayFields.isOurs(name) { continue }
                let isHint = name.equals("keep_alive") || name.equals("truncate")
                if words == .ollama && isHint {
                    hints.append(name.string)
                } else {
                    unknown.append(name.string)
                }
            }
        }
    }

    /// A text, texts, tokens or lists of tokens.
    private static func inputs(_ value: JSONValue) -> [EmbeddingContent.Input] {
        if let text = value.string { return [.text(text.string)] }
        if value.elements.contains(where: { $0.kind == .integer }) {
            return [.tokens(tokens(value))]
        }
        return value.elements.map { element in
            element.string.map { .text($0.string) } ?? .tokens(tokens(element))
        }
    }

    private static func tokens(_ value: JSONValue) -> [Int32] {
        value.elements.map { Int32(clamping: $0.integer ?? 0) }
    }

    func unsaid(mayDrop: Bool) -> Unsaid {
        var unsaid = Unsaid(mayDrop: mayDrop, words: words)
        for name in hints { unsaid.drop(field: name) }
        for name in unknown { unsaid.refuse(field: name) }
        return unsaid
    }

    /// Leaves out members that were written for requests in other dialects, and tells it.
    mutating func keepOwn(of dialect: Dialect, _ unsaid: inout Unsaid) throws(GatewayError) {
        if content.jsonDialect == dialect { return }
        for name in try ClientJSON.names(of: content.extraBodyJSON, field: "extra_body_json") {
            unsaid.drop(field: "extra_body_json.\(name)")
        }
        content.extraBodyJSON = ""
    }

    /// The inputs, for a dialect that takes texts alone.
    func texts() throws(GatewayError) -> [String] {
        var texts: [String] = []
        for (index, input) in content.inputs.enumerated() {
            guard case .text(let text) = input else {
                throw .inexpressible(
                    content.inputs.count == 1 ? "input" : "input[\(index)]",
                    "has tokens; this deployment takes texts")
            }
            texts.append(text)
        }
        return texts
    }
}
