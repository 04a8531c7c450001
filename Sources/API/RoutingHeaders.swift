import GatewayCore
import GatewayPrimitives
import Transport

/// What clients of the JSON doors say about routing, time, labels and the end user in header
/// fields. One that cannot be read is refused: its client would wait, or spend, as it did not mean
/// to.
enum RoutingHeaders {
    /// Adds to a request what its header fields say. They win over the body, but for the end user:
    /// whom the body names is whom the upstream is told of.
    static func complete(
        _ routing: inout RequestRouting?, _ tags: inout [String], _ endUser: inout String,
        _ exchange: ServerExchange
    ) throws(GatewayError) {
        for name in timeoutNames { _ = try seconds(name, exchange) }
        routing = try wishes(routing, exchange)
        tags = try all(tags, exchange)
        if endUser.isEmpty { endUser = self.endUser(exchange) }
    }

    private static let timeoutNames: [StaticString] = ["x-request-timeout", "x-litellm-timeout"]

    /// How long the client waits for the whole of its call: `x-request-timeout` or
    /// `x-litellm-timeout`, in seconds; the shorter where both are there. `nil` for one that cannot
    /// be read, which ``complete(_:_:_:_:)`` refuses.
    static func timeout(_ exchange: ServerExchange) -> Duration? {
        let ours = seconds(exchange.requestHeaders.value(of: timeoutNames[0]))
        let theirs = seconds(exchange.requestHeaders.value(of: timeoutNames[1]))
        guard let ours, let theirs else { return ours ?? theirs }
        return min(ours, theirs)
    }

    private static func wishes(
        _ routing: RequestRouting?, _ exchange: ServerExchange
    ) throws(GatewayError) -> RequestRouting? {
        let retries = try retryCount(exchange)
        let timeout = try seconds("x-litellm-stream-timeout", exchange)
        let session = exchange.requestHeaders.value(of: "x-litellm-session-id")
        if retries == nil, timeout == nil, session == nil { return routing }
        var wishes = routing?.wishes ?? RoutingWishes()
        if let retries { wishes.retryCount = retries }
        if let timeout { wishes.firstTokenTimeout = timeout }
        if let session, !session.isEmpty { wishes.session = session.string }
        return RequestRouting(wishes)
    }

    private static func retryCount(_ exchange: ServerExchange) throws(GatewayError) -> Int? {
        let name: StaticString = "x-litellm-num-retries"
        guard let value = exchange.requestHeaders.value(of: name) else { return nil }
        guard let count = value.decimal, count <= RequestRouting.retriesMax else {
            throw unreadable(
                name, value, "give a whole number from 0 to \(RequestRouting.retriesMax)")
        }
        return count
    }

    /// The labels of `x-litellm-tags`, a list with commas, after those of the body.
    private static func all(
        _ tags: [String], _ exchange: ServerExchange
    ) throws(GatewayError) -> [String] {
        let name: StaticString = "x-litellm-tags"
        guard let list = exchange.requestHeaders.value(of: name) else { return tags }
        var all = tags
        for part in list.string.split(separator: ",") {
            let tag = part.drop { $0 == " " }
            if !tag.isEmpty, !all.contains(String(tag)) { all.append(String(tag)) }
        }
        guard all.count <= RequestRouting.tagsMax else {
            throw invalid(
                name,
                "makes \(all.count) tags with those of the body; a request has at most "
                    + "\(RequestRouting.tagsMax)")
        }
        return all
    }

    /// Whom the request is made for: `x-litellm-end-user-id` or `x-litellm-customer-id`; empty for
    /// nobody.
    private static func endUser(_ exchange: ServerExchange) -> String {
        for name: StaticString in ["x-litellm-end-user-id", "x-litellm-customer-id"] {
            if let value = exchange.requestHeaders.value(of: name), !value.isEmpty {
                return value.string
            }
        }
        return ""
    }

    private static func seconds(
        _ name: StaticString, _ exchange: ServerExchange
    ) throws(GatewayError) -> Duration? {
        guard let value = exchange.requestHeaders.value(of: name) else { return nil }
        guard let duration = seconds(value) else {
            throw unreadable(name, value, "give seconds, such as 30 or 2.5, from 0.001 to 999999")
        }
        return duration
    }

    /// Seconds with or without a fraction; `nil` for anything else.
    static func seconds(_ value: ByteView?) -> Duration? {
        guard let value, !value.isEmpty else { return nil }
        let point = value.firstIndex(of: 0x2E) ?? value.count
        guard let whole = value[0..<point].decimal, whole < 1_000_000 else { return nil }
        var milliseconds = whole * 1_000
        if point < value.count {
            let digits = value.dropping(first: point + 1)
            guard let fraction = digits[0..<min(3, digits.count)].decimal else { return nil }
            let scale = [0, 100, 10, 1][min(3, digits.count)]
            milliseconds += fraction * scale
        }
        return milliseconds > 0 ? .milliseconds(milliseconds) : nil
    }

    private static func unreadable(
        _ name: StaticString, _ value: ByteView, _ advice: String
    ) -> GatewayError {
        invalid(name, "is \(FieldViolations.shown(value.string)); \(advice)")
    }

    private static func invalid(_ name: StaticString, _ why: String) -> GatewayError {
        GatewayError(
            .invalidRequest, origin: .client, message: "The header field \(name) \(why).",
            fields: [FieldViolation(field: "\(name)", message: why)])
    }
}
