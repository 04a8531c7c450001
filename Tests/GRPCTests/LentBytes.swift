import GatewayPrimitives

/// Lends a copy of some bytes as a view, for the time of a call.
func lend<Result>(_ bytes: [UInt8], _ body: (ByteView) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeBufferPointer {
        try body(ByteView(start: $0.baseAddress, count: $0.count))
    }
}

/// The same for the bytes of a text.
func lend<Result>(_ text: String, _ body: (ByteView) throws -> Result) rethrows -> Result {
    try lend(Array(text.utf8), body)
}
