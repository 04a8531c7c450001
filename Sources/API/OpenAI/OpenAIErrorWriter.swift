import Dialects
import GatewayCore
import GatewayPrimitives
import Transport

/// Shows errors in OpenAI's form: the one place where they get an HTTP status.
struct OpenAIErrorWriter {
    /// Whether statuses and types are those that LiteLLM's clients expect
    /// (`gateway_settings.litellm_statuses`), and `code` is the status as a string, or OpenAI's
    /// own.
    let usesLiteLLMStatuses: Bool
    /// LiteLLM's `budget_exceeded_status_code`.
    var statusBudget = 422

    /// What an error is called in a response.
    struct Face: Equatable {
        var status: Int
        var type: StaticString
        var code: StaticString?

        static func == (left: Face, right: Face) -> Bool {
            left.status == right.status && left.type.description == right.type.description
                && left.code?.description == right.code?.description
        }
    }

    /// Answers an exchange whose head has not been sent.
    func respond(to exchange: ServerExchange, with error: GatewayError, id: CallID) {
        appendHeaders(of: error, id: id, to: exchange)
        if let own = error.upstreamWords(of: .openAI) {
            // The upstream's own words about the caller's own request.
            var queue = ByteQueue()
            queue.append(array: own.body)
            exchange.respond(status: own.status, json: queue.view)
            return
        }
        var body = ByteQueue()
        append(error, id: id, to: &body)
        exchange.respond(status: face(of: error).status, json: body.view)
    }

    /// Adds the fields that an error's response has.
    func appendHeaders(of error: GatewayError, id: CallID, to exchange: ServerExchange) {
        exchange.responseHeaders.append("x-litellm-call-id", text: id.text)
        exchange.responseHeaders.append("x-request-id", text: id.text)
        if let after = error.retryAfter {
            exchange.responseHeaders.append("retry-after", decimal: Int(after.seconds.rounded(.up)))
        }
        for violation in error.violations {
            RateLimitHeaders.append(violation, to: &exchange.responseHeaders)
        }
        if let first = error.firstCall {
            exchange.responseHeaders.append(
                "x-llm-gateway-duplicate-of", text: first.callID.text)
        }
        if error.reason == .keyInvalid {
            exchange.responseHeaders.append("www-authenticate", "Bearer")
        }
    }

    /// Appends the JSON object `{"error": ...}`.
    /// - Parameter type: stands in place of the reason's own type.
    func append(
        _ error: GatewayError, id: CallID, type: StaticString? = nil, to body: inout ByteQueue
    ) {
        let face = face(of: error)
        body.append(#"{"error":{"message":"#)
        body.append(jsonString: error.message + " (request id \(id.text))")
        body.append(#","type":""#)
        body.append(type ?? face.type)
        body.append(#"","param":"#)
        if let param = param(of: error) {
            body.append(jsonString: param)
        } else {
            body.append("null")
        }
        body.append(#","code":"#)
        if let code = face.code {
            body.append(byte: 0x22)
            body.append(code)
            body.append(byte: 0x22)
        } else {
            body.append(byte: 0x22)
            body.append(decimal: face.status)
            body.append(byte: 0x22)
        }
        body.append("}}")
    }

    /// Appends the data of an error event among those of a response.
    func appendEvent(_ error: GatewayError, id: CallID, to body: inout ByteQueue) {
        let face = face(of: error)
        body.append(#"{"type":"error","sequence_number":0,"code":""#)
        body.append(face.code ?? face.type)
        body.append(#"","message":"#)
        body.append(jsonString: error.message + " (request id \(id.text))")
        body.append(#","param":"#)
        if let param = param(of: error) {
            body.append(jsonString: param)
        } else {
            body.append("null")
        }
        body.append("}")
    }

    /// What the error is about: a field, or, as LiteLLM tells it, a key.
    private func param(of error: GatewayError) -> String? {
        if usesLiteLLMStatuses, let fault = error.keyFault {
            switch fault {
            case .unknown: return "key"
            case .expired(let hint): return hint
            case .missing, .malformed, .blocked: return nil
            }
        }
        return error.fields.first?.field
    }

    func face(of error: GatewayError) -> Face {
        usesLiteLLMStatuses ? liteLLMFace(of: error) : openAIFace(of: error)
    }

    private func openAIFace(of error: GatewayError) -> Face {
        switch error.reason {
        case .invalidRequest: Face(status: 400, type: "invalid_request_error")
        case .bodyTooLarge: Face(status: 413, type: "invalid_request_error")
        case .unsupportedParameter:
            Face(status: 400, type: "invalid_request_error", code: "unsupported_parameter")
        case .keyInvalid: Face(status: 401, type: "invalid_request_error", code: "invalid_api_key")
        case .notAllowed: Face(status: 403, type: "permission_error")
        case .modelNotFound:
            Face(status: 404, type: "invalid_request_error", code: "model_not_found")
        case .notFound: Face(status: 404, type: "not_found_error")
        case .alreadyExists: Face(status: 409, type: "invalid_request_error")
        case .changedMeanwhile: Face(status: 409, type: "invalid_request_error")
        case .notNow: Face(status: 400, type: "invalid_request_error")
        case .rateLimited: Face(status: 429, type: "rate_limit_error")
        case .budgetExhausted:
            Face(status: 429, type: "insufficient_quota", code: "budget_exceeded")
        case .duplicateRequest:
            Face(status: 409, type: "invalid_request_error", code: "duplicate_request")
        case .requestIDReused:
            Face(status: 400, type: "invalid_request_error", code: "request_id_reused")
        case .priceUnknown: Face(status: 400, type: "invalid_request_error")
        case .storeUnavailable: Face(status: 503, type: "api_error")
        case .contextWindowExceeded:
            Face(status: 400, type: "invalid_request_error", code: "context_length_exceeded")
        case .contentPolicy:
            Face(status: 400, type: "invalid_request_error", code: "content_policy_violation")
        case .upstreamRejected:
            Face(status: error.upstreamClientStatus, type: "invalid_request_error")
        case .upstreamAuthFailed: Face(status: 502, type: "upstream_error")
        case .upstreamRateLimited: Face(status: 429, type: "rate_limit_error")
        case .upstreamUnavailable, .upstreamInterrupted: Face(status: 503, type: "upstream_error")
        case .timedOut: Face(status: 504, type: "timeout_error")
        case .cancelled: Face(status: 499, type: "invalid_request_error")
        case .overloaded, .drain: Face(status: 503, type: "overloaded")
        case .unknownMethod: Face(status: 404, type: "invalid_request_error")
        case .methodNotAllowed: Face(status: 405, type: "invalid_request_error")
        case .unsupportedMediaType: Face(status: 415, type: "invalid_request_error")
        case .internalFault: Face(status: 500, type: "api_error")
        }
    }

    private func liteLLMFace(of error: GatewayError) -> Face {
        switch error.reason {
        case .keyInvalid: Face(status: 401, type: liteLLMType(of: error.keyFault))
        case .notAllowed: Face(status: 403, type: "key_model_access_denied")
        case .modelNotFound: Face(status: 400, type: "invalid_request_error")
        case .alreadyExists: Face(status: 400, type: "bad_request_error")
        case .upstreamAuthFailed: Face(status: 401, type: "authentication_error")
        case .upstreamRateLimited, .rateLimited: Face(status: 429, type: "throttling_error")
        case .budgetExhausted: Face(status: statusBudget, type: "budget_exceeded")
        case .upstreamUnavailable where error.origin == .gateway && error.retryAfter != nil:
            // All deployments are left alone for a while.
            Face(status: 429, type: "throttling_error")
        case .upstreamUnavailable, .upstreamInterrupted:
            Face(status: error.upstreamServerStatus, type: "internal_server_error")
        case .timedOut: Face(status: 408, type: "invalid_request_error")
        default:
            Face(status: openAIFace(of: error).status, type: openAIFace(of: error).type)
        }
    }
}

extension OpenAIErrorWriter {
    /// LiteLLM's word for a key that opens nothing. Its `no_db_connection` does not occur: there is
    /// always a database.
    private func liteLLMType(of fault: KeyFault?) -> StaticString {
        switch fault {
        case .unknown: "token_not_found_in_db"
        case .expired: "expired_key"
        case .missing, .malformed, .blocked, nil: "auth_error"
        }
    }
}

extension GatewayError {
    /// The upstream's own status for what it rejected.
    fileprivate var upstreamClientStatus: Int {
        let status = self.upstream?.httpStatus ?? 400
        return (400..<500).contains(status) ? status : 400
    }

    /// The upstream's own 500, 502 or 503; 503 for everything else that makes it unavailable.
    fileprivate var upstreamServerStatus: Int {
        let status = self.upstream?.httpStatus ?? 503
        return status == 500 || status == 502 ? status : 503
    }
}

extension Duration {
    /// In seconds.
    fileprivate var seconds: Double { Double(wholeNanoseconds) / 1e9 }
}
