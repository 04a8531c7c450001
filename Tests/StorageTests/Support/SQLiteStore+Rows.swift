import GRDB
import GatewayCore

@testable import Storage

extension SQLiteStore {
    /// Puts rows into the ledger, with the sums of their days, as one transaction.
    func fill(_ rows: [LedgerRow]) throws {
        try blocking { database in
            let book = try SQLiteBook(database)
            try database.inTransaction {
                for row in rows { try book.settle(0, row) }
                try book.complete()
                return .commit
            }
        }
    }
}
