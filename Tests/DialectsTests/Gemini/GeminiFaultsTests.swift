import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What the errors of a Gemini upstream mean, by status, reason and words.
struct GeminiFaultsTests {
    private func classify(
        _ status: Int, _ code: String, _ message: String, details: String = ""
    ) -> GatewayError {
        let body = Bytes(
            #"{"error":{"code":\#(status),"message":"\#(message)","status":"\#(code)","#
                + #""details":[\#(details)]}}"#)
        return UpstreamErrorReader(.gemini, parser: JSONParser()).classify(
            status: status, body: body.view, retryAfter: nil, provider: .gemini, deployment: "d",
            now: WallTime(nanoseconds: 0))
    }

    @Test(arguments: [
        (
            400, "INVALID_ARGUMENT", "Unable to submit request because it must have a text part.",
            GatewayError.Reason.upstreamRejected
        ),
        (
            400, "INVALID_ARGUMENT",
            "The input token count (1200000) exceeds the maximum number of tokens allowed "
                + "(1048576).", .contextWindowExceeded
        ),
        (
            400, "FAILED_PRECONDITION", "User location is not supported for the API use.",
            .upstreamAuthFailed
        ),
        (403, "PERMISSION_DENIED", "No", .upstreamAuthFailed),
        (404, "NOT_FOUND", "models/gemini-9 is not found", .upstreamRejected),
        (429, "RESOURCE_EXHAUSTED", "You exceeded your current quota", .upstreamRateLimited),
        (500, "INTERNAL", "An internal error", .upstreamUnavailable),
        (503, "UNAVAILABLE", "The model is overloaded.", .upstreamUnavailable),
        (504, "DEADLINE_EXCEEDED", "Late", .timedOut),
    ])
    func theirMeaning(status: Int, code: String, message: String, reason: GatewayError.Reason) {
        let error = classify(status, code, message)
        #expect(error.reason == reason)
        #expect(error.upstream?.code == code)
        #expect(error.upstream?.message == message)
    }

    /// A wrong key is an invalid argument to Google, and its details repeat the key.
    @Test func aWrongKey() {
        let error = classify(
            400, "INVALID_ARGUMENT", "API key not valid. Please pass a valid API key.",
            details: #"{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"#
                + #""API_KEY_INVALID"},{"@type":"type.googleapis.com/google.rpc.DebugInfo","#
                + #""detail":"Invalid API key: key1234"}"#)
        #expect(error.reason == .upstreamAuthFailed)
        #expect(error.upstream?.body == nil && !error.message.contains("key1234"))
    }

    @Test func theWaitStandsInTheDetails() {
        let error = classify(
            429, "RESOURCE_EXHAUSTED", "quota",
            details: #"{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"34.07s"}"#)
        #expect(error.retryAfter == .seconds(35))
    }
}
