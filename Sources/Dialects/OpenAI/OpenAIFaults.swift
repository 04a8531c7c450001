internal import GatewayCore
internal import GatewayPrimitives

/// Makes the errors of one deployment's replies in OpenAI's dialect.
struct OpenAIFaults: FaultClassifying {
    private let common: UpstreamFaults

    init(provider: ProviderKind, deployment: String) {
        common = UpstreamFaults(provider: provider, deployment: deployment)
    }

    /// A reply that is none.
    func malformed(_ what: String) -> GatewayError { common.malformed(what) }

    /// An error that stands where a reply was expected, in a body or in the middle of a stream.
    /// Servers put the HTTP status into its code, or its name.
    func reported(in root: JSONValue) -> GatewayError {
        let error = root[member: "error"] ?? root
        let code = error[member: "code"]
        let number = code?.integer ?? code?.string?.decimal.map(Int64.init)
        let status =
            number.map(Int.init(clamping:)) ?? status(named: code?.string)
            ?? status(named: error[member: "type"]?.string) ?? 500
        return classify(
            status: (400..<600).contains(status) ? status : 500, root: root, body: nil,
            retryAfter: nil)
    }

    /// The status that goes with an error's code or type (platform.openai.com/docs/guides/
    /// error-codes, and the names that compatible servers took over from others).
    private func status(named name: ByteView?) -> Int? {
        switch name?.string {
        case "rate_limit_exceeded", "rate_limit_error", "insufficient_quota", "tokens", "requests":
            429
        case "invalid_api_key", "authentication_error": 401
        case "permission_error", "unsupported_country_region_territory": 403
        case "model_not_found", "not_found_error": 404
        case "invalid_request_error", "context_length_exceeded", "exceed_context_size_error",
            "content_filter", "content_policy_violation", "invalid_prompt":
            400
        case "overloaded_error", "service_unavailable_error", "slow_down": 503
        case "timeout_error": 504
        default: nil
        }
    }

    /// What an upstream's error means, by its status and its own words.
    func classify(
        status: Int, root: JSONValue?, body: ByteView?, retryAfter: Duration?
    ) -> GatewayError {
        var fault = common.fault(status: status)
        read(root, into: &fault)
        return common.error(
            FaultKind(status: status) ?? rejection(fault), fault, body: root == nil ? nil : body,
            retryAfter: retryAfter)
    }

    /// Reads `{"error": {...}}`, `{"error": "text"}`, vLLM's older `{"object": "error", ...}` and
    /// the `{"detail": "text"}` of servers that are made with FastAPI.
    private func read(_ root: JSONValue?, into fault: inout UpstreamFault) {
        guard let root, root.kind == .object else { return }
        let error = root[member: "error"] ?? root
        if let text = error.string {
            fault.message = UpstreamFaults.shortened(text)
            return
        }
        guard error.kind == .object else { return }
        let message = error[member: "message"] ?? error[member: "detail"]
        fault.message = message?.string.map(UpstreamFaults.shortened)
        fault.type = error[member: "type"]?.string.map(UpstreamFaults.shortened)
        if let code = error[member: "code"] {
            fault.code =
                code.string.map { UpstreamFaults.shortened($0) } ?? code.integer.map { "\($0)" }
        }
    }

    /// Why the request was refused. llama.cpp tells a full context by the type, vLLM by words
    /// alone.
    private func rejection(_ fault: UpstreamFault) -> FaultKind {
        let says = { (part: String) in fault.message?.contains(part) ?? false }
        if fault.code == "context_length_exceeded" || fault.type == "exceed_context_size_error"
            || says("maximum context length") || says("exceeds the available context size")
        {
            return .contextWindowExceeded
        }
        if fault.code == "content_policy_violation" || fault.code == "content_filter" {
            return .contentPolicy
        }
        return .rejected
    }
}
