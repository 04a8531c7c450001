import CGatewayProto
import GatewayPrimitives
import Glibc

@testable import GRPC

/// The messages of the contract that these tests are about.
enum ContractMessages {
    static let request = MessageType(llmgateway__v1__generate_chat_completion_request__init)
    static let chat = MessageType(llmgateway__v1__chat_request__init)
    static let message = MessageType(llmgateway__v1__message__init)
    static let usage = MessageType(llmgateway__v1__usage__init)
    static let tokens = MessageType(llmgateway__v1__token_list__init)
    static let delta = MessageType(llmgateway__v1__chat_delta__init)

    /// A request that Google's runtime has written; see Fixtures/make_chat_request.py.
    static let fixture: [UInt8] = {
        let here = String(#filePath.dropLast("ContractMessages.swift".count))
        guard let file = fopen(here + "Fixtures/chat_request.pb", "rb") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 65_536)
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes.prefix(count))
    }()
}

extension [UInt8] {
    /// Lends the bytes as a view.
    func withView<Result, Failure>(
        _ body: (ByteView) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withUnsafeBufferPointer { buffer throws(Failure) in
            try body(ByteView(start: buffer.baseAddress, count: buffer.count))
        }
    }

    /// A field with a length before its content.
    static func field(_ id: UInt8, _ content: [UInt8]) -> [UInt8] {
        precondition(id < 16)
        return [id << 3 | 2] + varint(UInt64(content.count)) + content
    }

    /// A number of the wire.
    static func varint(_ value: UInt64) -> [UInt8] {
        var rest = value
        var bytes: [UInt8] = []
        while rest > 0x7F {
            bytes.append(UInt8(rest & 0x7F) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }
}

/// A generator whose every run is the same: xorshift64* (Marsaglia, 2003; Vigna, 2016).
struct SeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 2_685_821_657_736_338_717
    }
}
