import Foundation
import GatewayCore
import GatewayPrimitives

/// The attempts of a row as they are stored: a JSON array, so that SQLite's own functions read it.
/// Times are in microseconds, money in nano-dollars. A call that its first attempt answered has
/// none, so that this costs nothing where nothing went wrong.
enum StoredAttempts {
    private struct Entry: Codable {
        var deployment: String
        var model: String
        var provider: String
        var outcome: String
        var reason: String?
        var origin: String?
        var httpStatus: Int?
        var timeout: String?
        var start: Int64
        var firstToken: Int64?
        var duration: Int64
        var cooldown: Int64?
        var isHedge: Bool?
        var cost: Int64?

        enum CodingKeys: String, CodingKey {
            case deployment, model, provider, outcome, reason, origin, timeout
            case httpStatus = "http_status"
            case start = "start_us"
            case firstToken = "first_token_us"
            case duration = "duration_us"
            case cooldown = "cooldown_us"
            case isHedge = "is_hedge"
            case cost = "nano_usd"
        }
    }

    /// `nil` for none.
    static func text(_ attempts: [AttemptEntry]) throws -> String? {
        guard !attempts.isEmpty else { return nil }
        let entries = attempts.map { attempt in
            Entry(
                deployment: attempt.deploymentID, model: attempt.model,
                provider: attempt.provider, outcome: attempt.outcome.rawValue,
                reason: attempt.reason?.rawValue, origin: attempt.origin?.rawValue,
                httpStatus: attempt.httpStatus == 0 ? nil : attempt.httpStatus,
                timeout: attempt.timeout?.rawValue, start: microseconds(attempt.start),
                firstToken: attempt.firstToken.map(microseconds),
                duration: microseconds(attempt.duration),
                cooldown: attempt.cooldown.map(microseconds),
                isHedge: attempt.isHedge ? true : nil,
                cost: attempt.cost == .zero ? nil : attempt.cost.nanoUSD)
        }
        return String(decoding: try JSONEncoder().encode(entries), as: UTF8.self)
    }

    /// The table lets in nothing but JSON; words that a later version has written, and this one
    /// does not know, come back as a failure of the server and an internal fault.
    static func attempts(_ text: String?) -> [AttemptEntry] {
        guard let text,
            let entries = try? JSONDecoder().decode([Entry].self, from: Data(text.utf8))
        else { return [] }
        return entries.map { entry in
            var attempt = AttemptEntry(
                deploymentID: entry.deployment, model: entry.model, provider: entry.provider,
                outcome: AttemptOutcome(rawValue: entry.outcome) ?? .serverError)
            attempt.reason = entry.reason.map {
                GatewayError.Reason(rawValue: $0) ?? .internalFault
            }
            attempt.origin = entry.origin.flatMap(GatewayError.Origin.init(rawValue:))
            attempt.httpStatus = entry.httpStatus ?? 0
            attempt.timeout = entry.timeout.flatMap(TimeoutKind.init(rawValue:))
            attempt.start = .microseconds(entry.start)
            attempt.firstToken = entry.firstToken.map { .microseconds($0) }
            attempt.duration = .microseconds(entry.duration)
            attempt.cooldown = entry.cooldown.map { .microseconds($0) }
            attempt.isHedge = entry.isHedge ?? false
            attempt.cost = Money(nanoUSD: entry.cost ?? 0)
            return attempt
        }
    }

    private static func microseconds(_ duration: Duration) -> Int64 {
        Int64(clamping: duration.wholeNanoseconds / 1_000)
    }
}
