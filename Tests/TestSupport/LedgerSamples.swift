public import GatewayCore
import GatewayPrimitives

/// Rows of a ledger by a seed: some keys, users, teams, models, labels and days.
public struct LedgerSamples {
    private var random: FastRandom
    private var count: UInt64 = 0
    /// The first of ten days; rows are of any moment in them.
    public static let firstDay: Int64 = 20_000
    public static let dayCount: Int64 = 10

    public init(seed: UInt64) { random = FastRandom(seed: seed) }

    public mutating func next() -> LedgerRow {
        count += 1
        let moment =
            Self.firstDay * 86_400_000_000_000
            + Int64.random(in: 0..<Self.dayCount * 86_400_000_000_000, using: &random)
        let key = Int.random(in: 0..<5, using: &random)
        var row = LedgerRow(
            callID: CallID(high: 7, low: count), keyID: "key-\(key)",
            endpoint: Bool.random(using: &random) ? "openai.chat" : "openai.embeddings",
            model: "model-\(Int.random(in: 0..<3, using: &random))",
            receivedAt: WallTime(nanoseconds: moment))
        row.keyName = "alias-\(key)"
        row.userID = key < 3 ? "user-\(key % 2)" : nil
        row.teamID = key > 0 ? "team-\(key % 2)" : nil
        row.endUser = Bool.random(using: &random) ? "customer-\(key)" : nil
        row.tags = ["red", "green", "blue"].filter { _ in Bool.random(using: &random) }
        if Bool.random(using: &random) {
            row.labels = key == 0 ? ["$.job": "no"] : ["job": "\"nightly\" \(key)"]
        }
        row.deploymentID = "\(row.model)-d"
        row.provider = row.model == "model-0" ? "openai" : "scripted"
        row.upstreamModel = "up-\(row.model)"
        row.usage.inputTokens = Int64.random(in: 0..<5_000, using: &random)
        row.usage.cachedInputTokens = row.usage.inputTokens / 3
        row.usage.cacheWriteTokens = row.usage.inputTokens / 5
        row.usage.outputTokens = Int64.random(in: 0..<2_000, using: &random)
        row.cost.input = Money(nanoUSD: row.usage.inputTokens * 150)
        row.cost.output = Money(nanoUSD: row.usage.outputTokens * 601)
        if Int.random(in: 0..<4, using: &random) == 0 { row.failure = .timedOut }
        row.duration = .milliseconds(12)
        row.attemptCount = 1
        if Int.random(in: 0..<3, using: &random) == 0 { addAttempts(to: &row) }
        return row
    }

    private func addAttempts(to row: inout LedgerRow) {
        var first = AttemptEntry(
            deploymentID: "\"\(row.model)\"\n-d", model: row.model, provider: row.provider,
            outcome: .timedOut)
        first.reason = .timedOut
        first.origin = .upstream
        first.timeout = .firstToken
        first.start = .microseconds(90)
        first.duration = .milliseconds(5)
        first.cooldown = .seconds(60)
        first.cost = Money(nanoUSD: 77)
        var second = AttemptEntry(
            deploymentID: row.deploymentID, model: "other", provider: row.provider,
            outcome: .succeeded)
        second.httpStatus = 200
        second.isHedge = true
        second.firstToken = .milliseconds(3)
        second.duration = .milliseconds(6)
        row.attempts = [first, second]
        row.attemptCount = 2
    }
}
