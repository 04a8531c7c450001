import Dialects
import GatewayCore
import GatewayPrimitives
import JSON

/// Replies of upstreams of other dialects than OpenAI's: what is made of them for OpenAI's clients
/// is JSON.
enum ReplyFuzzing {
    /// The first byte chooses: a stream's events, a whole answer, or vectors.
    static func gemini(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let parser = JSONParser()
        var reply = ReplyCheck(parser)
        var body = ByteQueue()
        body.append(array: Array(input[1...]))
        switch first % 3 {
        case 0:
            let decoder = GeminiStreamDecoder(parser: parser)
            try? stream(decoder, SSEScanner(eventBytesMax: 64 * 1024), body.view, into: &reply)
        case 1: try? whole(GeminiReplyDecoder(parser: parser), body.view, into: &reply)
        default: try? whole(GeminiEmbeddingsDecoder(parser: parser), body.view, into: &reply)
        }
        return reply.finding
    }

    /// The first byte chooses: lines of a chat or of a prompt's answer, the same whole, or vectors.
    static func ollama(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let parser = JSONParser()
        var reply = ReplyCheck(parser)
        var body = ByteQueue()
        body.append(array: Array(input[1...]))
        let dialect: Dialect = first & 64 == 0 ? .ollamaChat : .ollamaGenerate
        switch first % 3 {
        case 0:
            let decoder = OllamaStreamDecoder(parser: parser, dialect: dialect)
            try? stream(decoder, LineScanner(lineBytesMax: 64 * 1024), body.view, into: &reply)
        case 1:
            let decoder = OllamaReplyDecoder(parser: parser, dialect: dialect)
            try? whole(decoder, body.view, into: &reply)
        default: try? whole(OllamaEmbeddingsDecoder(parser: parser), body.view, into: &reply)
        }
        return reply.finding
    }

    private static func stream<
        Decoder: StreamReplyDecoding, Scanner: StreamScanning & ~Copyable
    >(
        _ stream: Decoder, _ events: consuming Scanner, _ bytes: ByteView,
        into reply: inout ReplyCheck
    ) throws(GatewayError) {
        var decoder = stream
        var scanner = events
        var rest = bytes
        while case .event(let event, let consumed) = scanner.next(in: rest) {
            rest = rest.dropping(first: consumed)
            guard try decoder.take(event) else { return reply.finish(try decoder.end()) }
            while let step = decoder.next() { try reply.add(step) }
        }
        if decoder.isComplete { reply.finish(try decoder.end()) }
    }

    private static func whole<Decoder: WholeReplyDecoding>(
        _ whole: Decoder, _ bytes: ByteView, into reply: inout ReplyCheck
    ) throws(GatewayError) {
        var decoder = whole
        try decoder.begin(bytes)
        while let step = decoder.next() { try reply.add(step) }
        reply.finish(try decoder.end())
    }
}
