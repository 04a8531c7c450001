import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// Shows errors in Anthropic's form (docs.claude.com/en/api/errors). Their statuses and header
/// fields are those of the other JSON doors.
struct AnthropicErrorWriter {
    let statuses: OpenAIErrorWriter

    /// Answers an exchange whose head has not been sent.
    func respond(to exchange: ServerExchange, with error: GatewayError, id: CallID) {
        statuses.appendHeaders(of: error, id: id, to: exchange)
        exchange.responseHeaders.append("request-id", text: id.text)
        var body = ByteQueue()
        if let own = error.upstreamWords(of: .anthropic) {
            // The upstream's own words about the caller's own request.
            body.append(array: own.body)
            return exchange.respond(status: own.status, json: body.view)
        }
        append(error, id: id, to: &body)
        exchange.respond(status: statuses.face(of: error).status, json: body.view)
    }

    /// Appends the JSON object `{"type":"error", ...}`.
    func append(_ error: GatewayError, id: CallID, to body: inout ByteQueue) {
        body.append(#"{"type":"error","error":{"type":""#)
        body.append(Self.type(of: error.reason))
        body.append(#"","message":"#)
        body.append(jsonString: error.message)
        body.append(#"},"request_id":"#)
        body.append(jsonString: id.text)
        body.append("}")
    }

    /// Anthropic's word for a reason.
    static func type(of reason: GatewayError.Reason) -> StaticString {
        switch reason {
        case .invalidRequest, .unsupportedParameter, .priceUnknown, .contextWindowExceeded,
            .contentPolicy, .upstreamRejected, .duplicateRequest, .requestIDReused,
            .alreadyExists, .changedMeanwhile, .notNow, .cancelled, .methodNotAllowed,
            .unsupportedMediaType:
            "invalid_request_error"
        case .bodyTooLarge: "request_too_large"
        case .keyInvalid: "authentication_error"
        case .notAllowed: "permission_error"
        case .modelNotFound, .notFound, .unknownMethod: "not_found_error"
        case .rateLimited, .budgetExhausted, .upstreamRateLimited: "rate_limit_error"
        case .upstreamUnavailable, .upstreamInterrupted, .overloaded, .drain: "overloaded_error"
        case .timedOut: "timeout_error"
        case .storeUnavailable, .upstreamAuthFailed, .internalFault: "api_error"
        }
    }
}

extension GatewayError {
    /// What an upstream of a kind said about the caller's own request, for clients of its dialect;
    /// `nil` where something else went wrong, or where it said nothing.
    func upstreamWords(of provider: ProviderKind) -> (status: Int, body: [UInt8])? {
        guard self.reason == .upstreamRejected, let fault = self.upstream, let body = fault.body,
            fault.provider.errorForm == provider, (400..<500).contains(fault.httpStatus)
        else { return nil }
        return (fault.httpStatus, body)
    }
}
