import GatewayPrimitives

@testable import GRPC

/// One method of each kind; all of them send back what they are sent.
enum EchoService {
    static var service: GRPCService {
        GRPCService(
            name: "test.v1.Echo",
            methods: [
                .unary("Unary") { call, request in
                    call.addTrailingMetadata("x-length", ByteView("counted"))
                    call.addTrailingMetadata("x-bytes-bin", binary: request.bytes)
                    call.writeMessage(request)
                },
                .serverStreaming("Server") { call, request throws(GRPCStatusError) in
                    // Each byte as a message of its own.
                    for index in 0..<request.count {
                        call.writeMessage(request[index..<index + 1])
                        try await call.awaitRoom()
                    }
                },
                .clientStreaming("Client") { call throws(GRPCStatusError) in
                    var all: [UInt8] = []
                    while let message = try await call.readMessage() { all += message.bytes }
                    call.writeMessage { $0.append(array: all) }
                },
                .bidirectional("Bidi") { call throws(GRPCStatusError) in
                    while let message = try await call.readMessage() {
                        call.writeMessage(message)
                        try await call.awaitRoom()
                    }
                },
            ])
    }
}
