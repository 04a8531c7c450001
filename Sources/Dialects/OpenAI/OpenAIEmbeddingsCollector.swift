public import GatewayCore
public import GatewayPrimitives

/// Gathers the vectors of an embeddings reply. An upstream's own body passes as it came.
public struct OpenAIEmbeddingsCollector: ~Copyable {
    /// How vectors are written.
    public enum Encoding: Sendable { case float, base64 }

    private let model: String
    private let encoding: Encoding
    private var raw = ByteQueue()
    private var vectors: [EmbeddingVector] = []
    private var gathered: GatheredBytes

    /// - Parameter bytesMax: how much may be gathered.
    public init(model: String, encoding: Encoding, bytesMax: Int = 64 * 1024 * 1024) {
        self.model = model
        self.encoding = encoding
        gathered = GatheredBytes(max: bytesMax)
    }

    /// Takes an event in; copies what it needs of it.
    public mutating func add(_ event: ReplyEvent) throws(GatewayError) {
        if case .json(let json, .openAIEmbeddings, _) = event.raw {
            try gathered.add(json.count)
            raw.append(json)
        } else if raw.isEmpty, case .embedding(let vector) = event.body {
            try gathered.add(vector.values.count * MemoryLayout<Float>.size)
            vectors.append(vector)
        }
    }

    /// Appends the whole reply.
    public mutating func write(_ finished: ReplyFinished, into output: inout ByteQueue) {
        if !raw.isEmpty { return output.append(raw.view) }
        output.append(#"{"object":"list","data":["#)
        for (position, vector) in vectors.enumerated() {
            if position > 0 { output.append(",") }
            output.append(#"{"object":"embedding","index":"#)
            output.append(decimal: vector.index)
            output.append(",\"embedding\":")
            append(vector.values, into: &output)
            output.append("}")
        }
        output.append("],\"model\":")
        output.append(jsonString: model)
        output.append(",\"usage\":{\"prompt_tokens\":")
        output.append(decimal: Int(finished.usage?.inputTokens ?? 0))
        output.append(",\"total_tokens\":")
        output.append(decimal: Int(finished.usage?.inputTokens ?? 0))
        output.append("}}")
    }

    private func append(_ values: [Float], into output: inout ByteQueue) {
        guard encoding == .float else {
            output.append("\"")
            Base64.append(vector: values, into: &output)
            return output.append("\"")
        }
        output.append("[")
        for (place, value) in values.enumerated() {
            if place > 0 { output.append(",") }
            output.append(json: value)
        }
        output.append("]")
    }
}
