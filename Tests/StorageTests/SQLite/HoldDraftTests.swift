import GatewayCore
import GatewayPrimitives
import Testing

@testable import Storage

/// What a hold knows of its call comes back as it was, or not at all.
struct HoldDraftTests {
    private static let call = CallID(high: 1, low: 2)
    private static let moment = WallTime(nanoseconds: 1_700_000_000_000_000_000)

    private func row(isFull: Bool) -> LedgerRow {
        var row = LedgerRow(
            callID: Self.call, keyID: "k", endpoint: "openai.chat", model: "m",
            receivedAt: Self.moment)
        guard isFull else { return row }
        row.keyName = "a key, 3:of,\nsigns ü"
        row.userID = "u"
        row.teamID = "t"
        row.endUser = "e"
        row.tags = ["a", "b c"]
        row.labels = ["one": "1", "two": "\"2\""]
        row.deploymentID = "d"
        row.provider = "openai"
        row.upstreamModel = String(repeating: "x", count: 12_345)
        row.isStream = true
        return row
    }

    private func bytes(_ row: LedgerRow) throws -> [UInt8] {
        var bytes = ByteQueue()
        try HoldDraft.append(row, to: &bytes)
        return Array(UnsafeBufferPointer(start: bytes.view.start, count: bytes.count))
    }

    private func read(_ bytes: some Sequence<UInt8>) throws -> LedgerRow {
        try HoldDraft.row(Array(bytes), callID: Self.call, receivedAt: Self.moment)
    }

    @Test(arguments: [false, true])
    func aDraftComesBackAsItWas(isFull: Bool) throws {
        var row = row(isFull: isFull)
        var back = try read(try bytes(row))
        #expect(back.labels == row.labels)
        // A dictionary's order is its own.
        back.labels = [:]
        row.labels = [:]
        #expect("\(back)" == "\(row)")
    }

    /// However a draft is broken, it is refused in words and nothing is read beyond its end.
    @Test func aBrokenDraftIsRefused() throws {
        let whole = try bytes(row(isFull: false))
        for count in 0..<whole.count {
            #expect(throws: StoreFailure.self, "\(count) bytes") { try read(whole.prefix(count)) }
        }
        for broken in ["2", "1x", "11:k;", "1:k,", "1-1:k,", "19999999999:k,", "1999999999:k,"] {
            #expect(throws: StoreFailure.self, "\(broken)") { try read(Array(broken.utf8)) }
        }
        #expect(throws: StoreFailure.self) { try read(whole + [0x30]) }
    }
}
