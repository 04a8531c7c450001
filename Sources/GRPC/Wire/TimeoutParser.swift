import GatewayPrimitives

/// Reads `grpc-timeout`: one to eight digits and a unit (gRPC over HTTP/2, "Requests").
enum TimeoutParser {
    /// The duration; `nil` when the value is anything but digits and a unit.
    static func parse(_ value: ByteView) -> Duration? {
        let digits = value.count - 1
        guard digits >= 1, digits <= GRPCLimits.timeoutDigitsMax else { return nil }
        guard let amount = value[0..<digits].decimal else { return nil }
        // Eight digits of hours are 3.6e14 seconds at most: no unit can overflow a duration.
        switch value[digits] {
        case UInt8(ascii: "H"): return .seconds(amount * 3600)
        case UInt8(ascii: "M"): return .seconds(amount * 60)
        case UInt8(ascii: "S"): return .seconds(amount)
        case UInt8(ascii: "m"): return .milliseconds(amount)
        case UInt8(ascii: "u"): return .microseconds(amount)
        case UInt8(ascii: "n"): return .nanoseconds(amount)
        default: return nil
        }
    }
}
