/// Which loop accepts from which listening socket.
///
/// Every socket must have a loop, or what connects to it waits for ever; every loop should have
/// one, or it idles. Sockets that were taken over may be fewer than the loops, or more: a socket of
/// several loops is accepted from by whichever is free, and a loop of several sockets serves all.
enum SocketShares {
    /// The positions of each loop's sockets.
    static func of(sockets: Int, loops: Int) -> [[Int]] {
        guard sockets > 0 else { return Array(repeating: [], count: loops) }
        return (0..<loops).map { loop in
            sockets >= loops
                ? Array(stride(from: loop, to: sockets, by: loops)) : [loop % sockets]
        }
    }
}
