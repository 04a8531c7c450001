public import GatewayPrimitives

/// gRPC server reflection, in both versions that clients use: tells tools such as grpcurl which
/// services there are and what their messages look like.
///
/// One instance a process: it is immutable, and every loop serves it by its own ``services``.
public final class ReflectionService: Sendable {
    let index: DescriptorIndex
    /// The full names that are listed, in order.
    let serviceNames: [String]

    /// Fails, with what is wrong, when the bytes are no descriptor set.
    ///
    /// - Parameters:
    ///   - descriptorSet: a packed `google.protobuf.FileDescriptorSet` with all files imported.
    ///   - services: what is served; the reflection services are added. Services and methods of the
    ///     set that are not among them are not told of.
    public init(descriptorSet: ByteView, services: [GRPCService]) throws(MessageError) {
        let own = Self.names.map { name in
            // Told of only: what serves it is in `services`.
            GRPCService(name: name, methods: [.bidirectional(Self.method) { _ in }])
        }
        index = try DescriptorIndex(descriptorSet, served: ServedMethods(services + own))
        serviceNames = (services.map(\.name) + Self.names).sorted()
    }

    private static let method = "ServerReflectionInfo"

    static let names = [
        "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
    ]

    /// The services for one loop's server. Both versions have the same messages.
    public var services: [GRPCService] {
        Self.names.map { name in
            GRPCService(
                name: name,
                methods: [
                    .bidirectional(Self.method) { call throws(GRPCStatusError) in
                        try await self.serve(call)
                    }
                ])
        }
    }

    /// Answers the questions of one call in their order.
    private func serve(_ call: GRPCCall) async throws(GRPCStatusError) {
        var questions = 0
        // As gRPC's own servers do: what a call was sent as a dependency is not sent again.
        var sentFiles: Set<Int> = []
        while let request = try await call.readMessage(bytesMax: GRPCLimits.controlMessageBytesMax)
        {
            questions += 1
            guard questions <= GRPCLimits.reflectionRequestsMax else {
                throw GRPCStatusError(
                    .resourceExhausted,
                    "One call may ask \(GRPCLimits.reflectionRequestsMax) questions.")
            }
            let answer = try ReflectionAnswer(to: request, by: self, sentFiles: &sentFiles)
            call.writeMessage { answer.append(to: &$0) }
            try await call.awaitRoom()
        }
    }
}
