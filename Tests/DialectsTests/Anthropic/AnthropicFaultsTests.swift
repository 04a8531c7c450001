import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What the errors of an Anthropic upstream mean, by status, type and words.
struct AnthropicFaultsTests {
    private func classify(
        _ status: Int, _ type: String, _ message: String, retryAfter: String? = nil
    ) -> GatewayError {
        let body = Bytes(
            #"{"type":"error","error":{"type":"\#(type)","message":"\#(message)"},"request_i"#
                + #"d":"r"}"#
        )
        return UpstreamErrorReader(.anthropic, parser: JSONParser()).classify(
            status: status, body: body.view, retryAfter: retryAfter.map { Bytes($0).view },
            provider: .anthropic, deployment: "d",
            now: WallTime(nanoseconds: 0))
    }

    @Test(arguments: [
        (
            400, "invalid_request_error", "max_tokens: Field required",
            GatewayError.Reason.upstreamRejected
        ),
        (
            400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum",
            .contextWindowExceeded
        ),
        (
            400, "invalid_request_error",
            "input length and `max_tokens` exceed context limit: 1 + 2 > 2", .contextWindowExceeded
        ),
        (
            400, "invalid_request_error", "Output blocked by content filtering policy",
            .contentPolicy
        ),
        (
            400, "invalid_request_error", "Your credit balance is too low to access the API",
            .upstreamAuthFailed
        ),
        (402, "billing_error", "Pay", .upstreamAuthFailed),
        (403, "permission_error", "No", .upstreamAuthFailed),
        (404, "not_found_error", "model: claude-9", .upstreamRejected),
        (413, "request_too_large", "Request exceeds the maximum size", .upstreamRejected),
        (429, "rate_limit_error", "Slower", .upstreamRateLimited),
        (500, "api_error", "Oh", .upstreamUnavailable), (504, "timeout_error", "Late", .timedOut),
        (529, "overloaded_error", "Overloaded", .upstreamUnavailable),
        (302, "", "elsewhere", .upstreamUnavailable),
    ])
    func theirMeaning(status: Int, type: String, message: String, reason: GatewayError.Reason) {
        let error = classify(status, type, message)
        #expect(error.reason == reason)
        #expect(error.upstream?.message == message)
        // A redirect is told as what it is.
        #expect(error.message.contains(status == 302 ? "redirects are not followed" : message))
    }

    @Test func aWaitIsKept() {
        #expect(classify(429, "rate_limit_error", "x", retryAfter: "7").retryAfter == .seconds(7))
    }

    /// What an upstream says of a wrong key can repeat it.
    @Test func aKeyIsNotRepeated() {
        let error = classify(401, "authentication_error", "invalid x-api-key sk-ant-secret")
        #expect(!error.message.contains("sk-ant"))
        #expect(error.upstream?.message == "invalid x-api-key [hidden]")
        #expect(error.upstream?.body == nil)
    }

    @Test func aBodyThatIsNoJSONIsNoMatter() {
        let body = Bytes("<html>")
        let error = UpstreamErrorReader(.anthropic, parser: JSONParser()).classify(
            status: 503, body: body.view, retryAfter: nil, provider: .anthropic, deployment: "d",
            now: WallTime(nanoseconds: 0))
        #expect(error.reason == .upstreamUnavailable)
    }
}
