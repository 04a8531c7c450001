public import GatewayCore
public import GatewayPrimitives

/// Writes requests for `batchEmbedContents` (ai.google.dev/api/embeddings): one vector for each
/// input, in their order.
public struct GeminiEmbeddingsWriter {
    /// The upstream's own name for the model.
    let model: String
    /// Whether parameters may be left out that the deployment does not support.
    let dropsUnsupported: Bool

    public init(model: String, dropsUnsupported: Bool = false) {
        self.model = model
        self.dropsUnsupported = dropsUnsupported
    }

    /// Appends the body of a request. Returns what was left out; throws if it may not be.
    public func write(
        _ request: EmbeddingRequest, with parser: JSONParser, into output: inout ByteQueue
    ) throws(GatewayError) -> [String] {
        var reading = try EmbeddingReading(request, with: parser)
        var unsaid = reading.unsaid(mayDrop: dropsUnsupported)
        try reading.keepOwn(of: .geminiEmbeddings, &unsaid)
        output.append("{\"requests\":[")
        for (index, text) in try reading.texts().enumerated() {
            output.append(index > 0 ? ",{\"model\":" : "{\"model\":")
            output.append(jsonString: "models/" + model)
            output.append(",\"content\":{\"parts\":[")
            GeminiPart.append(text: text, into: &output)
            output.append("]}")
            if reading.content.dimensionCount > 0 {
                output.appendMember("outputDimensionality", reading.content.dimensionCount)
            }
            // What the client adds is each vector's.
            try ClientJSON.append(
                membersOf: reading.content.extraBodyJSON, field: "extra_body_json",
                refusing: ["model", "content", "outputDimensionality"], into: &output)
            output.append("}")
        }
        output.append("]}")
        if !reading.content.endUser.isEmpty { unsaid.drop("end_user", openAI: "user") }
        try unsaid.finish()
        return unsaid.dropped
    }
}

/// Reads the vectors of a reply: `{"embeddings":[{"values":[...]}]}`.
public struct GeminiEmbeddingsDecoder: WholeReplyDecoding {
    private var vectors: VectorReply
    private let faults: GeminiFaults

    /// A decoder of one reply. Errors name the provider and the deployment.
    public init(
        parser: JSONParser, provider: ProviderKind = .gemini, deployment: String = ""
    ) {
        faults = GeminiFaults(provider: provider, deployment: deployment)
        vectors = VectorReply(parser: parser) { $0[member: "values"] }
    }

    public mutating func begin(_ json: ByteView) throws(GatewayError) {
        let root = try vectors.read(json, faults)
        if root[member: "error"] != nil { throw faults.reported(in: root) }
        guard vectors.take(root[member: "embeddings"]) else {
            throw faults.malformed("it has no `embeddings` of numbers")
        }
        vectors.usage = root[member: "usageMetadata"].flatMap(GeminiUsage.read)
    }

    public mutating func next() -> ReplyEvent? { vectors.next() }

    public mutating func end() throws(GatewayError) -> ReplyFinished {
        ReplyFinished(usage: vectors.usage)
    }
}
