public import Transport

extension GRPCStatus {
    /// What a failure of the client's own connection comes to. It is seldom sent, since that
    /// connection is mostly gone, but ends the call and is recorded.
    public init(_ error: TransportError) {
        switch error {
        case .closed:
            self.init(.cancelled, "The client has gone.")
        case .cancelled:
            self.init(.cancelled, "The call was cancelled.")
        case .malformed(let why):
            self.init(.internalFault, "The request broke the rules of HTTP: \(why)")
        case .tooLarge(let what, let limit):
            self.init(.resourceExhausted, "The \(what) is larger than \(limit) bytes.")
        case .timedOut:
            self.init(.deadlineExceeded, "The client took too long to send or to receive.")
        case .connectFailed(let why), .exhausted(let why):
            self.init(.unavailable, why)
        }
    }
}
