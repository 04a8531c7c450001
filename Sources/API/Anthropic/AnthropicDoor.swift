import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// What Anthropic's endpoints have in common: their header fields, and how their errors leave.
class AnthropicDoor: JSONDoor {
    private let errors: AnthropicErrorWriter

    /// The first version of the API whose streams are spoken here; that after it (2026-10-21) takes
    /// less in requests, and answers the same (platform.claude.com/docs/en/api/versioning).
    private static let versionFirst = "2023-06-01"
    /// More names of betas are not passed on.
    private static let betasBytesMax = 2048

    init(
        _ exchange: ServerExchange, clock: any Clock, parser: JSONParser,
        errors: AnthropicErrorWriter, limits: DoorLimits
    ) {
        self.errors = errors
        super.init(exchange, clock: clock, parser: parser, limits: limits)
    }

    /// What goes upstream with the request where the dialect stays the same. Without a version, the
    /// client is taken to mean the first.
    final func dialectHeaders() throws(GatewayError) -> [RawRequest.Header] {
        var headers: [RawRequest.Header] = []
        if let field = exchange.requestHeaders.value(of: "anthropic-version") {
            let version = field[0..<min(field.count, 32)].string
            // Dates in this form are in the order of their texts.
            guard field.count == 10, version >= Self.versionFirst else {
                throw Self.refused(
                    "anthropic-version",
                    "is `\(version)`; \(Self.versionFirst) and later are spoken here")
            }
            headers.append(RawRequest.Header("anthropic-version", version))
        }
        guard let betas = exchange.requestHeaders.value(of: "anthropic-beta"), !betas.isEmpty else {
            return headers
        }
        guard betas.count <= Self.betasBytesMax else {
            throw Self.refused(
                "anthropic-beta",
                "has \(betas.count) bytes, at most \(Self.betasBytesMax) are allowed")
        }
        headers.append(RawRequest.Header("anthropic-beta", betas.string))
        return headers
    }

    private static func refused(_ field: String, _ what: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "The header field `\(field)` \(what).",
            fields: [FieldViolation(field: field, message: what)])
    }

    /// Adds the name under which Anthropic's SDKs look for the id.
    final func appendRequestID(_ id: CallID) {
        exchange.responseHeaders.append("request-id", text: id.text)
    }

    override final func respond(with error: GatewayError, id: CallID) {
        errors.respond(to: exchange, with: error, id: id)
    }

    override final func appendEvent(
        of error: GatewayError, id: CallID, to queue: inout ByteQueue
    ) {
        queue.append("event: error\ndata: ")
        errors.append(error, id: id, to: &queue)
        queue.append("\n\n")
    }

    override final func appendKeepAlive(to queue: inout ByteQueue) {
        AnthropicReplyWriter.writePing(into: &queue)
    }
}
