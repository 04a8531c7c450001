import GatewayCore
import GatewayPrimitives
import JSON
import Transport

/// Shows errors of the management as LiteLLM does, or in OpenAI's form where LiteLLM's statuses are
/// not wanted.
struct ManagementErrorWriter {
    let errors: OpenAIErrorWriter

    /// Answers an exchange whose head has not been sent.
    func respond(
        to exchange: ServerExchange, with error: GatewayError, shape: ManagementErrorShape,
        id: CallID
    ) {
        var body = ByteQueue()
        var status = errors.face(of: error).status
        if errors.usesLiteLLMStatuses {
            if error.reason == .invalidRequest, !error.fields.isEmpty {
                // What FastAPI answers when a body or a query does not have its declared form.
                status = 422
                append(violations: error, isQuery: isQuery(exchange.method), to: &body)
            } else if shape == .detail, error.reason != .keyInvalid, error.reason != .notAllowed {
                body.append(#"{"detail":{"error":"#)
                body.append(jsonString: error.message + " (request id \(id.text))")
                body.append("}}")
            }
        }
        if body.isEmpty {
            // The role of a key is not its right to a model, which other doors mean.
            let isRole = errors.usesLiteLLMStatuses && error.reason == .notAllowed
            errors.append(error, id: id, type: isRole ? "auth_error" : nil, to: &body)
        }
        errors.appendHeaders(of: error, id: id, to: exchange)
        exchange.respond(status: status, json: body.view)
    }

    private func append(violations error: GatewayError, isQuery: Bool, to body: inout ByteQueue) {
        body.append(#"{"detail":["#)
        for (index, violation) in error.fields.enumerated() {
            if index > 0 { body.append(",") }
            body.append(#"{"type":"value_error","loc":[""#)
            body.append(isQuery ? "query" : "body" as StaticString)
            body.append(#"","#)
            body.append(jsonString: violation.field)
            body.append(#"],"msg":"#)
            body.append(jsonString: "\(violation.field) \(violation.message)")
            body.append("}")
        }
        body.append("]}")
    }

    private func isQuery(_ method: HTTPMethod) -> Bool { method == .get || method == .head }
}
