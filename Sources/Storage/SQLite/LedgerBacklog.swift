import GatewayCore
import Synchronization

/// What a ledger owes to its file: rows that could not be written when their calls ended, and what
/// may have been done although its caller was told that it was not. Any thread.
///
/// Beyond their bound, doubts are settled when the process has ended, and rows are lost.
final class LedgerBacklog: Sendable {
    private let rows = Mutex<[PendingRow]>([])
    private let doubts = Mutex<[Doubt]>([])

    /// What may have been done, and is undone.
    enum Doubt: Sendable {
        case hold(CallID)
        case claim(RequestClaim)
    }

    var rowCount: Int { rows.withLock(\.count) }

    func add(_ row: PendingRow) {
        rows.withLock { all in
            if all.count < StorageLimits.backlogRowsMax { all.append(row) }
        }
    }

    func add(_ doubt: Doubt) {
        doubts.withLock { all in
            if all.count < StorageLimits.backlogRowsMax { all.append(doubt) }
        }
    }

    /// Hands over the rows; mostly there are none.
    func takeRows() -> [PendingRow] {
        rows.withLock { all in
            defer { all = [] }
            return all
        }
    }

    func takeDoubts() -> [Doubt] {
        doubts.withLock { all in
            defer { all = [] }
            return all
        }
    }
}

/// A row on its way: an object, since it passes from its call's frames to the writer's thread.
final class PendingRow: Sendable {
    let hold: Int64
    let row: LedgerRow

    init(hold: Int64, row: LedgerRow) {
        self.hold = hold
        self.row = row
    }
}

extension LedgerBook {
    /// Undoes what a process may have done.
    func undo(_ doubt: LedgerBacklog.Doubt, owner: Int64) throws {
        switch doubt {
        case .hold(let call): try undoHold(of: call, owner: owner)
        case .claim(let claim): try release(claim)
        }
    }
}
