import GatewayCore
import GatewayPrimitives
import Transport

/// What an upstream says of its own limits, in OpenAI's header fields: when nothing is left, the
/// deployment is passed over until it says that there is again.
enum UpstreamLimits {
    static func note(
        _ exchange: ClientExchange, _ deployment: Deployment, at now: MonotonicTime
    ) {
        let headers: [(left: StaticString, reset: StaticString)] = [
            ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
            ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
        ]
        let amounts = headers.map { exchange.responseHeaders.value(of: $0.left)?.decimal }
        deployment.health.noteLeft(requests: amounts[0], tokens: amounts[1])
        for (amount, (_, reset)) in zip(amounts, headers) {
            guard amount == 0,
                let after = exchange.responseHeaders.value(of: reset).flatMap(duration)
            else { continue }
            deployment.health.noteFull(for: min(after, .seconds(60)), at: now)
        }
    }

    /// A time as OpenAI writes it: `1s`, `6m0s`, `120ms`, `1h2m3s`; `nil` for anything else.
    static func duration(_ value: ByteView) -> Duration? {
        var total = 0.0
        var number = 0.0
        var scale = 0.0
        var hasDigits = false
        var index = 0
        while index < value.count {
            let byte = value[index]
            index += 1
            switch byte {
            case 0x30...0x39:
                hasDigits = true
                let digit = Double(byte - 0x30)
                if scale == 0 {
                    number = number * 10 + digit
                } else {
                    number += digit * scale
                    scale /= 10
                }
                continue
            case 0x2E where scale == 0:
                scale = 0.1
                continue
            default: break
            }
            guard hasDigits else { return nil }
            switch byte {
            case 0x68: total += number * 3_600
            case 0x6D where index < value.count && value[index] == 0x73:
                total += number / 1_000
                index += 1
            case 0x6D: total += number * 60
            case 0x73: total += number
            default: return nil
            }
            number = 0
            scale = 0
            hasDigits = false
        }
        guard !hasDigits, value.count > 0, total < 1e6 else { return nil }
        return .milliseconds(Int64((total * 1_000).rounded(.up)))
    }
}
