internal import GatewayCore
internal import GatewayPrimitives

/// Makes the errors of one deployment's replies.
struct OpenAIFaults {
    let provider: ProviderKind
    let deployment: String

    /// A reply that is none. Another deployment may do better; whether one may still be tried is
    /// the pipeline's to know.
    func malformed(_ what: String) -> GatewayError {
        GatewayError(
            .upstreamUnavailable, origin: .upstream, retry: .otherDeployment,
            message: "Deployment `\(deployment)` sent a reply that cannot be read: \(what).",
            upstream: fault(status: 200), outcome: .malformed)
    }

    /// An error that stands where a reply was expected, in a body or in the middle of a stream.
    /// Servers put the HTTP status into its code, if anywhere.
    func reported(in root: JSONValue) -> GatewayError {
        let error = root[member: "error"] ?? root
        let code = error[member: "code"]
        let status = code?.integer ?? code?.string?.decimal.map(Int64.init) ?? 500
        return classify(
            status: (400..<600).contains(status) ? Int(status) : 500, root: root, body: nil,
            retryAfter: nil)
    }

    func fault(status: Int) -> UpstreamFault {
        UpstreamFault(provider: provider, deployment: deployment, httpStatus: status)
    }

    /// What an upstream's error means, by its status and its own words.
    func classify(
        status: Int, root: JSONValue?, body: ByteView?, retryAfter: Duration?
    ) -> GatewayError {
        var fault = fault(status: status)
        read(root, into: &fault)
        let kind = Kind(status: status, fault: fault)
        if kind.reason == .upstreamAuthFailed {
            // Such messages repeat the key that was sent, which is the gateway's own.
            fault.message = nil
        } else if let body, root != nil, body.count <= UpstreamFault.bodyBytesMax {
            fault.body = body.bytes
        }
        let words = fault.message.map { ": \($0)" } ?? "."
        var error = GatewayError(
            kind.reason, origin: .upstream, retry: kind.retry,
            message: "Deployment `\(deployment)` answered \(status)\(words)",
            retryAfter: retryAfter, outcome: kind.outcome)
        if kind.reason == .timedOut { error.timeout = .attempt }
        error.upstream = fault
        return error
    }

    /// Reads `{"error": {...}}`, `{"error": "text"}`, vLLM's older `{"object": "error", ...}` and
    /// the `{"detail": "text"}` of servers that are made with FastAPI.
    private func read(_ root: JSONValue?, into fault: inout UpstreamFault) {
        guard let root, root.kind == .object else { return }
        let error = root[member: "error"] ?? root
        if let text = error.string {
            fault.message = shortened(text)
            return
        }
        guard error.kind == .object else { return }
        let message = error[member: "message"] ?? error[member: "detail"]
        fault.message = message?.string.map(shortened)
        fault.type = error[member: "type"]?.string.map(shortened)
        if let code = error[member: "code"] {
            fault.code = code.string.map(shortened) ?? code.integer.map { "\($0)" }
        }
    }

    private func shortened(_ text: ByteView) -> String {
        var end = min(text.count, DialectLimits.upstreamMessageBytesMax)
        while end > 0 && end < text.count && text[end] & 0xC0 == 0x80 { end -= 1 }
        return text[0..<end].string
    }

    /// What an error comes to: its row in the table of errors.
    private struct Kind {
        let reason: GatewayError.Reason
        let retry: GatewayError.Retry
        let outcome: AttemptOutcome

        init(
            _ reason: GatewayError.Reason, _ retry: GatewayError.Retry, _ outcome: AttemptOutcome
        ) {
            self.reason = reason
            self.retry = retry
            self.outcome = outcome
        }

        init(status: Int, fault: UpstreamFault) {
            switch status {
            case 401, 403:
                self.init(.upstreamAuthFailed, .otherDeployment, .authFailed)
            case 408, 504:
                self.init(.timedOut, .otherDeployment, .timedOut)
            case 429:
                self.init(.upstreamRateLimited, .otherDeployment, .rateLimited)
            case 500...:
                self.init(.upstreamUnavailable, .otherDeployment, .serverError)
            case 404:
                // The path and the model's name are the deployment's, not the client's.
                self.init(.upstreamRejected, .otherDeployment, .modelNotFound)
            default:
                self.init(rejected: fault)
            }
        }

        /// The request itself was refused. llama.cpp tells a full context by the type, vLLM by
        /// words alone.
        private init(rejected fault: UpstreamFault) {
            let says = { (part: String) in fault.message?.contains(part) ?? false }
            if fault.code == "context_length_exceeded" || fault.type == "exceed_context_size_error"
                || says("maximum context length") || says("exceeds the available context size")
            {
                self.init(.contextWindowExceeded, .never, .contextWindowExceeded)
            } else if fault.code == "content_policy_violation" || fault.code == "content_filter" {
                self.init(.contentPolicy, .never, .contentPolicy)
            } else {
                self.init(.upstreamRejected, .never, .invalidRequest)
            }
        }
    }
}
