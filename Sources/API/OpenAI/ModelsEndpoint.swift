import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// OpenAI's list of models, as far as the key may use them.
enum ModelsEndpoint {
    static func list(_ models: [ModelEntry], to exchange: ServerExchange) {
        var body = ByteQueue()
        body.append(#"{"object":"list","data":["#)
        for (index, model) in models.enumerated() {
            if index > 0 { body.append(byte: 0x2C) }
            append(model, to: &body)
        }
        body.append("]}")
        exchange.respond(status: 200, json: body.view)
    }

    /// Answers with the model that the path names.
    static func one(of models: [ModelEntry], to exchange: ServerExchange) throws(GatewayError) {
        let path = exchange.path
        let start = path.hasPrefix("/v1/") ? 3 : 0
        let encoded = path.dropping(first: start + Endpoint.modelPrefix.utf8CodeUnitCount)
        let name = PercentText.decoded(path: encoded)
        guard let model = models.first(where: { $0.name == name }) else {
            throw GatewayError(
                .modelNotFound, origin: .client,
                message:
                    "There is no model `\(name)` for this key. GET /v1/models lists the models.",
                fields: [FieldViolation(field: "model", message: "no such model")])
        }
        var body = ByteQueue()
        append(model, to: &body)
        exchange.respond(status: 200, json: body.view)
    }

    /// The same in Anthropic's form, for clients that name its version. All are on one page.
    static func listForAnthropic(_ models: [ModelEntry], to exchange: ServerExchange) {
        var body = ByteQueue()
        body.append(#"{"data":["#)
        for (index, model) in models.enumerated() {
            if index > 0 { body.append(byte: 0x2C) }
            body.append(#"{"type":"model","id":"#)
            body.append(jsonString: model.name)
            body.append(#","display_name":"#)
            body.append(jsonString: model.name)
            body.append(#","created_at":"#)
            let created = WallTime(nanoseconds: model.createdAt * 1_000_000_000)
            body.append(jsonString: created.rfc3339)
            body.append("}")
        }
        body.append(#"],"has_more":false,"first_id":"#)
        append(id: models.first?.name, to: &body)
        body.append(#","last_id":"#)
        append(id: models.last?.name, to: &body)
        body.append("}")
        exchange.respond(status: 200, json: body.view)
    }

    private static func append(id: String?, to body: inout ByteQueue) {
        if let id { body.append(jsonString: id) } else { body.append("null") }
    }

    private static func append(_ model: ModelEntry, to body: inout ByteQueue) {
        body.append(#"{"id":"#)
        body.append(jsonString: model.name)
        body.append(#","object":"model","created":"#)
        body.append(decimal: Int(model.createdAt))
        body.append(#","owned_by":"#)
        body.append(jsonString: model.deployments.first?.provider.rawValue ?? "llm-gateway")
        body.append(byte: 0x7D)
    }
}
