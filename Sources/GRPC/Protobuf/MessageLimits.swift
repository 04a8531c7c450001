/// The bounds of what a received message may come to.
public struct MessageLimits: Sendable {
    /// Messages within messages, the outermost counted. The deepest of the contract has 8.
    public var depthMax = 16
    /// What any message may take in memory beside its own bytes: enough for the 2,048 inputs that a
    /// request for embeddings may have, each of them a letter.
    public var overheadBytesMin = 512 * 1024
    /// What no message may take in memory beside its own bytes.
    public var overheadBytesMax = 16 * 1024 * 1024
    /// What a message may take in memory for each of its bytes, between those two.
    public var overheadBytesPerByte = 8

    public init() {}

    /// How much memory the structures of a message of `count` bytes may take. Two bytes can name an
    /// empty message of 200, so that without this bound a client could fill the memory with what a
    /// request's own bound lets through.
    public func unpackedBytesMax(forCount count: Int) -> Int {
        let overhead = count.multipliedReportingOverflow(by: overheadBytesPerByte)
        let bounded =
            overhead.overflow ? overheadBytesMax : min(overhead.partialValue, overheadBytesMax)
        return count + max(bounded, overheadBytesMin)
    }
}
