import GatewayCore
import GatewayPrimitives

/// What a hold knows of its call, in one value: written for every call under a budget, and read
/// only for those whose process died. A version, then texts as netstrings
/// (cr.yp.to/proto/netstrings.txt), which SQLite's own functions can write too.
enum HoldDraft {
    /// The digit 1. Another one is of a later version.
    private static let version: UInt8 = 0x31
    private static let colon: UInt8 = 0x3A
    private static let comma: UInt8 = 0x2C
    /// A length of more digits is none.
    private static let digitsMax = 9

    static func append(_ draft: LedgerRow, to bytes: inout ByteQueue) throws {
        bytes.append(byte: version)
        append(draft.keyID, to: &bytes)
        append(draft.keyName, to: &bytes)
        append(draft.userID ?? "", to: &bytes)
        append(draft.teamID ?? "", to: &bytes)
        append(draft.endUser ?? "", to: &bytes)
        append(draft.tagText, to: &bytes)
        append(draft.endpoint, to: &bytes)
        append(draft.model, to: &bytes)
        append(draft.deploymentID, to: &bytes)
        append(draft.provider, to: &bytes)
        append(draft.upstreamModel, to: &bytes)
        append(draft.isStream ? "1" : "0", to: &bytes)
        append(try StoredLabels.text(draft.labels) ?? "", to: &bytes)
    }

    private static func append(_ text: String, to bytes: inout ByteQueue) {
        bytes.append(decimal: text.utf8.count)
        bytes.append(byte: colon)
        bytes.append(text: text)
        bytes.append(byte: comma)
    }

    /// The row that a call's draft begins.
    static func row(
        _ bytes: [UInt8], callID: CallID, receivedAt: WallTime
    ) throws -> LedgerRow {
        guard bytes.first == version else { throw broken("its version is not known") }
        var rest = bytes.dropFirst()
        let keyID = try next(&rest)
        let keyName = try next(&rest)
        let (user, team, endUser) = (try next(&rest), try next(&rest), try next(&rest))
        let tags = try next(&rest)
        let (endpoint, model) = (try next(&rest), try next(&rest))
        var row = LedgerRow(
            callID: callID, keyID: keyID, endpoint: endpoint, model: model, receivedAt: receivedAt)
        row.keyName = keyName
        row.userID = user.isEmpty ? nil : user
        row.teamID = team.isEmpty ? nil : team
        row.endUser = endUser.isEmpty ? nil : endUser
        row.tags = tags.split(separator: "\n").map(String.init)
        row.deploymentID = try next(&rest)
        row.provider = try next(&rest)
        row.upstreamModel = try next(&rest)
        row.isStream = try next(&rest) == "1"
        row.labels = StoredLabels.labels(try next(&rest))
        guard rest.isEmpty else { throw broken("something follows it") }
        return row
    }

    private static func next(_ rest: inout ArraySlice<UInt8>) throws -> String {
        var count = 0
        let digits = rest.prefix(digitsMax + 1).prefix { (0x30...0x39).contains($0) }
        guard (1...digitsMax).contains(digits.count) else { throw broken("a length is missing") }
        for digit in digits { count = count * 10 + Int(digit - 0x30) }
        rest = rest.dropFirst(digits.count)
        guard rest.first == colon, rest.count >= count + 2 else { throw broken("a text is cut") }
        rest = rest.dropFirst()
        let text = String(decoding: rest.prefix(count), as: UTF8.self)
        rest = rest.dropFirst(count)
        guard rest.first == comma else { throw broken("a text has no end") }
        rest = rest.dropFirst()
        return text
    }

    private static func broken(_ why: String) -> StoreFailure {
        StoreFailure(.corrupt, "what a hold has of its call can not be read: \(why)")
    }
}
