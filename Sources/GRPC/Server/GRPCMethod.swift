public import GatewayPrimitives

/// One method of a service, and what serves it.
///
/// Handlers are given bytes: they unpack requests and pack responses themselves. They run on their
/// call's loop and belong to it.
public struct GRPCMethod {
    /// What ends a call whose handler is given it.
    public typealias Handler = (GRPCCall) async throws(GRPCStatusError) -> Void
    /// The same for methods that take one message, which is valid until the call ends.
    public typealias MessageHandler = (GRPCCall, ByteView) async throws(GRPCStatusError) -> Void

    /// The name within its service, such as `Check`.
    public let name: String
    public let kind: Kind
    public let deadline: DeadlineKeeper
    /// Whether the method changes nothing, so that it may be called by GET too (Connect).
    public let isSideEffectFree: Bool
    let handler: Handler

    /// How many messages go each way.
    public enum Kind: Sendable, CaseIterable {
        case unary
        case serverStreaming
        case clientStreaming
        case bidirectional
    }

    /// Whether there may be another number of messages than one each way.
    var isStream: Bool { kind != .unary }

    /// Who ends a call when its client's deadline passes.
    public enum DeadlineKeeper: Sendable {
        /// The server, by cancelling the call.
        case server
        /// The handler: it hands the call's timeout to something that keeps it.
        case handler
    }

    /// A method whose handler reads and writes by itself as many messages as the kind has, for
    /// those that do something before they read.
    public init(
        _ name: String, _ kind: Kind, deadline: DeadlineKeeper = .server,
        isSideEffectFree: Bool = false, _ body: @escaping Handler
    ) {
        self.name = name
        self.kind = kind
        self.deadline = deadline
        self.isSideEffectFree = isSideEffectFree
        handler = body
    }

    /// One message in, one out: `body` writes exactly one, or throws.
    public static func unary(
        _ name: String, deadline: DeadlineKeeper = .server, isSideEffectFree: Bool = false,
        _ body: @escaping MessageHandler
    ) -> GRPCMethod {
        GRPCMethod(name, .unary, deadline: deadline, isSideEffectFree: isSideEffectFree) {
            call throws(GRPCStatusError) in
            try await body(call, call.readOnlyMessage())
            try call.checkOneResponse()
        }
    }

    /// One message in, any number out.
    public static func serverStreaming(
        _ name: String, deadline: DeadlineKeeper = .server, _ body: @escaping MessageHandler
    ) -> GRPCMethod {
        GRPCMethod(name, .serverStreaming, deadline: deadline) {
            call throws(GRPCStatusError) in
            try await body(call, call.readOnlyMessage())
        }
    }

    /// Any number in, one out: `body` reads until there are no more, and writes exactly one
    /// message, or throws.
    public static func clientStreaming(
        _ name: String, deadline: DeadlineKeeper = .server, _ body: @escaping Handler
    ) -> GRPCMethod {
        GRPCMethod(name, .clientStreaming, deadline: deadline) {
            call throws(GRPCStatusError) in
            try await body(call)
            try call.checkOneResponse()
        }
    }

    /// Any number each way, in any order.
    public static func bidirectional(
        _ name: String, deadline: DeadlineKeeper = .server, _ body: @escaping Handler
    ) -> GRPCMethod {
        GRPCMethod(name, .bidirectional, deadline: deadline, body)
    }
}

/// A service: its full name, such as `grpc.health.v1.Health`, and its methods.
public struct GRPCService {
    public let name: String
    public let methods: [GRPCMethod]

    public init(name: String, methods: [GRPCMethod]) {
        self.name = name
        self.methods = methods
    }
}

extension GRPCCall {
    /// Throws when a handler that must write one message did not. One that has ended the call
    /// itself said how it ended.
    fileprivate func checkOneResponse() throws(GRPCStatusError) {
        guard !isFinished, messagesWritten != 1 else { return }
        // One that could not be sent has said why.
        if let cancellation { throw GRPCStatusError(cancellation) }
        throw GRPCStatusError(
            .internalFault, "The method answers with one message; it wrote \(messagesWritten).")
    }
}
