import GatewayPrimitives

/// Puts together the path of a request whose model stands in it.
struct UpstreamPath: ~Copyable {
    private var bytes = ByteQueue()

    init(_ text: String) { bytes.append(text: text) }

    /// Valid as long as the path.
    var view: ByteView { bytes.view }

    mutating func append(_ text: StaticString) { bytes.append(text) }

    mutating func append(text: String) { bytes.append(text: text) }

    /// Appends a name as one segment: whatever has a meaning in a target is percent-encoded
    /// (RFC 3986, 2.1 and 3.3).
    mutating func append(segment name: String) {
        let digits: StaticString = "0123456789ABCDEF"
        for byte in name.utf8 {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "@"):
                bytes.append(byte: byte)
            default:
                bytes.append("%")
                bytes.append(byte: digits.utf8Start[Int(byte >> 4)])
                bytes.append(byte: digits.utf8Start[Int(byte & 15)])
            }
        }
    }
}
