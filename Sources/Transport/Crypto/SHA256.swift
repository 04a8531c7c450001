import COpenSSL
public import GatewayPrimitives

/// SHA-256 (FIPS 180-4), by OpenSSL.
public enum SHA256 {
    /// The digest as four words in the machine's byte order.
    public static func digest(of bytes: ByteView) -> (UInt64, UInt64, UInt64, UInt64) {
        var context = SHA256_CTX()
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        SHA256_Init(&context)
        if let start = bytes.start { SHA256_Update(&context, start, bytes.count) }
        withUnsafeMutableBytes(of: &words) { buffer in
            _ = SHA256_Final(buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), &context)
        }
        return words
    }
}
