import GRDB
public import GatewayCore
public import GatewayPrimitives

/// The directory's records in the gateway's database.
public struct SQLiteDirectory: DirectoryStore {
    private let store: SQLiteStore
    /// Tells this process's changes from others'.
    private let origin = Int64.random(in: .min ... .max)

    public init(store: SQLiteStore) { self.store = store }

    /// Every record but those of revoked keys, read on the caller's thread; for start-up.
    public func load() throws(StoreFailure) -> [RecordChange] { try loadAll().records }

    /// The same, with the place in the sequence of changes that it holds at least.
    public func loadAll() throws(StoreFailure) -> ForeignChanges {
        try store.blocking { database in
            // What is changed between the two reads is told again later, which does no harm.
            let place = try ChangeSequence(database: database, origin: origin).place()
            return ForeignChanges(
                try DirectoryRows(database: database).all(), place: place, isWhole: true)
        }
    }

    public func changes(after place: Int64) async throws(GatewayError) -> ForeignChanges {
        let origin = origin
        return try await store.write {
            try ChangeSequence(database: $0, origin: origin).changes(after: place)
        }
    }

    public func apply(_ change: DirectoryChange) async throws(GatewayError) {
        let origin = origin
        try await store.write { try Self.write(change, by: origin, to: $0) }
    }

    private static func write(
        _ change: DirectoryChange, by origin: Int64, to database: Database
    ) throws {
        try ChangeSequence(database: database, origin: origin).append(change.records)
        let rows = DirectoryRows(database: database)
        var settings: [String: String] = [:]
        for record in change.records {
            if let text = try rows.write(record) { settings[record.auditKey] = text }
        }
        for entry in change.audit {
            try rows.write(entry, settings: settings[entry.recordKey])
        }
        if let creation = change.creation {
            try CreationRows(database: database).write(creation)
        }
    }

    /// Writes what was taken over from another gateway, all of it or nothing, on the caller's
    /// thread; for commands.
    public func write(
        _ change: DirectoryChange, spent: [OpeningSpend]
    ) throws(StoreFailure) {
        try store.blocking { database in
            try database.inTransaction(.immediate) {
                try Self.write(change, by: origin, to: database)
                let rows = SpendRows(database: database)
                for opening in spent { try rows.open(opening) }
                return .commit
            }
        }
    }

    public func creation(
        _ requestID: String, ofKey keyID: String, at moment: WallTime
    ) async throws(GatewayError) -> Creation? {
        try await store.read {
            try CreationRows(database: $0).creation(requestID, ofKey: keyID, at: moment)
        }
    }

    public func revokedKey(_ id: String) async throws(GatewayError) -> KeyRecord? {
        try await store.read { try DirectoryRows(database: $0).revokedKey(id) }
    }

    public func revokedKeys(offset: Int, limit: Int) async throws(GatewayError) -> [KeyRecord] {
        try await store.read {
            try DirectoryRows(database: $0).revokedKeys(offset: offset, limit: limit)
        }
    }

    public func revokedKeys(
        _ filter: KeyFilter, before place: KeyPlace?, limit: Int
    ) async throws(GatewayError) -> [KeyRecord] {
        try await store.read {
            try DirectoryRows(database: $0).revokedKeys(filter, before: place, limit: limit)
        }
    }

    public func spend(
        of queries: [SpendQuery], at moment: WallTime
    ) async throws(GatewayError) -> [SpendFigure] {
        try await store.read { database in
            let rows = SpendRows(database: database)
            return try queries.map { try rows.figure(of: $0, at: moment) }
        }
    }

    public func resetSpend(
        of queries: [SpendQuery], to amount: Money, at moment: WallTime, audit: [AuditEntry]
    ) async throws(GatewayError) {
        try await store.write { database in
            for query in queries {
                try SpendRows(database: database).reset(query, to: amount, at: moment)
            }
            for entry in audit {
                try DirectoryRows(database: database).write(entry, settings: nil)
            }
        }
    }

    public func resetSpendOfAll(
        at moment: WallTime, audit: [AuditEntry]
    ) async throws(GatewayError) {
        try await store.write { database in
            let rows = SpendRows(database: database)
            try rows.resetAll(.key, column: "key_id", at: moment)
            try rows.resetAll(.team, column: "team_id", at: moment)
            for entry in audit {
                try DirectoryRows(database: database).write(entry, settings: nil)
            }
        }
    }

    public func audit(limit: Int) async throws(GatewayError) -> [AuditEntry] {
        try await store.read { try DirectoryRows(database: $0).audit(limit: limit) }
    }
}

extension RecordChange {
    /// What an audit row names it by.
    fileprivate var auditKey: String {
        switch self {
        case .key(let key): "key \(key.id)"
        case .team(let team): "team \(team.id)"
        case .user(let user): "user \(user.id)"
        case .membership(let member): "member \(member.teamID)/\(member.userID)"
        case .budget(let budget): "budget \(budget.id)"
        case .customer(let customer): "customer \(customer.id)"
        case .teamGone, .userGone, .membershipGone, .budgetGone, .customerGone: ""
        }
    }
}

extension AuditEntry {
    fileprivate var recordKey: String { "\(object.rawValue) \(objectID)" }
}
