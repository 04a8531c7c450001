import CGatewayProto
import GatewayPrimitives

@testable import API
@testable import GRPC

/// The gRPC wire, and the contract's messages on it.
enum GRPCFuzzing {
    private static let messageBytesMax = 256

    /// Envelopes, and what stands in headers: timeouts, percent-encoded messages, base64.
    static func framing(_ input: [UInt8]) -> String? {
        input.withView { view in
            fields(view) ?? envelopes(view)
        }
    }

    private static func fields(_ view: ByteView) -> String? {
        if let timeout = TimeoutParser.parse(view), timeout < .zero {
            return "a timeout before now: \(timeout)"
        }
        _ = ContentType(view)
        var encoded = ByteQueue()
        PercentEncoding.append(view.string, bytesMax: 64, to: &encoded)
        if encoded.view.buffer.contains(where: { !(0x20...0x7E).contains($0) }) {
            return "a percent-encoded message with \(encoded.view.bytes)"
        }
        var text = ByteQueue()
        Base64.append(UnsafeRawBufferPointer(view.buffer), into: &text)
        if Base64.decode(text.view) != view.bytes { return "base64 does not come back" }
        _ = Base64.decode(view)
        return nil
    }

    private static func envelopes(_ view: ByteView) -> String? {
        var rest = view
        while true {
            switch Envelope.front(of: rest, bytesMax: messageBytesMax) {
            case .refused, .incomplete: return nil
            case .message(let isCompressed, let length):
                let end = Envelope.byteCount + length
                guard length <= messageBytesMax, end <= rest.count else {
                    return "a message of \(length) bytes in \(rest.count)"
                }
                if case .message = Envelope.front(
                    of: rest[0..<end - 1], bytesMax: messageBytesMax)
                {
                    return "a message before its last byte"
                }
                let message = rest[Envelope.byteCount..<end]
                var written = ByteQueue()
                Envelope.append(flags: isCompressed ? Envelope.compressed : 0, to: &written) {
                    $0.append(message)
                }
                if !written.view.equals(rest[0..<end]) { return "an envelope does not come back" }
                rest = rest.dropping(first: end)
            }
        }
    }

    /// The first byte chooses the message; the others are its wire form.
    static func protobuf(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let bytes = Array(input[1...])
        switch first % 8 {
        case 0: return check(bytes, as: V1Types.streamRequest, reading: chat)
        case 1: return check(bytes, as: V1Types.embeddingsRequest, reading: embeddings)
        case 2: return check(bytes, as: V1Types.listModelsRequest)
        case 3: return check(bytes, as: V1Types.streamResponse)
        case 4: return check(bytes, as: V1Types.errorContext)
        case 5: return check(bytes, as: V1Types.generateResponse)
        case 6:
            return check(bytes, as: MessageType(grpc__health__v1__health_check_request__init))
        default:
            return check(
                bytes,
                as: MessageType(grpc__reflection__v1__server_reflection_request__init))
        }
    }

    private static func chat(
        _ request: UnsafePointer<Llmgateway__V1__StreamChatCompletionRequest>
    ) {
        var reader = V1RequestReader()
        _ = try? reader.chat(
            UnsafePointer(request.pointee.chat),
            isStream: true)
    }

    private static func embeddings(
        _ request: UnsafePointer<Llmgateway__V1__GenerateEmbeddingsRequest>
    ) {
        var reader = V1RequestReader()
        _ = try? reader.embeddings(request.pointee)
    }

    /// What is accepted can be packed, and what was packed is accepted again and packs the same.
    private static func check<Message>(
        _ bytes: [UInt8], as type: MessageType<Message>,
        reading: (UnsafePointer<Message>) -> Void = { _ in }
    ) -> String? {
        guard let once = repack(bytes, as: type, reading: reading) else { return nil }
        guard let twice = repack(once, as: type) else {
            return "what was packed is refused: \(once)"
        }
        return once == twice ? nil : "packed \(once), then \(twice)"
    }

    private static func repack<Message>(
        _ bytes: [UInt8], as type: MessageType<Message>,
        reading: (UnsafePointer<Message>) -> Void = { _ in }
    ) -> [UInt8]? {
        bytes.withView { view in
            let arena = MessageArena()
            guard let message = try? arena.unpack(view, as: type) else { return nil }
            reading(message)
            var packed = ByteQueue()
            packed.append(packing: message)
            withExtendedLifetime(arena) {}
            return packed.view.bytes
        }
    }
}
