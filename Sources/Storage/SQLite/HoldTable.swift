import GRDB
import GatewayCore
import GatewayPrimitives
import Synchronization

/// The holds in the file. A hold is changed by the process that made it only, as long as that
/// lives: so what its own holds have set aside is remembered, and not read again. Used on the
/// database's thread only.
final class HoldTable {
    /// What a hold has set aside, and of which accounts.
    struct Held {
        var amount: Money
        var accounts: [Int64]
    }

    private let insert: PreparedStatement
    private let grow: PreparedStatement
    private let change: PreparedStatement
    private let selectHeld: PreparedStatement
    private let selectDraft: PreparedStatement
    private let selectOfCall: PreparedStatement
    private let delete: PreparedStatement
    private var known: [Int64: Held] = [:]

    /// How many holds this process has made.
    private static let made = Atomic<Int64>(0)
    /// Above these bits of a hold's number stands the process that made it, and in them which of
    /// its holds it is: so that no number is given twice, and an operation that comes late meets
    /// no other call's hold.
    private static let ordinalBits: Int64 = 40

    init(_ database: Database) throws {
        func prepare(_ sql: String) throws -> PreparedStatement {
            try PreparedStatement(sql, in: database)
        }
        insert = try prepare(
            """
            INSERT INTO hold (id, instance_id, amount, accounts, call_id, received_at, draft)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            """)
        grow = try prepare("UPDATE hold SET amount = amount + ?1 WHERE id = ?2")
        change = try prepare("UPDATE hold SET amount = ?1, accounts = ?2 WHERE id = ?3")
        selectHeld = try prepare("SELECT amount, accounts FROM hold WHERE id = ?")
        selectDraft = try prepare(
            "SELECT amount, call_id, received_at, draft FROM hold WHERE id = ?")
        selectOfCall = try prepare("SELECT id FROM hold WHERE instance_id = ? AND call_id = ?")
        delete = try prepare("DELETE FROM hold WHERE id = ?")
    }

    /// Stores a hold for a process; returns its number.
    func insert(_ held: Held, for draft: LedgerRow, owner: Int64) throws -> Int64 {
        let ordinal = Self.made.wrappingAdd(1, ordering: .relaxed).newValue
        let id = owner << Self.ordinalBits | ordinal
        insert.bind(1, id)
        insert.bind(2, owner)
        insert.bind(3, held.amount)
        insert.bind(4, Self.text(held.accounts))
        insert.bind(5, draft.callID)
        insert.bind(6, draft.receivedAt.nanoseconds)
        try insert.bind(7) { bytes throws in try HoldDraft.append(draft, to: &bytes) }
        try insert.run()
        remember(held, of: id)
        return id
    }

    /// What a hold has set aside; `nil` if there is no such hold.
    func held(by id: Int64) throws -> Held? {
        if let known = known[id] { return known }
        selectHeld.bind(1, id)
        return try selectHeld.first {
            Held(amount: $0.money(0), accounts: Self.numbers($0.text(1)))
        }
    }

    func grow(_ id: Int64, by amount: Money) throws {
        grow.bind(1, amount)
        grow.bind(2, id)
        guard try grow.run() == 1 else { throw StoreFailure.noHold }
        known[id]?.amount += amount
    }

    func change(_ id: Int64, to held: Held) throws {
        change.bind(1, held.amount)
        change.bind(2, Self.text(held.accounts))
        change.bind(3, id)
        guard try change.run() == 1 else { throw StoreFailure.noHold }
        remember(held, of: id)
    }

    /// Ends a hold; tells what it had set aside.
    func end(_ id: Int64) throws -> Held? {
        guard let held = try held(by: id) else { return nil }
        known[id] = nil
        delete.bind(1, id)
        return try delete.run() == 1 ? held : nil
    }

    /// The hold that a process made for a call.
    func hold(of call: CallID, owner: Int64) throws -> Int64? {
        selectOfCall.bind(1, owner)
        selectOfCall.bind(2, call)
        return try selectOfCall.first { $0.integer(0) }
    }

    /// What is known of a hold's call, and the hold's amount.
    func draft(of id: Int64) throws -> (LedgerRow, Money)? {
        selectDraft.bind(1, id)
        let stored = try selectDraft.first {
            (
                amount: $0.money(0), call: $0.callID(1),
                receivedAt: WallTime(nanoseconds: $0.integer(2)), draft: $0.blob(3)
            )
        }
        return try stored.map {
            (
                try HoldDraft.row($0.draft, callID: $0.call, receivedAt: $0.receivedAt),
                $0.amount
            )
        }
    }

    /// A transaction was undone, and what is remembered may be wrong.
    func undone() { known.removeAll() }

    private func remember(_ held: Held, of id: Int64) {
        if known.count < StorageLimits.holdsRememberedMax {
            known[id] = held
        } else {
            known[id] = nil
        }
    }

    private static func text(_ numbers: [Int64]) -> String {
        if numbers.count == 1 { return String(numbers[0]) }
        return numbers.map(String.init).joined(separator: ",")
    }

    private static func numbers(_ text: String) -> [Int64] {
        text.split(separator: ",").compactMap { Int64($0) }
    }
}
