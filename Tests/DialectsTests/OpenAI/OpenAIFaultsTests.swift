import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport
import Testing

@testable import Dialects

/// What an upstream's error means: its row in the table of errors.
struct OpenAIFaultsTests {
    private let reader = UpstreamErrorReader(.openAI, parser: JSONParser())
    private static let now = WallTime(nanoseconds: 784_111_777_000_000_000)

    private func classify(
        _ status: Int, _ body: String = "", retryAfter: String? = nil
    ) -> GatewayError {
        let body = Bytes(body)
        let field = retryAfter.map { Bytes($0) }
        return reader.classify(
            status: status, body: body.view, retryAfter: field?.view, provider: .openAI,
            deployment: "d", now: Self.now)
    }

    private typealias Row = (
        Int, GatewayError.Reason, GatewayError.Retry, AttemptOutcome
    )

    private static let statuses: [Row] = [
        (400, .upstreamRejected, .never, .invalidRequest),
        (401, .upstreamAuthFailed, .otherDeployment, .authFailed),
        (403, .upstreamAuthFailed, .otherDeployment, .authFailed),
        (404, .upstreamRejected, .otherDeployment, .modelNotFound),
        (405, .upstreamRejected, .never, .invalidRequest),
        (408, .timedOut, .otherDeployment, .timedOut),
        (409, .upstreamRejected, .never, .invalidRequest),
        (413, .upstreamRejected, .never, .invalidRequest),
        (422, .upstreamRejected, .never, .invalidRequest),
        (429, .upstreamRateLimited, .otherDeployment, .rateLimited),
        (499, .upstreamRejected, .never, .invalidRequest),
        (500, .upstreamUnavailable, .otherDeployment, .serverError),
        (502, .upstreamUnavailable, .otherDeployment, .serverError),
        (503, .upstreamUnavailable, .otherDeployment, .serverError),
        (504, .timedOut, .otherDeployment, .timedOut),
        (529, .upstreamUnavailable, .otherDeployment, .serverError),
        (301, .upstreamUnavailable, .otherDeployment, .serverError),
        (600, .upstreamUnavailable, .otherDeployment, .serverError),
    ]

    @Test func llamaCppsErrorsHaveTheirRows() throws {
        let long = classify(
            400, String(decoding: try Fixture.bytes("error-llamacpp-context.json"), as: UTF8.self))
        #expect(long.outcome == .contextWindowExceeded)
        #expect(long.message.contains("exceeds the available context size (2048 tokens)"))
        let key = classify(
            401, String(decoding: try Fixture.bytes("error-llamacpp-auth.json"), as: UTF8.self))
        #expect(key.reason == .upstreamAuthFailed)
    }

    @Test func everyStatusHasItsRow() {
        for (status, reason, retry, outcome) in Self.statuses {
            let error = classify(status, #"{"error":{"message":"boom"}}"#)
            #expect(error.reason == reason, "\(status)")
            #expect(error.retry == retry, "\(status)")
            #expect(error.outcome == outcome, "\(status)")
            #expect(error.origin == .upstream, "\(status)")
            #expect(error.upstream?.deployment == "d")
            #expect(error.message.contains("`d`"))
            #expect((error.timeout != nil) == (reason == .timedOut))
        }
    }

    /// The forms in which servers tell an error; what each says is kept.
    @Test(
        arguments: [
            (
                #"{"error":{"message":"boom","type":"server_error","param":null,"code":"c"}}"#,
                "boom", "server_error", "c"
            ),
            (
                #"{"object":"error","message":"boom","type":"BadRequestError","code":400}"#, "boom",
                "BadRequestError", "400"
            ),
            (
                #"{"error":{"message":"boom","type":"BadRequestError","code":400}}"#, "boom",
                "BadRequestError", "400"
            ),
            (#"{"error":"boom"}"#, "boom", nil, nil), (#"{"message":"boom"}"#, "boom", nil, nil),
            (#"{"detail":"boom"}"#, "boom", nil, nil), ("{}", nil, nil, nil), ("[]", nil, nil, nil),
            (#"{"error":null}"#, nil, nil, nil), (#"{"error":{"message":5}}"#, nil, nil, nil),
            ("plain text", nil, nil, nil),
            ("<html><body>502 Bad Gateway</body></html>", nil, nil, nil),
            ("", nil, nil, nil), ("{", nil, nil, nil), ("\"boom\"", nil, nil, nil),
        ] as [(String, String?, String?, String?)])
    func everyFormIsRead(body: String, message: String?, type: String?, code: String?) {
        let error = classify(400, body)
        #expect(error.reason == .upstreamRejected)
        #expect(error.upstream?.message == message)
        #expect(error.upstream?.type == type)
        #expect(error.upstream?.code == code)
        #expect(error.upstream?.httpStatus == 400)
        #expect(!error.message.contains("html"))
        // Only what is JSON is passed on to a client as it is.
        #expect((error.upstream?.body == nil) == (FoundationJSON.value(Array(body.utf8)) == nil))
    }

    /// A request that is too long is told by each server in its own words.
    @Test(arguments: [
        #"{"error":{"message":"x","code":"context_length_exceeded"}}"#,
        #"{"object":"error","message":"This model's maximum context length is 4096.","code":400}"#,
        #"{"error":{"code":400,"message":"the request exceeds the available context size"}}"#,
        #"{"error":{"code":400,"message":"x","type":"exceed_context_size_error"}}"#,
    ])
    func aFullContextIsTold(body: String) {
        let error = classify(400, body)
        #expect(error.reason == .contextWindowExceeded)
        #expect(error.retry == .never)
        #expect(error.outcome == .contextWindowExceeded)
    }

    @Test(arguments: ["content_policy_violation", "content_filter"])
    func refusedContentIsTold(code: String) {
        let error = classify(400, #"{"error":{"message":"x","code":"\#(code)"}}"#)
        #expect(error.reason == .contentPolicy)
        #expect(error.outcome == .contentPolicy)
    }

    /// Upstreams repeat the key they were sent, whole or in part: it is the gateway's, and no
    /// client may see it. The other words tell why.
    @Test(arguments: [401, 403])
    func theGatewaysCredentialsAreNotRepeated(status: Int) {
        let error = classify(
            status,
            #"{"error":{"message":"Incorrect API key provided: sk-secret.","type":"t","code":"c"}}"#
        )
        #expect(!error.message.contains("sk-secret"))
        #expect(error.upstream?.message == "Incorrect API key provided: [hidden]")
        #expect(error.upstream?.body == nil)
        #expect(error.upstream?.code == "c")
        #expect(error.upstream?.httpStatus == status)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("86400", 86_400), ("999999", 86_400), ("7.5", nil), ("-1", nil),
            ("soon", nil), ("", nil), (" 7", nil), ("99999999999999999999", nil),
            ("Sun, 06 Nov 1994 08:49:47 GMT", 10), ("Sun, 06 Nov 1994 08:49:37 GMT", 0),
            ("Sun, 06 Nov 1994 08:00:00 GMT", 0), ("Mon, 06 Nov 2034 08:49:37 GMT", 86_400),
            ("Sun, 06 Nov 1994 08:49:47 UTC", nil), ("Sun, 06 Nof 1994 08:49:47 GMT", nil),
            ("Sun, 06 Nov 1994 24:49:47 GMT", nil), ("Sun, 00 Nov 1994 08:49:47 GMT", nil),
            ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
        ] as [(String, Int?)])
    func whenToComeBackIsRead(value: String, seconds: Int?) {
        #expect(classify(429, "", retryAfter: value).retryAfter == seconds.map { .seconds($0) })
    }

    /// Dates across leap days and years, against figures of another calendar (`date -u +%s`).
    @Test(
        arguments: [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0), ("Tue, 29 Feb 2000 12:00:00 GMT", 951_825_600),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Thu, 31 Dec 2026 23:59:60 GMT", 1_798_761_600),
            ("Mon, 29 Feb 2024 00:00:01 GMT", 1_709_164_801),
        ] as [(String, Int64)])
    func datesAreThoseOfTheCalendar(date: String, seconds: Int64) {
        let before = WallTime(nanoseconds: (seconds - 5) * 1_000_000_000)
        let after = RetryAfter.read(Bytes(date).view, now: before)
        #expect(after == .seconds(5))
    }

    /// What is kept of an upstream's words is bounded, and cut between characters.
    @Test func longMessagesAreCut() throws {
        let long = String(repeating: "ä", count: 10_000)
        let error = classify(400, #"{"error":{"message":"\#(long)"}}"#)
        let message = try #require(error.upstream?.message)
        #expect(message.utf8.count <= DialectLimits.upstreamMessageBytesMax)
        #expect(!message.contains("\u{FFFD}"))
        #expect(error.upstream?.body == nil, "a body over the bound is not passed on")
    }

    /// Whatever looks like a key, or a part of one, is hidden; the rest is kept.
    @Test(arguments: [
        (
            "Country, region, or territory not supported",
            "Country, region, or territory not supported"
        ),
        ("No key (abcd****wxyz) for org-1a2b3c4d5e6f.", "No key [hidden] for [hidden]"),
        (
            "Bearer 'sk-x' is wrong; see https://e.com/keys.",
            "Bearer [hidden] is wrong; see https://e.com/keys."
        ),
    ])
    func whatMayBeAKeyIsHidden(words: String, shown: String) {
        #expect(UpstreamFaults.withoutKeys(words) == shown)
    }

    /// An error in a body or a stream that began with success is known by its name.
    @Test(arguments: [
        (#"{"code":"rate_limit_exceeded"}"#, GatewayError.Reason.upstreamRateLimited),
        (#"{"code":"context_length_exceeded"}"#, .contextWindowExceeded),
        (#"{"code":"content_filter"}"#, .contentPolicy),
        (#"{"type":"overloaded_error"}"#, .upstreamUnavailable),
        (#"{"type":"authentication_error"}"#, .upstreamAuthFailed),
        (#"{"type":"invalid_request_error"}"#, .upstreamRejected),
        (#"{"code":429}"#, .upstreamRateLimited), (#"{"code":"odd"}"#, .upstreamUnavailable),
    ])
    func anErrorInAStreamIsKnownByItsName(error: String, reason: GatewayError.Reason) throws {
        let bytes = Bytes(#"{"error":\#(error)}"#)
        let parser = JSONParser()
        let root = try parser.parse(bytes.view)
        let faults = OpenAIFaults(provider: .openAI, deployment: "d")
        withExtendedLifetime((bytes, parser)) {
            #expect(faults.reported(in: root).reason == reason)
        }
    }
}
