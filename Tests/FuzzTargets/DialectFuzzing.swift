import Dialects
import GatewayCore
import GatewayPrimitives
import JSON

/// Event streams, and OpenAI's JSON from clients and from upstreams.
enum DialectFuzzing {
    private static let eventBytesMax = 256

    static func events(_ input: [UInt8]) -> String? {
        Cuts.difference(input[...]) { pieces in
            var scanner = SSEScanner(eventBytesMax: eventBytesMax)
            var waiting = ByteQueue()
            var transcript: [String] = []
            for piece in pieces {
                waiting.append(array: piece)
                scanning: while true {
                    switch scanner.next(in: waiting.view) {
                    case .event(let event, let consumed):
                        transcript.append(
                            "\(event.type.string)|\(event.lastID.string)|\(event.data.string)")
                        waiting.consume(consumed)
                    case .incomplete(let consumed):
                        waiting.consume(consumed)
                        break scanning
                    case .tooLong:
                        return transcript + ["too long"]
                    }
                }
            }
            return transcript
        }
    }

    /// Bodies of both endpoints. What is accepted goes upstream in a form that is accepted too.
    static func openAIRequest(_ input: [UInt8]) -> String? {
        let parser = JSONParser()
        var body = ByteQueue()
        body.append(array: input)
        if let request = try? OpenAIChatRequestReader(parser: parser).read(body.view) {
            var output = ByteQueue()
            guard
                (try? OpenAIRequestWriter.writeChat(request, model: "up\"stream", into: &output))
                    != nil,
                let again = try? OpenAIChatRequestReader(parser: parser).read(output.view)
            else { return "an accepted request is refused as it goes upstream" }
            if again.model != "up\"stream" { return "the model went upstream as \(again.model)" }
            if again.isStream != request.isStream || request.isStream && !again.wantsUsage {
                return "a stream went upstream without its options"
            }
            if again.textBytes != request.textBytes { return "the texts changed on their way" }
        }
        if let request = try? OpenAIEmbeddingRequestReader(parser: parser).read(body.view) {
            var output = ByteQueue()
            guard
                (try? OpenAIRequestWriter.writeEmbeddings(request, model: "up", into: &output))
                    != nil,
                let again = try? OpenAIEmbeddingRequestReader(parser: parser).read(output.view)
            else { return "an accepted request is refused as it goes upstream" }
            if again.model != "up" { return "the model went upstream as \(again.model)" }
        }
        return nil
    }

    /// The first byte chooses: a stream's events, or a whole answer. What is made of it for clients
    /// of another form is JSON.
    static func openAIReply(_ input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        var body = ByteQueue()
        body.append(array: Array(input[1...]))
        let parser = JSONParser()
        var reply = ReplyCheck(parser)
        if first & 1 == 0 {
            try? stream(body.view, parser, into: &reply)
        } else {
            try? whole(body.view, parser, into: &reply)
        }
        return reply.finding
    }

    private static func stream(
        _ bytes: ByteView, _ parser: JSONParser, into reply: inout ReplyCheck
    ) throws(GatewayError) {
        var decoder = OpenAIChatStreamDecoder(parser: parser, wantsTyped: true)
        var scanner = SSEScanner(eventBytesMax: 64 * 1024)
        var rest = bytes
        while case .event(let event, let consumed) = scanner.next(in: rest) {
            rest = rest.dropping(first: consumed)
            if event.data.equals("[DONE]") { return reply.finish(try decoder.end()) }
            // A view in the middle of the bytes: what is behind it is readable.
            try decoder.begin(event.data)
            while let step = decoder.next() { try reply.add(step) }
        }
    }

    private static func whole(
        _ bytes: ByteView, _ parser: JSONParser, into reply: inout ReplyCheck
    ) throws(GatewayError) {
        var decoder = OpenAIChatReplyDecoder(parser: parser, wantsTyped: true)
        try decoder.begin(bytes)
        while let step = decoder.next() { try reply.add(step) }
        reply.finish(try decoder.end())
    }
}

/// Writes a reply in both of OpenAI's forms, and reads what was written.
struct ReplyCheck: ~Copyable {
    private(set) var finding: String?
    private var collector = OpenAIChatCollector(id: "i", created: 1, model: "m")
    private var writer = OpenAIReplyWriter(id: "i", created: 1, model: "m")
    /// That of the decoder too: calls of one loop use it in turns.
    private let parser: JSONParser

    init(_ parser: JSONParser) { self.parser = parser }

    mutating func add(_ original: ReplyEvent) throws(GatewayError) {
        // As an upstream of another dialect would say it, so that all of it is written anew.
        let event = ReplyEvent(original.body)
        var chunks = ByteQueue()
        writer.writeChunk(event, into: &chunks)
        try collector.add(event)
        check(chunks.view)
    }

    mutating func finish(_ finished: ReplyFinished) {
        var chunks = ByteQueue()
        writer.writeFinishChunks(finished, wantsUsage: true, into: &chunks)
        check(chunks.view)
        var whole = ByteQueue()
        collector.write(finished, into: &whole)
        if (try? parser.parse(whole.view)) == nil { finding = "not JSON: \(whole.view.string)" }
    }

    private mutating func check(_ chunks: ByteView) {
        var scanner = SSEScanner(eventBytesMax: 1 << 20)
        var rest = chunks
        while case .event(let event, let consumed) = scanner.next(in: rest) {
            rest = rest.dropping(first: consumed)
            var json = ByteQueue()
            json.append(event.data)
            if (try? parser.parse(json.view)) == nil { finding = "not JSON: \(json.view.string)" }
        }
        if !rest.isEmpty { finding = "events that do not end: \(rest.string)" }
    }
}
