public import GatewayPrimitives

/// Walks the members of a JSON object in a text that is known to be valid, by their places.
///
/// For short objects that are rewritten without being read: the values stay as they were written.
public struct RawMembers: Sequence, IteratorProtocol {
    private let text: ByteView
    private var at = 0

    /// One member: its name as written, escapes and all, without the quotes; and its value.
    public struct Member {
        public let name: ByteView
        public let value: ByteView
    }

    /// The members of an object. `text` must be valid JSON; none if it is no object.
    public init(_ text: ByteView) {
        self.text = text
        skipBlanks()
        at = at < text.count && text[at] == UInt8(ascii: "{") ? at + 1 : text.count
    }

    public mutating func next() -> Member? {
        skipBlanks()
        if at < text.count && text[at] == UInt8(ascii: ",") {
            at += 1
            skipBlanks()
        }
        guard at < text.count, text[at] == UInt8(ascii: "\"") else { return nil }
        let nameStart = at + 1
        skipString()
        let name = text[nameStart..<at - 1]
        skipBlanks()
        at += 1
        skipBlanks()
        let valueStart = at
        skipValue()
        return Member(name: name, value: text[valueStart..<at])
    }

    private mutating func skipBlanks() {
        while at < text.count, Self.isBlank(text[at]) { at += 1 }
    }

    private static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }

    /// Stands on a quote; goes behind the closing one.
    private mutating func skipString() {
        at += 1
        while at < text.count, text[at] != UInt8(ascii: "\"") {
            at += text[at] == UInt8(ascii: "\\") ? 2 : 1
        }
        at = Swift.min(at + 1, text.count)
    }

    private mutating func skipValue() {
        var depth = 0
        while at < text.count {
            switch text[at] {
            case UInt8(ascii: "\""):
                skipString()
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return }
                depth -= 1
            case UInt8(ascii: ",") where depth == 0:
                return
            case let byte where depth == 0 && Self.isBlank(byte):
                return
            default:
                break
            }
            at += 1
        }
    }
}
