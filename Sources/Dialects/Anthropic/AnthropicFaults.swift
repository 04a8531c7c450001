internal import GatewayCore
internal import GatewayPrimitives

/// Makes the errors of one deployment's replies in Anthropic's dialect
/// (docs.claude.com/en/api/errors).
struct AnthropicFaults: FaultClassifying {
    private let common: UpstreamFaults

    init(provider: ProviderKind, deployment: String) {
        common = UpstreamFaults(provider: provider, deployment: deployment)
    }

    /// A reply that is none.
    func malformed(_ what: String) -> GatewayError { common.malformed(what) }

    /// An error that stands where a reply was expected, in a body or in the middle of a stream: its
    /// type says what its status would have been.
    func reported(in root: JSONValue) -> GatewayError {
        let type = root[member: "error"]?[member: "type"]?.string ?? .empty
        let status = Self.statuses.first { type.equals($0.type) }?.status ?? 500
        return classify(status: status, root: root, body: nil, retryAfter: nil)
    }

    private static let statuses: [(type: StaticString, status: Int)] = [
        ("invalid_request_error", 400), ("authentication_error", 401), ("billing_error", 402),
        ("permission_error", 403), ("not_found_error", 404), ("request_too_large", 413),
        ("rate_limit_error", 429), ("api_error", 500), ("timeout_error", 504),
        ("overloaded_error", 529),
    ]

    /// What an upstream's error means, by its status and its own words.
    func classify(
        status: Int, root: JSONValue?, body: ByteView?, retryAfter: Duration?
    ) -> GatewayError {
        var fault = common.fault(status: status)
        if let error = root?[member: "error"] {
            let message = error.string ?? error[member: "message"]?.string
            fault.message = message.map(UpstreamFaults.shortened)
            fault.type = error[member: "type"]?.string.map(UpstreamFaults.shortened)
        }
        return common.error(
            FaultKind(status: status) ?? rejection(status, fault), fault,
            body: root == nil ? nil : body, retryAfter: retryAfter)
    }

    /// Why the request was refused: that is told by words alone.
    private func rejection(_ status: Int, _ fault: UpstreamFault) -> FaultKind {
        let says = { (part: String) in fault.message?.contains(part) ?? false }
        if status == 402 || says("credit balance is too low") {
            // The account is the gateway's; another deployment's may be in order.
            return .authFailed
        }
        if says("prompt is too long") || says("exceed context limit") {
            return .contextWindowExceeded
        }
        return says("content filtering policy") ? .contentPolicy : .rejected
    }
}
