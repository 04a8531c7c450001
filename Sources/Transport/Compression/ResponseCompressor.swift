public import GatewayPrimitives

/// What is compressed of responses, for clients that ask for it by `accept-encoding`: whole bodies,
/// by the object itself, and events, by one of their own each. One a loop.
public final class ResponseCompressor {
    /// Shorter bodies are left as they are: compressing would cost more than it saves. `nil` where
    /// whole bodies are never compressed.
    public let bytesMin: Int?
    /// Whether streams of events are compressed.
    public let compressesEvents: Bool
    private let deflater = GzipDeflater()
    private var scratch = ByteQueue()

    public init(bytesMin: Int?, compressesEvents: Bool = false) {
        self.bytesMin = bytesMin
        self.compressesEvents = compressesEvents
    }

    /// The body in gzip, valid until the next; `nil` when the client did not ask for it or the body
    /// is short.
    public func compress(_ body: ByteView, for headers: borrowing HeaderList) -> ByteView? {
        guard let bytesMin, body.count >= bytesMin,
            AcceptedEncodings.includeGzip(headers.value(of: "accept-encoding"))
        else { return nil }
        scratch.release(above: Limits.gzipScratchBytesKept)
        deflater.deflate(body, into: &scratch)
        return scratch.view
    }
}
