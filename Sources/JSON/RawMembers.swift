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

        /// Whether its name is a literal of ASCII letters, in whatever spelling: RFC 8259 lets any
        /// character be written as `\uXXXX`.
        public func isNamed(_ literal: StaticString) -> Bool {
            var at = 0
            var matched = 0
            while at < name.count {
                guard matched < literal.utf8CodeUnitCount else { return false }
                let isEscape = name[at] == UInt8(ascii: "\\")
                guard let unit = isEscape ? escapedUnit(at: at) : Int(name[at]),
                    unit == Int(literal.utf8Start[matched])
                else { return false }
                at += isEscape ? 6 : 1
                matched += 1
            }
            return matched == literal.utf8CodeUnitCount
        }

        /// The value of the `\uXXXX` at a place; `nil` for another escape, which is of no letter.
        private func escapedUnit(at place: Int) -> Int? {
            guard place + 6 <= name.count, name[place + 1] == UInt8(ascii: "u") else { return nil }
            var value = 0
            for index in place + 2..<place + 6 {
                guard let digit = HexDigit.value(of: name[index]) else { return nil }
                value = value << 4 | digit
            }
            return value
        }
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
