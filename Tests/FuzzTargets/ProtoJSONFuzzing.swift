import GatewayPrimitives
import JSON

@testable import GRPC

/// The JSON form of messages, both ways.
enum ProtoJSONFuzzing {
    /// In an order that the corpus relies on.
    private static let names = [
        "llmgateway.v1.StreamChatCompletionRequest",
        "llmgateway.v1.StreamChatCompletionResponse",
        "llmgateway.v1.GenerateChatCompletionResponse",
        "llmgateway.v1.GenerateEmbeddingsRequest",
        "llmgateway.v1.GenerateEmbeddingsResponse",
        "llmgateway.v1.ErrorContext",
        "google.rpc.Status",
        "google.protobuf.Any",
        "google.protobuf.Timestamp",
        "google.protobuf.Duration",
        "google.protobuf.FieldMask",
        "grpc.health.v1.HealthListResponse",
    ]

    /// The first byte chooses the message, and whether the others are JSON or the wire form. What
    /// is accepted has a canonical form: written again it stays as it is.
    static func messages(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let name = names[Int(first >> 1) % names.count]
        let bytes = Array(input[1...])
        guard let wire = first & 1 == 0 ? read(bytes, as: name) : checked(bytes, as: name) else {
            return nil
        }
        guard let json = write(wire, as: name) else {
            // An `Any` of an unknown type, and times out of range, have no JSON form.
            return first & 1 == 0 ? "\(name): what was read cannot be written: \(wire)" : nil
        }
        guard let again = read(json, as: name) else {
            return "\(name): what was written is refused: \(String(decoding: json, as: UTF8.self))"
        }
        guard write(again, as: name) == json else {
            return "\(name): written \(String(decoding: json, as: UTF8.self)), then another"
        }
        return nil
    }

    private static func read(_ json: [UInt8], as name: String) -> [UInt8]? {
        guard let message = ProtoSchema.contract.message(named: name) else { return nil }
        var text = ByteQueue()
        text.append(array: json)
        let parser = JSONParser()
        guard let value = try? parser.parse(text.view) else { return nil }
        var wire = ByteQueue()
        guard (try? ProtoJSONReader().read(value, as: message, into: &wire)) != nil else {
            return nil
        }
        return wire.view.bytes
    }

    private static func write(_ wire: [UInt8], as name: String) -> [UInt8]? {
        guard let message = ProtoSchema.contract.message(named: name) else { return nil }
        return wire.withView { view in
            var json = ByteQueue()
            let writer = ProtoJSONWriter()
            guard (try? writer.write(view, as: message, into: &json)) != nil else { return nil }
            return json.view.bytes
        }
    }

    /// The bytes if they are the message's wire form; handlers pack no others.
    private static func checked(_ bytes: [UInt8], as name: String) -> [UInt8]? {
        guard let message = ProtoSchema.contract.message(named: name) else { return nil }
        let isSound = bytes.withView { view in
            (try? WireCheck.check(view, as: message, limits: MessageLimits())) != nil
        }
        return isSound ? bytes : nil
    }
}
