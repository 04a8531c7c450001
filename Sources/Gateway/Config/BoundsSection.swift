import GatewayCore
import Transport

/// The reading of the bounds in `gateway_settings`: limits and timeouts.
enum BoundsSection {
    private static let limitRules: [String: ConfigRule] = [
        "body_bytes_max": .honoured("the largest body of a request"),
        "header_bytes_max": .honoured("the largest head of a request"),
        "header_count_max": .honoured("the most fields of a head"),
        "streams_per_connection_max": .honoured("streams open at once on an HTTP/2 connection"),
        "connections_max": .honoured("connections of clients open at once"),
        "message_bytes_max": .honoured("the largest gRPC message of a client"),
        "response_bytes_max": .honoured("the largest gRPC message to a client"),
        "connections_per_address_max": .honoured("of those, from one address"),
        "calls_max": .honoured("calls at once"),
        "calls_waiting_max": .honoured("calls that wait while the gateway is full"),
    ]

    static func readLimits(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(node, rules: limitRules, unknown: .refused)
        let sizes = 1024...1 << 30
        if let size = reader.size(values["body_bytes_max"], in: sizes) {
            settings.server.bodyBytesMax = size
        }
        if let size = reader.size(values["header_bytes_max"], in: 1024...1 << 20) {
            settings.server.headerBytesMax = size
        }
        if let count = reader.integer(values["header_count_max"], in: 16...10_000) {
            settings.server.headerCountMax = count
        }
        if let count = reader.integer(values["streams_per_connection_max"], in: 1...100_000) {
            settings.server.streamsPerConnectionMax = count
        }
        if let count = reader.integer(values["connections_max"], in: 1...10_000_000) {
            settings.server.connectionsMax = count
        }
        if let count = reader.integer(
            values["connections_per_address_max"], in: 1...10_000_000)
        {
            settings.server.connectionsPerAddressMax = count
        }
        if let count = reader.integer(values["calls_max"], in: 1...10_000_000) {
            settings.callsMax = count
        }
        if let count = reader.integer(values["calls_waiting_max"], in: 0...1_000_000) {
            settings.callsWaitingMax = count
        }
        if let size = reader.size(values["message_bytes_max"], in: sizes) {
            settings.messageBytesMax = size
        }
        if let size = reader.size(values["response_bytes_max"], in: sizes) {
            settings.responseBytesMax = size
        }
    }

    private static let timeoutRules: [String: ConfigRule] = [
        "headers": .honoured("until a request's head is complete"),
        "body": .honoured("until a request's body is complete"),
        "idle": .honoured("a connection without a request"),
        "write_stall": .honoured("a client that takes nothing of its response"),
        "connect": .honoured("until an upstream accepts a connection"),
        "first_token": .honoured("until an upstream's first token"),
        "between_tokens": .honoured("from one token to the next"),
        "attempt": .honoured("one attempt at one deployment"),
        "call": .honoured("a whole call"),
        "queue": .honoured("a call that waits while the gateway is full"),
        "drain": .honoured("calls that go on when the gateway ends"),
        "drain_idle": .honoured("then, an HTTP/1.1 connection without a request"),
    ]

    static func readTimeouts(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(node, rules: timeoutRules, unknown: .refused)
        let targets: [(String, WritableKeyPath<Settings, Duration>)] = [
            ("headers", \.server.timeoutHeaders), ("body", \.server.timeoutBody),
            ("idle", \.server.timeoutIdle), ("write_stall", \.server.timeoutWriteStall),
            ("connect", \.client.timeoutConnect),
            ("first_token", \.timeouts.firstToken),
            ("between_tokens", \.timeouts.betweenTokens),
            ("attempt", \.timeouts.attempt), ("call", \.calls.callTimeout),
            ("drain", \.timeoutDrain), ("drain_idle", \.server.timeoutDrainIdle),
            ("queue", \.timeoutQueue),
        ]
        for (key, target) in targets {
            if let duration = reader.duration(values[key]) { settings[keyPath: target] = duration }
        }
    }
}
