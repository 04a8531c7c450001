extension GRPCStatusError {
    /// What a client is told whose message is not what it should be.
    public init(_ error: MessageError) {
        let subject = error.path.isEmpty ? "The request" : "The field `\(error.path)`"
        self.init(.invalidArgument, "\(subject) \(error.problem).")
        violation = error
    }
}
