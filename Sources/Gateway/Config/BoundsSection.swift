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
        "inbound_bytes_max": .honoured("of a body, before its client is read no more"),
        "outbound_bytes_max": .honoured("of a response, before its sender has to wait"),
        "unwanted_body_bytes_max": .honoured("of a request, read and dropped after its response"),
        "http2_stream_window_bytes": .honoured("what a stream may send before it is read"),
        "http2_connection_window_bytes": .honoured("the same for all streams of a connection"),
        "http2_outbound_bytes_max": .honoured("what waits for a slow client in all its streams"),
        "http2_continuations_max": .honoured("CONTINUATION frames of one head"),
        "http2_resets_burst_max": .honoured("streams broken off by a client, at once"),
        "http2_resets_per_second_max": .honoured("the same in the long run"),
        "http2_control_frames_burst_max": .honoured("frames that ask for nothing, at once"),
        "http2_control_frames_per_second_max": .honoured("the same in the long run"),
        "http2_ping_strikes_max": .honoured("PINGs sooner than timeouts.ping_interval_min"),
        "connections_per_address_max": .honoured("of those, from one address"),
        "calls_max": .honoured("calls at once"),
        "calls_waiting_max": .honoured("calls that wait while the gateway is full"),
        "calls_cooled_max": .honoured("calls that wait while all their deployments are left alone"),
        "attempts_max": .honoured("attempts for one call, retries and fallbacks together"),
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
        if let count = reader.integer(values["calls_cooled_max"], in: 0...1_000_000) {
            settings.callsCooledMax = count
        }
        if let count = reader.integer(values["attempts_max"], in: 1...1_000) {
            settings.calls.attemptsMax = count
        }
        if let size = reader.size(values["message_bytes_max"], in: sizes) {
            settings.messageBytesMax = size
        }
        if let size = reader.size(values["response_bytes_max"], in: sizes) {
            settings.responseBytesMax = size
        }
        readAbuseLimits(values, with: &reader, into: &settings)
    }

    private static func readAbuseLimits(
        _ values: [String: ConfigNode], with reader: inout ConfigReader,
        into settings: inout Settings
    ) {
        let sizes: [(String, ClosedRange<Int>, WritableKeyPath<Settings, Int>)] = [
            ("unwanted_body_bytes_max", 0...1 << 30, \.server.unwantedBodyBytesMax),
            ("inbound_bytes_max", 4_096...1 << 30, \.server.inboundHighWaterBytes),
            ("outbound_bytes_max", 4_096...1 << 30, \.server.outboundHighWaterBytes),
            // The least is what RFC 9113, 6.9.2 has a client begin with.
            ("http2_stream_window_bytes", 65_535...1 << 30, \.server.streamWindowBytes),
            ("http2_connection_window_bytes", 65_535...1 << 30, \.server.connectionWindowBytes),
            ("http2_outbound_bytes_max", 65_536...1 << 30, \.server.connectionOutboundBytesMax),
        ]
        for (key, range, target) in sizes {
            if let size = reader.size(values[key], in: range) { settings[keyPath: target] = size }
        }
        let counts: [(String, ClosedRange<Int>, WritableKeyPath<Settings, Int>)] = [
            ("http2_continuations_max", 1...1_000, \.server.continuationsMax),
            ("http2_resets_burst_max", 1...1_000_000, \.server.resetsBurstMax),
            ("http2_resets_per_second_max", 1...1_000_000, \.server.resetsPerSecondMax),
            ("http2_control_frames_burst_max", 100...1_000_000, \.server.controlFramesBurstMax),
            (
                "http2_control_frames_per_second_max", 1...1_000_000,
                \.server.controlFramesPerSecondMax
            ),
            ("http2_ping_strikes_max", 0...1_000_000, \.server.pingStrikesMax),
        ]
        for (key, range, target) in counts {
            if let count = reader.integer(values[key], in: range) {
                settings[keyPath: target] = count
            }
        }
    }

    private static let timeoutRules: [String: ConfigRule] = [
        "headers": .honoured("until a request's head is complete"),
        "body": .honoured("until a request's body is complete"),
        "body_stall": .honoured("a body of which next to nothing comes"),
        "unwanted_body": .honoured("a request that goes on after its response"),
        "idle": .honoured("a connection without a request"),
        "keepalive": .honoured("a silent HTTP/2 client, before it is asked by PING"),
        "keepalive_answer": .honoured("until it has answered"),
        "ping_interval_min": .honoured("how often an HTTP/2 client may send PING"),
        "write_stall": .honoured("a client that takes nothing of its response"),
        "connect": .honoured("until an upstream accepts a connection"),
        "first_token": .honoured("until an upstream's first token"),
        "between_tokens": .honoured("from one token to the next"),
        "attempt": .honoured("one attempt at one deployment"),
        "call": .honoured("a whole call"),
        "sse_keepalive": .honoured("between comments to a stream that has not begun; 0: none"),
        "queue": .honoured("a call that waits while the gateway is full"),
        "database_lock": .honoured("a transaction of another process on the ledger's file"),
        "health_check": .honoured("one call of a deployment for /health"),
        "drain": .honoured("calls that go on when the gateway ends"),
        "drain_idle": .honoured("then, an HTTP/1.1 connection without a request"),
        "drain_notice": .honoured("then, an HTTP/2 client's answer to the notice of the end"),
    ]

    static func readTimeouts(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(node, rules: timeoutRules, unknown: .refused)
        let targets: [(String, WritableKeyPath<Settings, Duration>)] = [
            ("headers", \.server.timeoutHeaders), ("body", \.server.timeoutBody),
            ("body_stall", \.server.timeoutBodyStall),
            ("unwanted_body", \.server.timeoutUnwantedBody),
            ("keepalive", \.server.timeoutKeepalive),
            ("keepalive_answer", \.server.timeoutKeepaliveAnswer),
            ("ping_interval_min", \.server.pingIntervalMin),
            ("idle", \.server.timeoutIdle), ("write_stall", \.server.timeoutWriteStall),
            ("connect", \.client.timeoutConnect),
            ("first_token", \.timeouts.firstToken),
            ("between_tokens", \.timeouts.betweenTokens),
            ("attempt", \.timeouts.attempt), ("call", \.calls.callTimeout),
            ("drain", \.timeoutDrain), ("drain_idle", \.server.timeoutDrainIdle),
            ("drain_notice", \.server.timeoutDrainNotice),
            ("queue", \.timeoutQueue), ("database_lock", \.timeoutDatabaseLock),
            ("health_check", \.timeoutHealthCheck),
        ]
        if let interval = reader.durationOrZero(values["sse_keepalive"]) {
            settings.keepAliveInterval = interval
        }
        for (key, target) in targets {
            if let duration = reader.duration(values[key]) { settings[keyPath: target] = duration }
        }
    }
}
