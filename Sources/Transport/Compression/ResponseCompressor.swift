public import GatewayPrimitives

/// Compresses whole bodies of responses for clients that ask for it by `accept-encoding`. One a
/// loop.
public final class ResponseCompressor {
    /// Shorter bodies are left as they are: compressing would cost more than it saves.
    public let bytesMin: Int
    private let deflater = GzipDeflater()
    private var scratch = ByteQueue()

    public init(bytesMin: Int) { self.bytesMin = bytesMin }

    /// The body in gzip, valid until the next; `nil` when the client did not ask for it or the body
    /// is short.
    public func compress(_ body: ByteView, for headers: borrowing HeaderList) -> ByteView? {
        guard body.count >= bytesMin,
            AcceptedEncodings.includeGzip(headers.value(of: "accept-encoding"))
        else { return nil }
        scratch.release(above: Limits.gzipScratchBytesKept)
        deflater.deflate(body, into: &scratch)
        return scratch.view
    }
}
