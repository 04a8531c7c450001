import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// What Ollama's clients ask about models: the list, and one. What only a server that holds the
/// model could know is told as nothing.
enum OllamaModelsEndpoint {
    /// The version of Ollama whose API is spoken: clients compare it with what they need.
    static let version: StaticString = "0.12.0"

    static func version(to exchange: ServerExchange) {
        var body = ByteQueue()
        body.append("{\"version\":\"")
        body.append(version)
        body.append("\"}")
        exchange.respond(status: 200, json: body.view)
    }

    /// `GET /api/tags`; and `GET /api/ps`, of none: the gateway holds no model in memory.
    static func list(_ models: [ModelEntry], to exchange: ServerExchange) {
        var body = ByteQueue()
        body.append("{\"models\":[")
        for (index, model) in models.enumerated() {
            body.append(index > 0 ? ",{\"name\":" : "{\"name\":")
            body.append(jsonString: model.name)
            body.append(",\"model\":")
            body.append(jsonString: model.name)
            appendDetails(of: model, to: &body)
            body.append(#","size":0,"digest":""}"#)
        }
        body.append("]}")
        exchange.respond(status: 200, json: body.view)
    }

    /// `POST /api/show`.
    static func show(
        _ models: [ModelEntry], to exchange: ServerExchange, parser: JSONParser, bytesMax: Int
    ) async throws(GatewayError) {
        let bytes = try await exchange.readJSONBody(bytesMax: bytesMax)
        let name = try OllamaShowRequest(bytes, with: parser).model
        guard let model = models.first(where: { $0.name == name }) else {
            throw GatewayError(
                .modelNotFound, origin: .client,
                message:
                    "There is no model `\(name)` for this key. GET /api/tags lists the models.",
                fields: [FieldViolation(field: "model", message: "no such model")])
        }
        var body = ByteQueue()
        body.append(#"{"modelfile":"","parameters":"","template":"""#)
        appendDetails(of: model, to: &body)
        body.append(#","model_info":{"general.architecture":"llm-gateway""#)
        if let context = model.deployments.compactMap(\.traits.inputTokensMax).min() {
            body.append(#","llm-gateway.context_length":"#)
            body.append(decimal: context)
        }
        body.append("},\"capabilities\":[")
        for (index, capability) in capabilities(of: model).enumerated() {
            body.append(index > 0 ? ",\"" : "\"")
            body.append(capability)
            body.append("\"")
        }
        body.append("]}")
        exchange.respond(status: 200, json: body.view)
    }

    /// What any of its deployments can, as far as that is known.
    private static func capabilities(of model: ModelEntry) -> [StaticString] {
        let chats = model.deployments.filter {
            $0.mode == nil || $0.mode == .chat || $0.mode == .completion
        }
        var capabilities: [StaticString] = []
        if !chats.isEmpty { capabilities.append("completion") }
        if chats.contains(where: { $0.traits.takesTools == true }) { capabilities.append("tools") }
        if chats.contains(where: { $0.traits.takesMedia == true }) { capabilities.append("vision") }
        if model.deployments.contains(where: { $0.mode == .embedding }) {
            capabilities.append("embedding")
        }
        return capabilities
    }

    private static func appendDetails(of model: ModelEntry, to body: inout ByteQueue) {
        body.append(",\"modified_at\":")
        body.append(
            jsonString: WallTime(nanoseconds: model.createdAt * 1_000_000_000).rfc3339)
        body.append(#","details":{"parent_model":"","format":"","family":"#)
        body.append(jsonString: model.deployments.first?.provider.rawValue ?? "llm-gateway")
        body.append(#","families":null,"parameter_size":"","quantization_level":""}"#)
    }
}
