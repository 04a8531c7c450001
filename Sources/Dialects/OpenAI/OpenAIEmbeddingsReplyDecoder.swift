public import GatewayCore
public import GatewayPrimitives
internal import Glibc

/// Reads a whole embeddings reply. Used as ``OpenAIChatReplyDecoder`` is.
///
/// Vectors come as arrays of numbers or as Base64 of little-endian single-precision numbers.
public struct OpenAIEmbeddingsReplyDecoder {
    private let wantsTyped: Bool
    private let faults: OpenAIFaults
    private var text: ReplyText
    private var id: JSONValue?
    private var model: JSONValue?
    private var hasToldStart = false
    private var elements: JSONValue.Elements?
    private var position = 0
    private var finished = ReplyFinished()
    private var hasData = false

    /// A decoder of one reply. Without `wantsTyped` there are no `embedding` events: the raw form
    /// with `started` has them.
    public init(
        parser: JSONParser, wantsTyped: Bool, provider: ProviderKind = .openAI,
        deployment: String = ""
    ) {
        text = ReplyText(parser)
        self.wantsTyped = wantsTyped
        faults = OpenAIFaults(provider: provider, deployment: deployment)
    }

    /// Reads the body. Its bytes must stay in place, with ``ByteQueue/slack`` readable ones behind
    /// them, until ``next()`` has returned `nil`. Throws if it is an error, or holds no vectors.
    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try text.read(json, faults)
        if let error = root[member: "error"], !error.isNull { throw faults.reported(in: root) }
        if root[member: "object"]?.string?.equals("error") == true {
            throw faults.reported(in: root)
        }
        guard let data = root[member: "data"], data.kind == .array else {
            throw faults.malformed("it has no `data`")
        }
        for element in data.elements where !isVector(element[member: "embedding"]) {
            throw faults.malformed("an element of `data` has no embedding")
        }
        hasData = true
        id = root[member: "id"]
        model = root[member: "model"]
        elements = wantsTyped ? data.elements : nil
        if let usage = root[member: "usage"] { finished.usage = OpenAIUsage.read(usage) }
    }

    /// The next event; its views are valid until anything else uses the parser, this decoder or the
    /// body's bytes.
    public mutating func next() -> ReplyEvent? {
        guard text.isReadable() else { return nil }
        if !hasToldStart {
            guard hasData else { return nil }
            hasToldStart = true
            let started = ReplyStarted(
                upstreamID: id?.string ?? .empty, upstreamModel: model?.string ?? .empty)
            return ReplyEvent(
                .started(started), raw: .json(text.json, .openAIEmbeddings, isUsageReport: false))
        }
        guard let element = elements?.next() else { return nil }
        let index = element[member: "index"]?.integer ?? Int64(position)
        position += 1
        let vector = EmbeddingVector(
            index: Int(index), values: Self.values(of: element[member: "embedding"]))
        return ReplyEvent(.embedding(vector), raw: .covered(.openAIEmbeddings))
    }

    /// What the reply came to.
    public mutating func end() throws(GatewayError) -> ReplyFinished {
        guard hasData else { throw faults.malformed("it has no `data`") }
        return finished
    }

    /// Numbers are looked at where they are to be read; a client of the same dialect reads them
    /// itself.
    private func isVector(_ value: JSONValue?) -> Bool {
        guard let value else { return false }
        if let text = value.string { return Base64.isVector(text) }
        guard value.kind == .array else { return false }
        return !wantsTyped
            || value.elements.allSatisfy { Float($0.number ?? .nan).isFinite }
    }

    private static func values(of value: JSONValue?) -> [Float] {
        guard let value else { return [] }
        if let text = value.string { return Base64.vector(text) }
        var values: [Float] = []
        values.reserveCapacity(value.count)
        for number in value.elements { values.append(Float(number.number ?? 0)) }
        return values
    }
}
