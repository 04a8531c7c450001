import CGatewayProto
import GatewayPrimitives

@testable import GRPC

/// Methods of the contract's health service, so that messages have a JSON form, that do what tests
/// need.
enum JSONEcho {
    static let path = "/grpc.health.v1.Health/"

    /// Check answers SERVING with the name in the trailers, or fails with details; Watch answers
    /// NOT_SERVING and SERVING, then fails if the service is `fails`.
    static var service: GRPCService {
        GRPCService(
            name: "grpc.health.v1.Health",
            methods: [
                .unary("Check", isSideEffectFree: true) { call, request throws(GRPCStatusError) in
                    let name = try name(in: request)
                    if name == "fails" { throw GRPCStatusError(failure) }
                    call.addInitialMetadata("x-initial", ByteView("first"))
                    call.addTrailingMetadata("x-service", lengthOf: name)
                    if name == "large" { call.addTrailingMetadata("x-two", ByteView("2")) }
                    call.writeMessage { $0.append(array: [8, 1]) }
                },
                .serverStreaming("Watch") { call, request throws(GRPCStatusError) in
                    let name = try name(in: request)
                    call.writeMessage { $0.append(array: [8, 2]) }
                    call.writeMessage { $0.append(array: [8, 1]) }
                    call.addTrailingMetadata("x-trailer", ByteView("a"))
                    call.addTrailingMetadata("x-trailer", ByteView("b"))
                    if name == "fails" { throw GRPCStatusError(failure) }
                },
            ])
    }

    static var failure: GRPCStatus {
        var details = StatusDetails()
        details.addErrorInfo(reason: "TOO_HOT", domain: "test")
        return GRPCStatus(.resourceExhausted, "It is \"too\" hot.", details: details)
    }

    private static func name(in request: ByteView) throws(GRPCStatusError) -> String {
        let arena = MessageArena()
        do throws(MessageError) {
            let message = try arena.unpack(
                request, as: MessageType(grpc__health__v1__health_check_request__init))
            return String(cString: message.pointee.service)
        } catch {
            throw GRPCStatusError(error)
        }
    }
}

extension GRPCCall {
    fileprivate func addTrailingMetadata(_ name: StaticString, lengthOf text: String) {
        var digits = ByteQueue()
        digits.append(decimal: text.utf8.count)
        addTrailingMetadata(name, digits.view)
    }
}
