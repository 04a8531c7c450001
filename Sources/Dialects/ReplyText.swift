internal import GatewayCore
internal import GatewayPrimitives

/// Makes the errors of one deployment's replies, in one dialect.
protocol ReplyFaults {
    /// A reply that is none.
    func malformed(_ what: String) -> GatewayError
}

extension OpenAIFaults: ReplyFaults {}
extension AnthropicFaults: ReplyFaults {}
extension GeminiFaults: ReplyFaults {}

/// A text of a reply while its events are told.
///
/// Values of it are places in the parser's memory, and the loop's parser may read something else
/// between two events: then the text is read again. Equal bytes give equal places.
struct ReplyText {
    let parser: JSONParser
    /// The text that was read last.
    private(set) var json = ByteView.empty
    /// The parser's, when it was read.
    private(set) var generation = 0

    init(_ parser: JSONParser) { self.parser = parser }

    /// Its outermost value; ``isReadable()`` must have been asked first.
    var root: JSONValue { parser.root }

    /// Reads the next text; throws if it is no JSON.
    mutating func read(
        _ json: ByteView, _ faults: some ReplyFaults
    ) throws(GatewayError) -> JSONValue {
        self.json = json
        let root = try parser.parse(reply: json, faults)
        generation = parser.generation
        return root
    }

    /// Whether the values of the text can be used: reads it again if another was read meanwhile.
    mutating func isReadable() -> Bool {
        if parser.generation == generation { return true }
        guard (try? parser.parse(json)) != nil else { return false }
        generation = parser.generation
        return true
    }
}

extension JSONParser {
    /// Reads a text of a reply; throws if it is no JSON.
    func parse(
        reply json: ByteView, _ faults: some ReplyFaults
    ) throws(GatewayError) -> JSONValue {
        do throws(JSONFault) {
            return try parse(json)
        } catch {
            throw faults.malformed("it is not valid JSON: \(error.summary)")
        }
    }
}

/// How much of an answer that is told whole has been gathered, and may be.
struct GatheredBytes {
    let max: Int
    private var count = 0

    init(max: Int) { self.max = max }

    /// Counts some more; throws where that is too much.
    mutating func add(_ bytes: Int) throws(GatewayError) {
        count += bytes
        guard count <= max else {
            throw GatewayError(
                .upstreamUnavailable, origin: .upstream,
                message: "The answer is longer than \(max) bytes.", outcome: .malformed)
        }
    }
}
