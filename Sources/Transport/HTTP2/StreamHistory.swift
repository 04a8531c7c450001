/// What is still known of a connection's streams that are closed, or were never opened.
///
/// nghttp2 keeps what it knows of a closed stream only with its whole state, a megabyte in a dozen
/// connections. This is the part that tells a client's mistake from frames which crossed a reset:
/// some streams that closed last, and the numbers that the client has left out.
struct StreamHistory {
    enum Close {
        /// Both sides had said their last word.
        case complete
        /// By the client's RST_STREAM.
        case resetByClient
    }

    private static let closedMax = 16
    private static let gapsMax = 8

    /// The last stream that the client has opened.
    private(set) var last: Int32 = 0
    private var closed: ContiguousArray<(streamID: Int32, how: Close)> = []
    private var nextClosed = 0
    private var gaps: ContiguousArray<ClosedRange<Int32>> = []
    private var nextGap = 0

    /// The client opens a stream whose number is above the last.
    mutating func opened(_ streamID: Int32) {
        if streamID > last &+ 2 {
            let gap = last &+ 1...streamID &- 1
            if gaps.count < Self.gapsMax { gaps.append(gap) } else { gaps[nextGap] = gap }
            nextGap = (nextGap + 1) % Self.gapsMax
        }
        last = streamID
    }

    mutating func closed(_ streamID: Int32, _ how: Close) {
        if closed.count < Self.closedMax {
            closed.append((streamID, how))
        } else {
            closed[nextClosed] = (streamID, how)
        }
        nextClosed = (nextClosed + 1) % Self.closedMax
    }

    /// How a stream closed; `nil` if that is not known any more, or it did not.
    func close(of streamID: Int32) -> Close? {
        for entry in closed where entry.streamID == streamID { return entry.how }
        return nil
    }

    /// Whether the client has surely left out a stream's number, which closed it (RFC 9113, 5.1.1).
    func isSkipped(_ streamID: Int32) -> Bool { gaps.contains { $0.contains(streamID) } }
}
