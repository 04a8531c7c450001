import GatewayCore
import GatewayPrimitives

extension LogLine {
    /// Adds the attempts in order, at most ``AttemptEntry/listMax``: objects in JSON,
    /// `deployment:outcome:status:milliseconds` as text.
    mutating func append(_ attempts: [Attempt]) {
        guard !attempts.isEmpty else { return }
        append(name: "attempts")
        if format == .json { bytes.append(byte: 0x5B) }
        let half = AttemptEntry.listMax / 2
        for (index, attempt) in attempts.enumerated() {
            guard index < half || index >= attempts.count - half else { continue }
            if index > 0 { bytes.append(byte: 0x2C) }
            switch format {
            case .json: append(json: attempt)
            case .text: append(text: attempt)
            }
        }
        if format == .json { bytes.append(byte: 0x5D) }
        if attempts.count > AttemptEntry.listMax { number("attempt_count", attempts.count) }
    }

    private mutating func append(json attempt: Attempt) {
        bytes.append("{\"deployment\":")
        bytes.append(quoted: attempt.deployment.id, bytesMax: Limits.valueBytes)
        append(member: "provider", attempt.deployment.provider.rawValue)
        append(member: "outcome", attempt.outcome.rawValue)
        if let reason = attempt.reason { append(member: "reason", reason.rawValue) }
        if let origin = attempt.origin { append(member: "origin", origin.rawValue) }
        if let timeout = attempt.timeout { append(member: "timeout", timeout.rawValue) }
        append(name: "http_status")
        bytes.append(decimal: attempt.httpStatus)
        if let firstToken = attempt.firstToken { milliseconds("first_token_ms", firstToken) }
        milliseconds("duration_ms", attempt.duration)
        if let cooldown = attempt.cooldown { milliseconds("cooldown_ms", cooldown) }
        if attempt.isHedge { flag("hedge", true) }
        if attempt.cost > .zero {
            decimal("cost_usd", attempt.cost.dollars)
        }
        bytes.append(byte: 0x7D)
    }

    /// A word that needs no escaping.
    private mutating func append(member name: StaticString, _ word: String) {
        append(name: name)
        bytes.append(byte: 0x22)
        bytes.append(text: word)
        bytes.append(byte: 0x22)
    }

    private mutating func append(text attempt: Attempt) {
        bytes.append(word: attempt.deployment.id, bytesMax: Limits.valueBytes)
        bytes.append(byte: 0x3A)
        bytes.append(text: attempt.outcome.rawValue)
        bytes.append(byte: 0x3A)
        bytes.append(decimal: attempt.httpStatus)
        bytes.append(byte: 0x3A)
        bytes.append(milliseconds: attempt.duration)
    }
}
