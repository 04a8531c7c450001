import GatewayPrimitives

extension ByteQueue {
    /// Appends text between quotation marks, escaped as a JSON string (RFC 8259, 7) and cut after
    /// `bytesMax` bytes of its UTF-8. No byte below 0x20 remains, so a value cannot begin a new
    /// line.
    mutating func append(quoted text: String, bytesMax: Int) {
        append(byte: 0x22)
        var text = text
        text.withUTF8 { append(escaped: ByteView($0).prefix(bytesMax: bytesMax)) }
        append(byte: 0x22)
    }

    /// Appends text bare if it is one plain word, else between quotation marks.
    mutating func append(word text: String, bytesMax: Int) {
        var text = text
        text.withUTF8 { buffer in
            let value = ByteView(buffer).prefix(bytesMax: bytesMax)
            if value.isPlainWord {
                append(value)
            } else {
                append(byte: 0x22)
                append(escaped: value)
                append(byte: 0x22)
            }
        }
    }

    private mutating func append(escaped value: ByteView) {
        var clean = 0
        for index in 0..<value.count where value[index].needsEscape {
            append(value[clean..<index])
            append(escapeOf: value[index])
            clean = index + 1
        }
        append(value[clean..<value.count])
    }

    private mutating func append(escapeOf byte: UInt8) {
        switch byte {
        case 0x22: append("\\\"")
        case 0x5C: append("\\\\")
        case 0x0A: append("\\n")
        case 0x0D: append("\\r")
        case 0x09: append("\\t")
        default:
            append("\\u00")
            append(hexadecimal: Int(byte >> 4))
            append(hexadecimal: Int(byte & 15))
        }
    }
}

extension UInt8 {
    fileprivate var needsEscape: Bool {
        self < 0x20 || self == 0x22 || self == 0x5C || self == 0x7F
    }
}

extension ByteView {
    fileprivate init(_ buffer: UnsafeBufferPointer<UInt8>) {
        self.init(start: buffer.baseAddress, count: buffer.count)
    }

    /// The longest beginning of at most `bytesMax` bytes that ends between two characters.
    fileprivate func prefix(bytesMax: Int) -> ByteView {
        guard count > bytesMax else { return self }
        var end = bytesMax
        while end > 0 && self[end] & 0xC0 == 0x80 { end -= 1 }
        return self[0..<end]
    }

    /// Whether a reader of `name=value` pairs takes it as one value.
    fileprivate var isPlainWord: Bool {
        !isEmpty && buffer.allSatisfy { !$0.needsEscape && $0 != 0x20 && $0 != 0x3D }
    }
}
