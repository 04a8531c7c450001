internal import CSimdJSON
public import GatewayPrimitives

/// Reads JSON texts, one after another, with simdjson. One a loop.
///
/// What it returns is valid until it parses again. Whoever may be interleaved with another user of
/// the same parser compares ``generation`` and parses again: equal bytes give equal places.
public final class JSONParser {
    /// How many texts were parsed: a value belongs to the generation it came from.
    public private(set) var generation = 0

    /// Owned: freed in deinit, and never handed out.
    private let parser: OpaquePointer

    /// A parser of texts up to ``JSONLimits/textBytesMax``, whose memory grows with the longest.
    public init() {
        guard
            let parser = gw_json_create(
                JSONLimits.textBytesMax, JSONLimits.depthMax + 1)
        else { fatalError("out of memory while making a JSON parser") }
        self.parser = parser
    }

    deinit { gw_json_destroy(parser) }

    /// Reads one JSON text, which is all of `bytes`. ``ByteQueue/slack`` bytes behind them must be
    /// readable, as they are in a ``ByteQueue``.
    public func parse(_ bytes: ByteView) throws(JSONFault) -> JSONValue {
        generation &+= 1
        guard gw_json_parse(parser, bytes.start, bytes.count) else {
            throw JSONScanner.fault(in: bytes)
        }
        return root
    }

    /// The outermost value of the text last parsed; it must have been parsed without a fault.
    public var root: JSONValue {
        JSONValue(gw_json_value(document: gw_json_get_document(parser), index: 1))
    }

    /// Where each member of the outermost object stands in `bytes`, the text last parsed. No
    /// members if the text is no object.
    public func topLevelMembers(of bytes: ByteView) -> TopLevelMembers {
        TopLevelMembers(parser: self, bytes: bytes)
    }

    /// Gives back memory that an unusually long text has taken.
    public func shrink() {
        generation &+= 1
        gw_json_shrink(parser, JSONLimits.parserBytesKept)
    }

    /// The members of an object by their places in its text, in order.
    public struct TopLevelMembers: Sequence, IteratorProtocol {
        private let parser: JSONParser
        private let bytes: ByteView
        private var cursor = gw_json_span_cursor(token: 0)

        /// One member's places: the key with its quotes, and the value.
        public struct Member {
            public let key: Range<Int>
            public let value: Range<Int>
        }

        fileprivate init(parser: JSONParser, bytes: ByteView) {
            self.parser = parser
            self.bytes = bytes
        }

        public mutating func next() -> Member? {
            var key = gw_json_span()
            var value = gw_json_span()
            guard let start = bytes.start,
                gw_json_next_span(parser.parser, start, &cursor, &key, &value)
            else { return nil }
            return Member(key: key.begin..<key.end, value: value.begin..<value.end)
        }
    }
}
