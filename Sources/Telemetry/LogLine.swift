public import GatewayPrimitives

/// One line of the log while it is written, in either format.
///
/// ``begin(_:at:_:)``, then fields in any order, then ``end()``. Its memory is kept for the next
/// line: whoever logs for every call keeps one.
public struct LogLine: ~Copyable {
    let format: LogFormat
    var bytes = ByteQueue()

    public init(format: LogFormat) { self.format = format }

    /// The line so far; valid until it is next changed.
    public var view: ByteView { bytes.view }

    /// Drops the line before and starts one with the fields that every line has.
    public mutating func begin(_ level: LogLevel, at time: WallTime, _ message: StaticString) {
        bytes.clear()
        switch format {
        case .json:
            bytes.append("{\"time\":\"")
            bytes.append(rfc3339: time)
            bytes.append("\",\"level\":\"")
            bytes.append(level.name)
            bytes.append("\",\"msg\":\"")
            bytes.append(message)
            bytes.append(byte: 0x22)
        case .text:
            bytes.append(rfc3339: time)
            bytes.append(byte: 0x20)
            bytes.append(level.name)
            bytes.append(byte: 0x20)
            bytes.append(message)
        }
    }

    /// Adds a text, cut where it is too long to be of use.
    public mutating func text(_ name: StaticString, _ value: String) {
        append(name: name)
        switch format {
        case .json: bytes.append(quoted: value, bytesMax: Limits.valueBytes)
        case .text: bytes.append(word: value, bytesMax: Limits.valueBytes)
        }
    }

    /// Adds a word of ours that needs no escaping.
    public mutating func word(_ name: StaticString, _ value: StaticString) {
        append(name: name)
        quoteIfJSON()
        bytes.append(value)
        quoteIfJSON()
    }

    /// Adds what a closure appends, which must need no escaping.
    public mutating func word(_ name: StaticString, _ append: (inout ByteQueue) -> Void) {
        self.append(name: name)
        quoteIfJSON()
        append(&bytes)
        quoteIfJSON()
    }

    /// Adds a number.
    public mutating func number(_ name: StaticString, _ value: Int) {
        append(name: name)
        bytes.append(decimal: value)
    }

    /// Adds an exact decimal number, by its digits.
    public mutating func decimal(_ name: StaticString, _ digits: String) {
        append(name: name)
        bytes.append(text: digits)
    }

    /// Adds yes or no.
    public mutating func flag(_ name: StaticString, _ value: Bool) {
        append(name: name)
        bytes.append(value ? "true" : "false")
    }

    /// Adds a duration in milliseconds.
    public mutating func milliseconds(_ name: StaticString, _ value: Duration) {
        append(name: name)
        bytes.append(milliseconds: value)
    }

    /// Completes the line.
    public mutating func end() { bytes.append(format == .json ? "}\n" : "\n") }

    /// Appends what stands before a field's value.
    mutating func append(name: StaticString) {
        switch format {
        case .json:
            bytes.append(",\"")
            bytes.append(name)
            bytes.append("\":")
        case .text:
            bytes.append(byte: 0x20)
            bytes.append(name)
            bytes.append(byte: 0x3D)
        }
    }

    private mutating func quoteIfJSON() {
        if format == .json { bytes.append(byte: 0x22) }
    }
}
