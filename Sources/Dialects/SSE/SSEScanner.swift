public import GatewayPrimitives
internal import Glibc

/// One event of an event stream. Its views are valid until the scanner or the bytes change.
public struct SSEEvent {
    /// The `event` field; empty when there was none, which means `message`.
    public let type: ByteView
    /// The `data` fields, joined by line feeds.
    public let data: ByteView
    /// The last `id` field of the stream so far; empty when there was none.
    public let lastID: ByteView
}

/// Finds the events of an event stream (WHATWG HTML, section 9.2.6) in bytes as they arrive.
///
/// It does no reading and no waiting: it is given all bytes not yet consumed, and says how many it
/// has consumed. Bytes of an event that is not whole stay unconsumed and must be the first of the
/// next call; they are not scanned twice. The data of one line is a view of the bytes; more lines
/// are joined in memory of the scanner. Line ends are LF, CRLF and CR. What is not ended by an
/// empty line is no event.
public struct SSEScanner: ~Copyable {
    /// What one call found.
    public enum Step {
        /// An event. `consumed` bytes are done with once its views are.
        case event(SSEEvent, consumed: Int)
        /// No whole event is left. `consumed` bytes are done with.
        case incomplete(consumed: Int)
        /// An event is longer than the bound. The stream is of no use any more.
        case tooLong
    }

    private let eventBytesMax: Int
    private var isFirstLine = true
    /// The last line ended with a CR at the end of what was there: an LF now belongs to it.
    private var skipsLineFeed = false
    /// Where the line begins that comes next, counted from the first unconsumed byte.
    private var lineStart = 0
    /// Up to where that line is known to go on.
    private var searched = 0
    /// Where the event began that is not complete.
    private var eventStart = 0
    private var dataLines = 0
    /// Where the only line of data is, while there is one.
    private var single = 0..<0
    private var joined = ByteQueue()
    private var type = ByteQueue()
    private var lastID = ByteQueue()

    /// A scanner of events that are at most `eventBytesMax` long: from the first line with a type
    /// or data to the last, field names and comments in between included. Nor may a line be
    /// longer that belongs to no event.
    public init(eventBytesMax: Int) { self.eventBytesMax = eventBytesMax }

    /// Looks for the next event in `bytes`, which begin where the last call stopped consuming.
    public mutating func next(in bytes: ByteView) -> Step {
        if dataLines == 0 && lineStart == 0 {
            type.clear()
            if let data = plainEvent(in: bytes) {
                let event = SSEEvent(type: .empty, data: bytes[data], lastID: lastID.view)
                return .event(event, consumed: data.upperBound &+ 2)
            }
        }
        while let line = nextLine(in: bytes) {
            if line.isEmpty {
                if dataLines > 0 { return .event(takeEvent(of: bytes), consumed: takeConsumed()) }
                type.clear()
            } else {
                let start = isInEvent ? eventStart : line.lowerBound
                take(line, of: bytes)
                if line.upperBound - start > eventBytesMax { return .tooLong }
                eventStart = start
            }
        }
        let start = isInEvent ? eventStart : lineStart
        if lineStart < bytes.count && bytes.count - start > eventBytesMax { return .tooLong }
        return .incomplete(consumed: isInEvent ? 0 : takeConsumed())
    }

    /// The place of the data of an event that is one whole line and an empty one, both ended by
    /// LF, as vendors send nearly all of theirs; `nil` for any other form.
    private func plainEvent(in bytes: ByteView) -> Range<Int>? {
        let prefix: StaticString = "data: "
        guard searched == 0, !isFirstLine, !skipsLineFeed, bytes.hasPrefix(prefix),
            let end = bytes.firstIndex(of: 0x0A), end &+ 1 < bytes.count, bytes[end &+ 1] == 0x0A,
            end <= eventBytesMax
        else { return nil }
        let data = prefix.utf8CodeUnitCount..<end
        return bytes[data].firstIndex(of: 0x0D) == nil ? data : nil
    }

    /// Whether what was read so far belongs to an event that is not complete.
    private var isInEvent: Bool { dataLines > 0 || !type.isEmpty }

    /// The place of the next whole line without its end; `nil` if it has not ended yet.
    private mutating func nextLine(in bytes: ByteView) -> Range<Int>? {
        if skipsLineFeed && lineStart < bytes.count {
            skipsLineFeed = false
            if bytes[lineStart] == 0x0A { lineStart &+= 1 }
            searched = lineStart
        }
        let start = lineStart
        let rest = bytes.dropping(first: searched)
        let lineFeed = rest.firstIndex(of: 0x0A)
        let limit = lineFeed ?? rest.count
        if let carriageReturn = rest[0..<limit].firstIndex(of: 0x0D) {
            let end = searched &+ carriageReturn
            lineStart = end &+ 1
            skipsLineFeed = true
            searched = lineStart
            return start..<end
        }
        guard let lineFeed else {
            searched = bytes.count
            return nil
        }
        let end = searched &+ lineFeed
        lineStart = end &+ 1
        searched = lineStart
        return start..<end
    }

    /// Takes in one line that is not empty.
    private mutating func take(_ range: Range<Int>, of bytes: ByteView) {
        var line = bytes[range]
        var place = range.lowerBound
        if isFirstLine {
            isFirstLine = false
            if line.count >= 3, line[0] == 0xEF, line[1] == 0xBB, line[2] == 0xBF {
                line = line.dropping(first: 3)
                place &+= 3
            }
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":"))
        if colon == 0 { return }
        let name = line[0..<(colon ?? line.count)]
        var valueStart = min(line.count, (colon ?? line.count) &+ 1)
        if valueStart < line.count && line[valueStart] == 0x20 { valueStart &+= 1 }
        let value = line.dropping(first: valueStart)
        if name.equals("data") {
            let start = place &+ valueStart
            takeData(start..<start &+ value.count, of: bytes)
        } else if name.equals("event") {
            Self.replace(&type, by: value)
        } else if name.equals("id"), value.firstIndex(of: 0) == nil {
            Self.replace(&lastID, by: value)
        }
    }

    private mutating func takeData(_ value: Range<Int>, of bytes: ByteView) {
        dataLines &+= 1
        guard dataLines > 1 else {
            single = value
            return
        }
        if dataLines == 2 {
            joined.clear()
            joined.append(bytes[single])
        }
        joined.append(byte: 0x0A)
        joined.append(bytes[value])
    }

    private static func replace(_ field: inout ByteQueue, by value: ByteView) {
        field.clear()
        field.append(value[0..<min(value.count, DialectLimits.eventFieldBytesMax)])
    }

    /// The event whose last line was read; its state is cleared, its bytes are not.
    private mutating func takeEvent(of bytes: ByteView) -> SSEEvent {
        let data = dataLines == 1 ? bytes[single] : joined.view
        dataLines = 0
        return SSEEvent(type: type.view, data: data, lastID: lastID.view)
    }

    /// Counts from the next byte on.
    private mutating func takeConsumed() -> Int {
        let consumed = lineStart
        lineStart = 0
        searched &-= consumed
        return consumed
    }
}
