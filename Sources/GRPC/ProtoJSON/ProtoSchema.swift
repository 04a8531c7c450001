public import CGatewayProto
import GatewayPrimitives

/// The messages and services of the contract by their full names, as protobuf-c describes them.
///
/// `@unchecked Sendable`: the descriptors are constants of the executable.
public struct ProtoSchema: @unchecked Sendable {
    private let messages: [String: UnsafePointer<ProtobufCMessageDescriptor>]
    private let services: [String: UnsafePointer<ProtobufCServiceDescriptor>]

    /// What proto/ defines.
    public static let contract: ProtoSchema = {
        var messages: [String: UnsafePointer<ProtobufCMessageDescriptor>] = [:]
        for index in 0..<gw_messages_count {
            guard let message = gw_messages[index] else { continue }
            messages[String(cString: message.pointee.name)] = message
        }
        var services: [String: UnsafePointer<ProtobufCServiceDescriptor>] = [:]
        for index in 0..<gw_services_count {
            guard let service = gw_services[index] else { continue }
            services[String(cString: service.pointee.name)] = service
        }
        return ProtoSchema(messages: messages, services: services)
    }()

    private init(
        messages: [String: UnsafePointer<ProtobufCMessageDescriptor>],
        services: [String: UnsafePointer<ProtobufCServiceDescriptor>]
    ) {
        self.messages = messages
        self.services = services
    }

    /// The full names of all messages.
    public var messageNames: [String] { messages.keys.sorted() }

    /// A message by its full name, such as `google.rpc.Status`.
    public func message(
        named name: String
    ) -> UnsafePointer<ProtobufCMessageDescriptor>? { messages[name] }

    /// The message that an `Any` names by what stands behind the last slash of its type URL.
    func message(
        typeURL url: ByteView
    ) -> UnsafePointer<ProtobufCMessageDescriptor>? {
        var start = url.count
        while start > 0, url[start - 1] != UInt8(ascii: "/") { start -= 1 }
        return start == 0 ? nil : messages[url.dropping(first: start).string]
    }

    /// What a method takes and gives; `nil` for one that the contract does not have.
    func messages(
        ofMethod method: String, in service: String
    ) -> (
        input: UnsafePointer<ProtobufCMessageDescriptor>,
        output: UnsafePointer<ProtobufCMessageDescriptor>
    )? {
        guard let service = services[service]?.pointee else { return nil }
        for index in 0..<Int(service.n_methods) {
            let candidate = service.methods[index]
            guard String(cString: candidate.name) == method, let input = candidate.input,
                let output = candidate.output
            else { continue }
            return (input, output)
        }
        return nil
    }
}
