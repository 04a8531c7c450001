/// What a configured header may be, so that it cannot break the request it is added to.
enum HeaderRules {
    /// Fields that the gateway or its transport writes itself.
    static let reserved: Set<String> = [
        "host", "connection", "content-length", "content-type", "transfer-encoding", "te",
        "trailer", "upgrade", "keep-alive", "expect", "accept-encoding",
    ]

    /// Whether a text is a token (RFC 9110, 5.6.2), in lower case.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case 0x30...0x39, 0x61...0x7A: true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }

    /// Whether a text is a field's value (RFC 9110, 5.5), of ASCII and without outer spaces.
    static func isValue(_ text: String) -> Bool {
        text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F } && !text.hasPrefix(" ")
            && !text.hasSuffix(" ")
    }
}
