import GatewayCore
import GatewayPrimitives
import JSON
import TestSupport

@testable import Dialects

/// Runs the decoders over whole replies.
enum Decoding {
    /// The events of a stream, each in the hands of `take` while its views are valid. The stream
    /// must end with `[DONE]`.
    static func stream(
        _ bytes: [UInt8], wantsTyped: Bool = true, parser: JSONParser = JSONParser(),
        take: (ReplyEvent) throws -> Void
    ) throws {
        var decoder = OpenAIChatStreamDecoder(
            parser: parser, wantsTyped: wantsTyped, deployment: "d")
        for data in SSEReading.data(of: bytes) {
            if data.view.equals("[DONE]") {
                try take(ReplyEvent(.finished(try decoder.end())))
                return
            }
            try decoder.begin(data.view)
            while let event = decoder.next() { try take(event) }
        }
        throw EndedEarly()
    }

    struct EndedEarly: Error {}

    static func streamDigest(_ bytes: [UInt8], wantsTyped: Bool = true) throws -> ReplyDigest {
        var digest = ReplyDigest()
        try stream(bytes, wantsTyped: wantsTyped) { digest.add($0) }
        return digest
    }

    /// The events of a whole reply.
    static func whole(
        _ bytes: [UInt8], wantsTyped: Bool = true, take: (ReplyEvent) throws -> Void
    ) throws {
        var decoder = OpenAIChatReplyDecoder(
            parser: JSONParser(), wantsTyped: wantsTyped, deployment: "d")
        let body = Bytes(bytes)
        try decoder.begin(body.view)
        while let event = decoder.next() { try take(event) }
        try take(ReplyEvent(.finished(try decoder.end())))
    }

    static func wholeDigest(_ bytes: [UInt8], wantsTyped: Bool = true) throws -> ReplyDigest {
        var digest = ReplyDigest()
        try whole(bytes, wantsTyped: wantsTyped) { digest.add($0) }
        return digest
    }

    /// The typed events of a file of Fixtures/, which is a stream or a whole reply.
    static func file(_ name: String, take: (ReplyEvent) throws -> Void) throws {
        let bytes = try Fixture.bytes(name)
        if name.hasSuffix(".sse") {
            try stream(bytes, take: take)
        } else {
            try whole(bytes, take: take)
        }
    }
}
