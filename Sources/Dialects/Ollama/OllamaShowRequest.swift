public import GatewayCore
public import GatewayPrimitives

/// The body of Ollama's `POST /api/show`: a model's name.
public struct OllamaShowRequest {
    public let model: String

    /// Reads a whole body. ``ByteQueue/slack`` bytes behind it must be readable.
    public init(_ body: ByteView, with parser: JSONParser) throws(GatewayError) {
        let root = try RequestFields.parse(body, with: parser)
        // The older name of the member is still sent.
        guard let name = (root[member: "model"] ?? root[member: "name"])?.string, !name.isEmpty
        else {
            throw RequestFields.invalid(
                "model is required, and must be a string.",
                [FieldViolation(field: "model", message: "is required, and must be a string")])
        }
        model = name.string
    }
}
