public import GatewayCore
import GatewayPrimitives

/// Writes one line for every call when it ends: who asked for what, which deployments were tried,
/// what came of it, and how long it took. Never what was said, nor any key.
///
/// One instance a loop; belongs to it.
public final class CallLogger: Observer {
    private let log: Log
    private let sample: Double
    private var random: FastRandom
    private var line: LogLine

    /// - Parameters:
    ///   - sample: the share of successful calls that get a line, from 0 to 1.
    ///   - seed: of the choice of the sample.
    public init(log: Log, sample: Double, seed: UInt64) {
        self.log = log
        self.sample = sample
        random = FastRandom(seed: seed)
        line = LogLine(format: log.format)
    }

    public func observe(_ record: CallRecord) {
        var level = record.error.map(Self.level) ?? .info
        // A row that is missing and a cap that was passed are an operator's matter.
        let isOdd = record.isUnrecorded || record.cost.excess > .zero
        if isOdd { level = max(level, .warning) }
        guard level >= log.level else { return }
        if record.error == nil && !isOdd && sample < 1
            && Double.random(in: 0..<1, using: &random) >= sample
        {
            return
        }
        let duration = record.endedAt.since(record.receivedAt)
        let endedAt = WallTime(
            nanoseconds: record.receivedAtWall.nanoseconds
                &+ Int64(clamping: duration.wholeNanoseconds))
        line.begin(level, at: endedAt, "call")
        line.word("id") { record.id.append(to: &$0) }
        line.word("endpoint", record.endpoint)
        if let principal = record.principal { line.text("key", principal.name) }
        if let client = record.client { line.word("client") { client.append(to: &$0) } }
        if let program = record.userAgent { line.text("user_agent", program) }
        if !record.model.isEmpty { line.text("model", record.model) }
        if let deployment = record.deployment { line.text("deployment", deployment.id) }
        append(outcomeOf: record)
        line.append(record.attempts)
        // How many: their names may be the client's own.
        if !record.droppedParams.isEmpty {
            line.number("dropped_params", record.droppedParams.count)
        }
        append(usageOf: record)
        line.milliseconds("duration_ms", duration)
        if let first = record.firstTokenAt {
            line.milliseconds("first_token_ms", first.since(record.receivedAt))
        }
        line.flag("stream", record.isStream)
        line.end()
        log.append(line.view)
    }

    /// A client's mistake is the client's matter; an upstream's or the gateway's is an operator's.
    private static func level(of error: GatewayError) -> LogLevel {
        switch error.origin {
        case .client: .info
        case .upstream: .warning
        case .gateway: error.reason == .internalFault ? .error : .warning
        }
    }

    // The error's message is left out: an upstream's may repeat what was said to it.
    private func append(outcomeOf record: CallRecord) {
        guard let error = record.error else {
            line.word("status", "ok")
            return
        }
        line.word("status", "failed")
        line.text("reason", error.reason.rawValue)
        line.text("origin", error.origin.rawValue)
        if let timeout = error.timeout { line.text("timeout", timeout.rawValue) }
    }

    private func append(usageOf record: CallRecord) {
        guard let usage = record.usage else { return }
        line.number("input_tokens", Int(usage.inputTokens))
        line.number("output_tokens", Int(usage.outputTokens))
        line.word("usage", usage.source.name)
        if usage.overrunTokens > 0 { line.number("overrun_tokens", Int(usage.overrunTokens)) }
        line.decimal("cost_usd", record.cost.total.dollars)
        if record.cost.excess > .zero {
            line.decimal("excess_usd", record.cost.excess.dollars)
        }
        if record.isPriceUnknown { line.flag("price_unknown", true) }
        if record.isUnrecorded { line.flag("unrecorded", true) }
    }
}
