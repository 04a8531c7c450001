import Testing

@testable import Gateway

/// A socket that no loop accepts from would keep its connections waiting for ever.
@Suite struct SocketSharesTests {
    @Test(arguments: [
        (2, 2, [[0], [1]]), (1, 3, [[0], [0], [0]]), (2, 3, [[0], [1], [0]]),
        (5, 2, [[0, 2, 4], [1, 3]]), (0, 2, [[], []]), (3, 1, [[0, 1, 2]]),
    ])
    func areAllServed(sockets: Int, loops: Int, shares: [[Int]]) {
        #expect(SocketShares.of(sockets: sockets, loops: loops) == shares)
    }

    @Test func leaveNoSocketAndNoLoopOut() {
        for sockets in 1...20 {
            for loops in 1...20 {
                let shares = SocketShares.of(sockets: sockets, loops: loops)
                #expect(shares.count == loops && !shares.contains(where: \.isEmpty))
                #expect(Set(shares.joined()) == Set(0..<sockets))
            }
        }
    }
}
