import GatewayCore
import GatewayPrimitives
import Transport

/// What clients of the JSON doors say about routing and time in header fields.
enum RoutingHeaders {
    /// How long the client waits for the whole of its call: `x-request-timeout` or
    /// `x-litellm-timeout`, in seconds; the shorter where both are there.
    static func timeout(_ exchange: ServerExchange) -> Duration? {
        let ours = seconds(exchange.requestHeaders.value(of: "x-request-timeout"))
        let theirs = seconds(exchange.requestHeaders.value(of: "x-litellm-timeout"))
        guard let ours, let theirs else { return ours ?? theirs }
        return min(ours, theirs)
    }

    /// What a request says in its body and in its header; the header wins.
    static func routing(
        _ routing: RequestRouting?, _ exchange: ServerExchange
    ) -> RequestRouting? {
        let retries = exchange.requestHeaders.value(of: "x-litellm-num-retries")?.decimal
        let timeout = seconds(exchange.requestHeaders.value(of: "x-litellm-stream-timeout"))
        let session = exchange.requestHeaders.value(of: "x-litellm-session-id")
        if retries == nil, timeout == nil, session == nil { return routing }
        var wishes = routing?.wishes ?? RoutingWishes()
        if let retries { wishes.retryCount = min(retries, RequestRouting.retriesMax) }
        if let timeout { wishes.firstTokenTimeout = timeout }
        if let session, !session.isEmpty { wishes.session = session.string }
        return RequestRouting(wishes)
    }

    /// The labels of `x-litellm-tags`, a list with commas, after those of the body.
    static func tags(_ tags: [String], _ exchange: ServerExchange) -> [String] {
        guard let list = exchange.requestHeaders.value(of: "x-litellm-tags") else { return tags }
        var all = tags
        for part in list.string.split(separator: ",") where all.count < tagsMax {
            let tag = part.drop { $0 == " " }
            if !tag.isEmpty, !all.contains(String(tag)) { all.append(String(tag)) }
        }
        return all
    }

    /// More labels than this are not kept.
    private static let tagsMax = 32

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
}
