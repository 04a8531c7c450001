import GatewayCore
import GatewayPrimitives
import Testing

@testable import Telemetry

/// One line a call, with all that an operator asks afterwards and nothing that was said.
@Suite struct CallLoggerTests {
    private static let timeouts = AttemptTimeouts(
        firstToken: .seconds(1), betweenTokens: .seconds(1), attempt: .seconds(1))

    private static func deployment(_ id: String) -> Deployment {
        Deployment(
            index: 0, id: id, model: "llama", provider: .openAI, upstreamModel: "meta/llama",
            apiBase: "http://vllm:8000/v1", apiKey: Secret("sk-upstream-secret"),
            timeouts: timeouts)
    }

    private static func record(failing error: GatewayError? = nil) -> CallRecord {
        var random = FastRandom(seed: 7)
        let record = CallRecord(
            id: CallID(at: LogFile.time, using: &random), endpoint: "openai.chat",
            receivedAt: MonotonicTime(nanoseconds: 1_000_000_000),
            receivedAtWall: LogFile.time)
        record.principal = Principal(name: "team a")
        record.client = NetworkAddress(ipv4: 0xC000_0207)
        record.userAgent = "OpenAI/Python 1.99.1"
        record.model = "llama"
        record.isStream = true
        var first = Attempt(
            deployment: deployment("llama-1"), startedAt: MonotonicTime(nanoseconds: 1_001_000_000))
        first.outcome = .serverError
        first.httpStatus = 500
        first.duration = .milliseconds(3)
        first.reason = .upstreamUnavailable
        first.origin = .upstream
        first.cooldown = .seconds(5)
        first.cost = Money(nanoUSD: 1_200)
        record.attempts = [first]
        record.endedAt = MonotonicTime(nanoseconds: 1_250_500_000)
        record.error = error
        guard error == nil else { return record }
        var second = Attempt(deployment: deployment("llama-2"), startedAt: record.receivedAt)
        second.httpStatus = 200
        second.firstToken = .microseconds(41_250)
        second.duration = .milliseconds(200)
        record.attempts.append(second)
        record.deployment = second.deployment
        record.firstTokenAt = MonotonicTime(nanoseconds: 1_045_250_000)
        var usage = Usage(source: .reported)
        usage.inputTokens = 11
        usage.outputTokens = 222
        record.usage = usage
        return record
    }

    private static func lines(
        of records: [CallRecord], level: LogLevel = .info, format: LogFormat = .json,
        sample: Double = 1
    ) -> [String] {
        let file = LogFile()
        let log = file.log(level: level, format: format)
        let logger = CallLogger(log: log, sample: sample, seed: 1)
        for record in records { logger.observe(record) }
        log.start()
        log.close()
        return file.lines
    }

    /// A price that was not known, a cap that was passed and a row that is missing are never
    /// silent, whatever is logged of the calls around.
    @Test func saysWhatIsOddAboutTheMoney() {
        let unpriced = Self.record()
        unpriced.isPriceUnknown = true
        #expect(Self.lines(of: [unpriced])[0].contains(#""price_unknown":true"#))
        let excess = Self.record()
        excess.usage?.overrunTokens = 22
        excess.cost.output = Money(nanoUSD: 1_500)
        excess.cost.excess = Money(nanoUSD: 500)
        let line = Self.lines(of: [excess], level: .warning, sample: 0)
        #expect(line.count == 1)
        #expect(
            line[0].contains(
                #""overrun_tokens":22,"cost_usd":0.0000015,"excess_usd":0.0000005"#))
        let unrecorded = Self.record()
        unrecorded.isUnrecorded = true
        #expect(
            Self.lines(of: [unrecorded], level: .warning, sample: 0)[0]
                .contains(#""unrecorded":true"#))
    }

    @Test func writesASuccessAsJSON() {
        let record = Self.record()
        #expect(
            Self.lines(of: [record]) == [
                #"{"time":"2026-11-24T00:18:11.292Z","level":"info","msg":"call","#
                    + "\"id\":\"\(record.id.text)\","
                    + #""endpoint":"openai.chat","key":"team a","client":"192.0.2.7","#
                    + #""user_agent":"OpenAI/Python 1.99.1","#
                    + #""model":"llama","#
                    + #""deployment":"llama-2","status":"ok","attempts":["#
                    + #"{"deployment":"llama-1","provider":"openai","outcome":"server_error","#
                    + #""reason":"UPSTREAM_UNAVAILABLE","origin":"upstream","http_status":500,"#
                    + #""duration_ms":3.000,"cooldown_ms":5000.000,"cost_usd":0.0000012},"#
                    + #"{"deployment":"llama-2","provider":"openai","outcome":"succeeded","#
                    + #""http_status":200,"first_token_ms":41.250,"duration_ms":200.000}],"#
                    + #""input_tokens":11,"output_tokens":222,"usage":"reported","cost_usd":0,"#
                    + #""duration_ms":250.500,"first_token_ms":45.250,"stream":true}"#
            ])
    }

    @Test func writesAFailureAsText() {
        let error = GatewayError(
            .timedOut, origin: .upstream, message: "What the user said was: hunter2",
            timeout: .firstToken)
        let record = Self.record(failing: error)
        #expect(
            Self.lines(of: [record], format: .text) == [
                "2026-11-24T00:18:11.292Z warning call id=\(record.id.text) "
                    + #"endpoint=openai.chat key="team a" client=192.0.2.7 "#
                    + #"user_agent="OpenAI/Python 1.99.1" model=llama "#
                    + "status=failed "
                    + "reason=TIMED_OUT origin=upstream timeout=first_token "
                    + "attempts=llama-1:server_error:500:3.000 duration_ms=250.500 stream=true"
            ])
    }

    /// Messages can repeat prompts, and deployments hold keys; neither belongs in a log.
    @Test(arguments: LogFormat.allCases)
    func keepsMessagesAndKeysOut(format: LogFormat) {
        var error = GatewayError(.upstreamRejected, origin: .upstream, message: "hunter2")
        error.upstream = UpstreamFault(provider: .openAI, deployment: "llama-1", httpStatus: 400)
        error.upstream?.message = "hunter2"
        let text = Self.lines(of: [Self.record(failing: error)], format: format).joined()
        #expect(!text.isEmpty)
        #expect(!text.contains("hunter2"))
        #expect(!text.contains("sk-upstream-secret"))
    }

    /// However many attempts a call has made, its line has a bound.
    @Test func listsTheFirstAndTheLastOfManyAttempts() {
        let record = Self.record()
        let more = Array(repeating: record.attempts[0], count: 200)
        record.attempts = more + record.attempts
        let line = Self.lines(of: [record]).joined()
        #expect(line.split(separator: #"{"deployment":"#).count == AttemptEntry.listMax + 1)
        #expect(line.contains(#""deployment":"llama-2""#))
        #expect(line.contains(#""attempt_count":202"#))
    }

    /// Only successes are sampled: every failure is worth its line.
    @Test func samplesSuccessesOnly() {
        let failed = Self.record(failing: GatewayError(.overloaded, origin: .gateway, message: ""))
        let records = (0..<1_000).flatMap { _ in [Self.record(), failed] }
        let lines = Self.lines(of: records, sample: 0.1)
        let successes = lines.filter { $0.contains(#""status":"ok""#) }.count
        #expect(lines.count - successes == 1_000)
        #expect(60...140 ~= successes)
    }

    @Test(arguments: [
        (GatewayError.Reason.keyInvalid, GatewayError.Origin.client, "info"),
        (.upstreamUnavailable, .upstream, "warning"), (.overloaded, .gateway, "warning"),
        (.internalFault, .gateway, "error"),
    ])
    func ranksFailuresByWhoseTheyAre(
        reason: GatewayError.Reason, origin: GatewayError.Origin, level: String
    ) {
        let error = GatewayError(reason, origin: origin, message: "")
        let line = Self.lines(of: [Self.record(failing: error)])
        #expect(line.first?.contains("\"level\":\"\(level)\"") == true)
    }

    @Test func leavesSuccessesOutAboveInfo() {
        #expect(Self.lines(of: [Self.record()], level: .warning).isEmpty)
    }
}
