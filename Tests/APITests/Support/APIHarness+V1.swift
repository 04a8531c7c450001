import CGatewayProto
import GRPC
import GatewayPrimitives
import Transport

@testable import API

/// Messages of the contract that only clients make.
enum ClientMessages {
    static let chat = MessageType(llmgateway__v1__chat_request__init)
    static let tool = MessageType(llmgateway__v1__tool__init)
    static let embeddingInput = MessageType(llmgateway__v1__embedding_input__init)
}

extension APIHarness {
    static let chatService = "/llmgateway.v1.ChatService/"

    /// A packed message.
    static func packed<Message>(
        _ type: MessageType<Message>, _ fill: (MessageArena, inout Message) -> Void
    ) -> [UInt8] {
        let arena = MessageArena()
        let message = arena.make(type)
        fill(arena, &message.pointee)
        var queue = ByteQueue()
        queue.append(packing: UnsafePointer(message))
        return queue.view.bytes
    }

    /// A chat of one message, "Hi", in an arena; and its only part.
    static func chat(
        _ model: String, in arena: MessageArena
    ) -> (
        chat: UnsafeMutablePointer<Llmgateway__V1__ChatRequest>,
        part: UnsafeMutablePointer<Llmgateway__V1__Part>
    ) {
        let part = arena.make(V1Types.part)
        part.pointee.content_case = LLMGATEWAY__V1__PART__CONTENT_TEXT
        part.pointee.text = arena.text("Hi")
        let message = arena.make(V1Types.message)
        message.pointee.role = LLMGATEWAY__V1__ROLE__ROLE_USER
        message.pointee.n_parts = 1
        message.pointee.parts = arena.array([Optional(part)])
        let chat = arena.make(ClientMessages.chat)
        chat.pointee.model = arena.text(model)
        chat.pointee.n_messages = 1
        chat.pointee.messages = arena.array([Optional(message)])
        return (chat, part)
    }

    /// A chat request of one message, changed by `change`, for the methods of either kind: both
    /// have the chat in the same field.
    static func chatMessage(
        _ model: String,
        _ change: (MessageArena, inout Llmgateway__V1__ChatRequest) -> Void = { _, _ in }
    ) -> [UInt8] {
        packed(V1Types.generateRequest) { arena, request in
            let (chat, _) = Self.chat(model, in: arena)
            change(arena, &chat.pointee)
            request.chat = chat
        }
    }

    /// A call as a gRPC client makes it.
    static func rpc(
        _ path: String, _ body: [UInt8], key: String? = masterKey,
        headers: [InProcessRequest.Field] = [], isComplete: Bool = true
    ) -> InProcessRequest {
        var fields: [InProcessRequest.Field] = [
            .init("content-type", "application/grpc"), .init("te", "trailers"),
        ]
        if let key { fields.append(.init("authorization", "Bearer \(key)")) }
        return InProcessRequest(
            target: path, headers: fields + headers, body: body, isComplete: isComplete)
    }

    /// Makes a call with one message, and waits for its end.
    func rpc(
        _ path: String, message: [UInt8], key: String? = masterKey,
        headers: [InProcessRequest.Field] = []
    ) async -> InProcessResponse {
        await client.send(Self.rpc(path, Self.framed(message), key: key, headers: headers))
    }

    /// A message in gRPC's envelope.
    static func framed(_ message: [UInt8]) -> [UInt8] {
        let count = UInt32(message.count)
        return [0] + (0..<4).map { UInt8(truncatingIfNeeded: count >> (24 - 8 * $0)) } + message
    }
}

/// A message that was unpacked. Its memory is never freed: a test is short, and looks at what
/// messages point to after it has let go of them.
@dynamicMemberLookup
final class Unpacked<Message> {
    private let arena = MessageArena()
    private let pointer: UnsafePointer<Message>

    init(_ bytes: [UInt8], as type: MessageType<Message>) throws {
        var queue = ByteQueue()
        queue.append(array: bytes)
        pointer = try arena.unpack(queue.view, as: type)
        _ = Unmanaged.passRetained(arena)
    }

    subscript<Value>(dynamicMember path: KeyPath<Message, Value>) -> Value {
        pointer.pointee[keyPath: path]
    }
}

extension InProcessResponse {
    /// The packed messages of the body; `nil` if it does not end with one.
    var messages: [[UInt8]]? {
        var found: [[UInt8]] = []
        var rest = body[...]
        while !rest.isEmpty {
            guard rest.count >= 5, rest.removeFirst() == 0 else { return nil }
            let count = rest.prefix(4).reduce(0) { $0 << 8 | Int($1) }
            rest = rest.dropFirst(4)
            guard rest.count >= count else { return nil }
            found.append(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
        }
        return found
    }

    /// The only message, unpacked.
    func message<Message>(_ type: MessageType<Message>) throws -> Unpacked<Message>? {
        guard let messages, messages.count == 1 else { return nil }
        return try Unpacked(messages[0], as: type)
    }

    /// The `grpc-status`, from the trailers or, without messages, from the head.
    var grpcStatus: Int? { (trailer("grpc-status") ?? header("grpc-status")).flatMap { Int($0) } }

    /// What the status says.
    func failure() throws -> RPCFailure? {
        let field = trailer("grpc-status-details-bin") ?? header("grpc-status-details-bin")
        guard let field else { return nil }
        var text = ByteQueue()
        text.append(text: field)
        guard let bytes = Base64.decode(text.view, as: .any) else { return nil }
        return try RPCFailure(bytes)
    }
}

/// A google.rpc.Status and its details, read.
struct RPCFailure {
    private(set) var code = 0
    private(set) var message = ""
    /// Of ErrorInfo.
    private(set) var reason = ""
    private(set) var domain = ""
    /// Of BadRequest.
    private(set) var fields: [String] = []
    private(set) var descriptions: [String] = []
    /// Of RetryInfo.
    private(set) var retrySeconds: Double?
    private(set) var context: Unpacked<Llmgateway__V1__ErrorContext>?

    init(_ bytes: [UInt8]) throws {
        let status = try Unpacked(bytes, as: MessageType(google__rpc__status__init))
        code = Int(status.code)
        message = String(cString: status.message)
        for index in 0..<status.n_details {
            guard let detail = status.details[index]?.pointee else { continue }
            let value = Array(
                UnsafeBufferPointer(start: detail.value.data, count: detail.value.len))
            switch String(cString: detail.type_url).split(separator: "/").last {
            case "google.rpc.ErrorInfo":
                let info = try Unpacked(value, as: MessageType(google__rpc__error_info__init))
                reason = String(cString: info.reason)
                domain = String(cString: info.domain)
            case "google.rpc.BadRequest":
                let bad = try Unpacked(value, as: MessageType(google__rpc__bad_request__init))
                for place in 0..<bad.n_field_violations {
                    guard let violation = bad.field_violations[place]?.pointee else { continue }
                    fields.append(String(cString: violation.field))
                    descriptions.append(String(cString: violation.description))
                }
            case "google.rpc.RetryInfo":
                let info = try Unpacked(value, as: MessageType(google__rpc__retry_info__init))
                let delay = info.retry_delay.pointee
                retrySeconds = Double(delay.seconds) + Double(delay.nanos) / 1e9
            case "llmgateway.v1.ErrorContext":
                context = try Unpacked(value, as: V1Types.errorContext)
            default: break
            }
        }
    }
}
