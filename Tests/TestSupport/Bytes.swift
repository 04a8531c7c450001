public import GatewayPrimitives

/// Bytes for a test, with the slack behind them that parsers want.
///
/// They are never freed: a test is short, and a view that outlived its bytes would test nothing.
/// What stands in the slack would change every result, if a reader took it for more text.
public struct Bytes {
    public let view: ByteView

    public init(_ bytes: [UInt8]) {
        let start = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count + ByteQueue.slack)
        start.initialize(from: bytes, count: bytes.count)
        for index in 0..<ByteQueue.slack {
            start[bytes.count + index] = UInt8(ascii: index % 2 == 0 ? "}" : "\"")
        }
        view = ByteView(start: start, count: bytes.count)
    }

    public init(_ text: String) { self.init(Array(text.utf8)) }
}

/// What a function appends to an empty queue, as text.
public func written(_ body: (inout ByteQueue) throws -> Void) rethrows -> String {
    var queue = ByteQueue()
    try body(&queue)
    return queue.view.string
}
