import Foundation
import GatewayCore
import GatewayPrimitives
import Testing

@testable import API

/// The table of errors, as OpenAI's and LiteLLM's clients see it.
struct OpenAIErrorWriterTests {
    private func error(_ reason: GatewayError.Reason) -> GatewayError {
        GatewayError(reason, origin: .gateway, message: "It \"failed\".")
    }

    /// LiteLLM's clients tell by type and param what is wrong with a key; OpenAI's have one code.
    @Test(
        arguments: [
            (KeyFault.missing, "auth_error", nil), (.malformed, "auth_error", nil),
            (.blocked, "auth_error", nil), (.unknown, "token_not_found_in_db", "key"),
            (.expired(hint: "sk-...wXyZ"), "expired_key", "sk-...wXyZ"),
            (.expired(hint: nil), "expired_key", nil),
        ] as [(KeyFault, String, String?)])
    func aKeyThatOpensNothingIsToldApart(
        fault: KeyFault, type: String, param: String?
    ) throws {
        var error = error(.keyInvalid)
        error.keyFault = fault
        var random = SystemRandomNumberGenerator()
        let id = CallID(at: WallTime(nanoseconds: 0), using: &random)
        for isLiteLLM in [true, false] {
            var body = ByteQueue()
            OpenAIErrorWriter(usesLiteLLMStatuses: isLiteLLM).append(error, id: id, to: &body)
            let json = try JSONSerialization.jsonObject(with: Data(body.view.bytes))
            let shown = try #require((json as? [String: Any])?["error"] as? [String: Any])
            #expect(shown["type"] as? String == (isLiteLLM ? type : "invalid_request_error"))
            #expect(shown["param"] as? String == (isLiteLLM ? param : nil))
            #expect(shown["code"] as? String == (isLiteLLM ? "401" : "invalid_api_key"))
        }
    }

    private static let table: [(GatewayError.Reason, Int, String, String?, Int, String)] = [
        (.invalidRequest, 400, "invalid_request_error", nil, 400, "invalid_request_error"),
        (.bodyTooLarge, 413, "invalid_request_error", nil, 413, "invalid_request_error"),
        (
            .unsupportedParameter, 400, "invalid_request_error", "unsupported_parameter", 400,
            "invalid_request_error"
        ),
        (.keyInvalid, 401, "invalid_request_error", "invalid_api_key", 401, "auth_error"),
        (.notAllowed, 403, "permission_error", nil, 403, "key_model_access_denied"),
        (
            .modelNotFound, 404, "invalid_request_error", "model_not_found", 400,
            "invalid_request_error"
        ),
        (.notFound, 404, "not_found_error", nil, 404, "not_found_error"),
        (.alreadyExists, 409, "invalid_request_error", nil, 400, "bad_request_error"),
        (.changedMeanwhile, 409, "invalid_request_error", nil, 409, "invalid_request_error"),
        (.notNow, 400, "invalid_request_error", nil, 400, "invalid_request_error"),
        (
            .contextWindowExceeded, 400, "invalid_request_error", "context_length_exceeded", 400,
            "invalid_request_error"
        ),
        (
            .contentPolicy, 400, "invalid_request_error", "content_policy_violation", 400,
            "invalid_request_error"
        ),
        (.upstreamRejected, 400, "invalid_request_error", nil, 400, "invalid_request_error"),
        (.upstreamAuthFailed, 502, "upstream_error", nil, 401, "authentication_error"),
        (.upstreamRateLimited, 429, "rate_limit_error", nil, 429, "throttling_error"),
        (.upstreamUnavailable, 503, "upstream_error", nil, 503, "internal_server_error"),
        (.upstreamInterrupted, 503, "upstream_error", nil, 503, "internal_server_error"),
        (.timedOut, 504, "timeout_error", nil, 408, "invalid_request_error"),
        (.cancelled, 499, "invalid_request_error", nil, 499, "invalid_request_error"),
        (.overloaded, 503, "overloaded", nil, 503, "overloaded"),
        (.drain, 503, "overloaded", nil, 503, "overloaded"),
        (.unknownMethod, 404, "invalid_request_error", nil, 404, "invalid_request_error"),
        (.methodNotAllowed, 405, "invalid_request_error", nil, 405, "invalid_request_error"),
        (.unsupportedMediaType, 415, "invalid_request_error", nil, 415, "invalid_request_error"),
        (.internalFault, 500, "api_error", nil, 500, "api_error"),
        (.rateLimited, 429, "rate_limit_error", nil, 429, "throttling_error"),
        (
            .budgetExhausted, 429, "insufficient_quota", "budget_exceeded", 422, "budget_exceeded"
        ),
        (
            .duplicateRequest, 409, "invalid_request_error", "duplicate_request", 409,
            "invalid_request_error"
        ),
        (
            .requestIDReused, 400, "invalid_request_error", "request_id_reused", 400,
            "invalid_request_error"
        ),
        (.priceUnknown, 400, "invalid_request_error", nil, 400, "invalid_request_error"),
        (.storeUnavailable, 503, "api_error", nil, 503, "api_error"),
    ]

    /// Every reason has a row, and every row is what the writer says.
    @Test func everyReasonHasItsStatusAndType() throws {
        #expect(Set(Self.table.map(\.0)) == Set(GatewayError.Reason.allCases))
        for (reason, status, type, code, liteLLMStatus, liteLLMType) in Self.table {
            let openAI = OpenAIErrorWriter(usesLiteLLMStatuses: false).face(of: error(reason))
            #expect(openAI.status == status, "\(reason)")
            #expect(openAI.type.description == type, "\(reason)")
            #expect(openAI.code?.description == code, "\(reason)")
            let liteLLM = OpenAIErrorWriter(usesLiteLLMStatuses: true).face(of: error(reason))
            #expect(liteLLM.status == liteLLMStatus, "\(reason)")
            #expect(liteLLM.type.description == liteLLMType, "\(reason)")
        }
    }

    /// SDKs parse the body; `code` must be a string even where it is a status.
    @Test func theBodyIsJSONWithAStringForItsCode() throws {
        var random = FastRandom(seed: 3)
        let id = CallID(at: WallTime(nanoseconds: 0), using: &random)
        for reason in GatewayError.Reason.allCases {
            for usesLiteLLMStatuses in [true, false] {
                var body = ByteQueue()
                var error = error(reason)
                error.fields = [FieldViolation(field: "messages[0].role", message: "unknown")]
                OpenAIErrorWriter(usesLiteLLMStatuses: usesLiteLLMStatuses)
                    .append(error, id: id, to: &body)
                let json = try JSONSerialization.jsonObject(with: Data(body.view.bytes))
                let object = try #require((json as? [String: Any])?["error"] as? [String: Any])
                #expect(object["code"] is String)
                #expect(object["param"] as? String == "messages[0].role")
                let message = try #require(object["message"] as? String)
                #expect(message.hasPrefix("It \"failed\"."))
                #expect(message.contains(id.text))
            }
        }
    }

    /// What an upstream's own 500 and 502 mean stays visible; the rest is 503.
    @Test(arguments: [(500, 500), (502, 502), (503, 503), (504, 503), (0, 503)])
    func anUnavailableUpstreamKeepsItsStatus(upstream: Int, shown: Int) {
        var error = error(.upstreamUnavailable)
        error.upstream = UpstreamFault(provider: .openAI, deployment: "d", httpStatus: upstream)
        let face = OpenAIErrorWriter(usesLiteLLMStatuses: true).face(of: error)
        #expect(face.status == shown)
    }
}
