public import CGatewayProto

/// A message of the contract: its C structure, and the descriptor by which protobuf-c handles it.
///
/// `@unchecked Sendable`: the descriptor is a constant of the executable.
public struct MessageType<Message>: @unchecked Sendable {
    public let descriptor: UnsafePointer<ProtobufCMessageDescriptor>

    /// - Parameter initialize: the message's generated `__init`. It is asked for the descriptor
    ///   because Swift gives no address of a C constant that stays the same.
    public init(_ initialize: (UnsafeMutablePointer<Message>?) -> Void) {
        let message = UnsafeMutablePointer<Message>.allocate(capacity: 1)
        defer { message.deallocate() }
        initialize(message)
        descriptor = message.base.pointee.descriptor
    }
}

extension UnsafeMutablePointer {
    /// The head that every generated message structure begins with.
    var base: UnsafeMutablePointer<ProtobufCMessage> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: ProtobufCMessage.self)
    }
}

extension UnsafePointer {
    /// The head that every generated message structure begins with.
    var base: UnsafePointer<ProtobufCMessage> {
        UnsafeRawPointer(self).assumingMemoryBound(to: ProtobufCMessage.self)
    }
}
