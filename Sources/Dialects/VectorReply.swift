internal import GatewayCore
internal import GatewayPrimitives

/// The vectors of a whole reply while they are told, in dialects that number them by their order.
struct VectorReply {
    /// What its raw form is in; `nil` where no client reads that.
    private let dialect: Dialect?
    /// Where an element has its numbers.
    private let numbers: (JSONValue) -> JSONValue?
    private var text: ReplyText
    private var elements: JSONValue.Elements?
    private var hasStarted = false
    private var position = 0
    /// What the upstream said it used.
    var usage: Usage?

    init(
        parser: JSONParser, dialect: Dialect? = nil,
        numbers: @escaping (JSONValue) -> JSONValue?
    ) {
        text = ReplyText(parser)
        self.dialect = dialect
        self.numbers = numbers
    }

    mutating func read(
        _ json: ByteView, _ faults: some ReplyFaults
    ) throws(GatewayError) -> JSONValue {
        try text.read(json, faults)
    }

    /// Takes in the list of the text that was read; false if it is no list of vectors.
    mutating func take(_ list: JSONValue?) -> Bool {
        guard let list, list.kind == .array else { return false }
        let areVectors = list.elements.allSatisfy { element in
            guard let numbers = numbers(element), numbers.kind == .array else { return false }
            return numbers.elements.allSatisfy { Float($0.number ?? .nan).isFinite }
        }
        elements = list.elements
        return areVectors
    }

    mutating func next() -> ReplyEvent? {
        if !hasStarted {
            hasStarted = true
            return ReplyEvent(
                .started(ReplyStarted()),
                raw: dialect.map { .json(text.json, $0, isUsageReport: false) } ?? .none)
        }
        guard text.isReadable(), let element = elements?.next(), let numbers = numbers(element)
        else { return nil }
        defer { position += 1 }
        return ReplyEvent(
            .embedding(
                EmbeddingVector(
                    index: position, values: numbers.elements.map { Float($0.number ?? 0) })),
            raw: dialect.map(RawForm.covered) ?? .none)
    }
}
