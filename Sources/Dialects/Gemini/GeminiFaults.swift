internal import GatewayCore
internal import GatewayPrimitives

/// Makes the errors of one deployment's replies in Gemini's dialect, which are Google's `Status`
/// (google.rpc; ai.google.dev/gemini-api/docs/troubleshooting).
struct GeminiFaults: FaultClassifying {
    private let common: UpstreamFaults

    init(provider: ProviderKind, deployment: String) {
        common = UpstreamFaults(provider: provider, deployment: deployment)
    }

    /// A reply that is none.
    func malformed(_ what: String) -> GatewayError { common.malformed(what) }

    /// An error that stands where a reply was expected: its code is what its status would have
    /// been.
    func reported(in root: JSONValue) -> GatewayError {
        let code = Self.error(of: root)?[member: "code"]?.integer ?? 500
        return classify(
            status: (400..<600).contains(code) ? Int(code) : 500, root: root, body: nil,
            retryAfter: nil)
    }

    /// An answer in which the model has failed, and which says nothing else.
    func garbled(_ reason: ByteView, _ message: ByteView) -> GatewayError {
        let words = message.isEmpty ? "" : ", \(UpstreamFaults.shortened(message))"
        return malformed(
            "the model has failed at it (\(UpstreamFaults.shortened(reason))\(words))")
    }

    /// A prompt that was not answered, for what it says.
    func blocked(_ reason: ByteView, _ message: ByteView?) -> GatewayError {
        var fault = common.fault(status: 400)
        fault.code = UpstreamFaults.shortened(reason)
        fault.message =
            message.map(UpstreamFaults.shortened)
            ?? "The prompt was blocked: \(UpstreamFaults.shortened(reason))."
        return common.error(.contentPolicy, fault, body: nil, retryAfter: nil)
    }

    /// The error object of a body: a stream's that is no event stream is a list of one.
    private static func error(of root: JSONValue?) -> JSONValue? {
        guard let root, root.kind == .array else { return root?[member: "error"] }
        var elements = root.elements
        return elements.next()?[member: "error"]
    }

    /// What an upstream's error means, by its status and its own words.
    func classify(
        status: Int, root: JSONValue?, body: ByteView?, retryAfter: Duration?
    ) -> GatewayError {
        var fault = common.fault(status: status)
        let error = Self.error(of: root)
        if let error {
            fault.message = error[member: "message"]?.string.map(UpstreamFaults.shortened)
            fault.code = error[member: "status"]?.string.map(UpstreamFaults.shortened)
        }
        let kind = FaultKind(status: status) ?? rejection(fault, error)
        return common.error(
            kind, fault, body: root == nil ? nil : body,
            retryAfter: retryAfter ?? error.flatMap(Self.wait))
    }

    /// Why the request was refused: keys that are not valid are told by a reason alone, a full
    /// context by words alone.
    private func rejection(_ fault: UpstreamFault, _ error: JSONValue?) -> FaultKind {
        let says = { (part: String) in fault.message?.contains(part) ?? false }
        let hasReason = { (reason: StaticString) in
            error.map { Self.details(of: $0, "ErrorInfo") }?
                .contains { $0[member: "reason"]?.string?.equals(reason) == true } ?? false
        }
        if hasReason("API_KEY_INVALID") || hasReason("API_KEY_EXPIRED")
            || says("API key not valid") || says("API key expired")
            // The account's country, or its bill; another's may be in order.
            || fault.code == "FAILED_PRECONDITION"
        {
            return .authFailed
        }
        if says("exceeds the maximum number of tokens") { return .contextWindowExceeded }
        return .rejected
    }

    /// The wait of google.rpc.RetryInfo: `"retryDelay": "34.07s"`.
    private static func wait(_ error: JSONValue) -> Duration? {
        for detail in details(of: error, "RetryInfo") {
            guard let text = detail[member: "retryDelay"]?.string, text.hasSuffix("s"),
                let seconds = Double(text[0..<text.count - 1].string), seconds >= 0
            else { continue }
            return .seconds(min(Int64(seconds.rounded(.up)), RetryAfter.secondsMax))
        }
        return nil
    }

    private static func details(of error: JSONValue, _ type: StaticString) -> [JSONValue] {
        error[member: "details"]?.elements.filter {
            $0[member: "@type"]?.string?.hasSuffix(type) == true
        } ?? []
    }
}
