public import GatewayPrimitives
import Synchronization

/// Counts what the servers of a process refuse before there is a call that could be logged: by
/// kind, with the client that was refused last.
///
/// Any thread. Under a flood nothing is written for the single case; whoever reports looks at the
/// counts from time to time.
public final class ServerRefusals: Sendable {
    /// What is refused. The names are those of the metric and the log.
    public enum Kind: String, CaseIterable, Sendable {
        /// A connection beyond all that there may be.
        case connections
        /// A connection beyond those of its client's address.
        case connectionsOfAddress = "connections_of_address"
        /// What a trusted proxy sent in place of its header.
        case proxyHeader = "proxy_header"
        /// Plain text where TLS is spoken.
        case plainText = "plain_text"
        /// A TLS handshake that was not agreed on, or was broken.
        case handshake = "tls_handshake"
        /// A connection that did not come to its first request, or through its handshake, in time.
        case slowStart = "slow_start"
        /// A request or a frame that breaks the rules, or asks for what is not served.
        case malformed
        /// A head beyond its bounds.
        case headTooLarge = "head_too_large"
        /// A head that took too long.
        case slowHead = "slow_head"
        /// A body that took too long.
        case slowBody = "slow_body"
        /// A client that does not take what was asked for.
        case slowReader = "slow_reader"
        /// A stream beyond those that are served at once on its connection.
        case streams
        /// Streams broken off before anything was answered.
        case floodOfResets = "flood_resets"
        /// Frames that ask for nothing.
        case floodOfControlFrames = "flood_control_frames"
        /// PING more often than is needed.
        case floodOfPings = "flood_pings"
        /// A head in more pieces than any needs.
        case floodOfContinuations = "flood_continuations"

        fileprivate var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What has come of one kind since the last report.
    public struct Growth: Sendable, Equatable {
        public let kind: Kind
        public let count: Int
        /// The client that was refused last; `nil` where its address is not known.
        public let client: NetworkAddress?
    }

    private struct Tally {
        var count = 0
        var reported = 0
        var client: NetworkAddress?
    }

    private let tallies = Mutex([Tally](repeating: Tally(), count: Kind.allCases.count))

    public init() {}

    func count(_ kind: Kind, from client: NetworkAddress?) {
        let index = kind.index
        tallies.withLock { tallies in
            tallies[index].count += 1
            tallies[index].client = client
        }
    }

    /// How often each kind was refused, the kinds that never were included.
    public var counts: [(kind: Kind, count: Int)] {
        let tallies = tallies.withLock { $0 }
        return zip(Kind.allCases, tallies).map { ($0, $1.count) }
    }

    /// What has grown since this was last asked.
    public func takeGrowth() -> [Growth] {
        tallies.withLock { tallies in
            zip(Kind.allCases, tallies.indices).compactMap { kind, index in
                let tally = tallies[index]
                guard tally.count > tally.reported else { return nil }
                tallies[index].reported = tally.count
                return Growth(
                    kind: kind, count: tally.count - tally.reported, client: tally.client)
            }
        }
    }
}
