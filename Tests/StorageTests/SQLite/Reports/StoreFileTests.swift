import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import Storage

/// Commands on a database that another process may be serving from, and the end of old rows.
@Suite(.timeLimit(.minutes(1)))
final class StoreFileTests {
    private let folder: URL
    private let store: SQLiteStore
    private let rows: [LedgerRow]
    private var path: String { folder.appending(path: "ledger.db").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "store-file-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        store = try SQLiteStore(
            path: folder.appending(path: "ledger.db").path, durability: .normal)
        var samples = LedgerSamples(seed: 3)
        let rows = (0..<100).map { _ in samples.next() }
        self.rows = rows
        try store.fill(rows)
        store.start()
    }

    deinit {
        try? store.close()
        try? FileManager.default.removeItem(at: folder)
    }

    private func total(_ path: String) throws -> Money {
        try StoreFile.read(path) { try SQLiteReports.sums(ReportQuery(by: []), in: $0) }
            .first?.cost ?? .zero
    }

    @Test func aCopyIsWholeWhileTheStoreIsOpen() async throws {
        let copy = folder.appending(path: "copy.db").path
        try StoreFile.backup(path, to: copy)
        #expect(try total(copy) == rows.reduce(Money.zero) { $0 + $1.cost.total })
        let mode = try FileManager.default.attributesOfItem(atPath: copy)[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(throws: StoreFailure.self, "what is there is left alone") {
            try StoreFile.backup(self.path, to: copy)
        }
        #expect(throws: StoreFailure.self) {
            try StoreFile.backup(self.path, to: copy + "/no/folder")
        }
        let check = try StoreFile.read(copy) { database in
            try String.fetchOne(database, sql: "PRAGMA integrity_check")
        }
        #expect(check == "ok")
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files.filter { $0.contains("unfinished") } == [])
    }

    @Test func rowsAreExportedInTheirOrder() throws {
        var exported: [LedgerRow] = []
        let first = LedgerSamples.firstDay
        try StoreFile.export(path, days: first...first + 4) { exported.append($0) }
        let expected = rows.filter { $0.receivedAt.dayNumber <= first + 4 }
            .sorted { $0.receivedAt.nanoseconds < $1.receivedAt.nanoseconds }
        #expect(exported.map { "\($0)" } == expected.map { "\($0)" })
    }

    @Test func theStepsOfTheSchemaAreKnown() throws {
        let (states, unknown) = try StoreFile.migrations(of: path)
        #expect(states.map(\.name) == SQLiteStore.migrations.map(\.name))
        #expect(states.filter { !$0.isApplied } == [])
        #expect(unknown == [])
        #expect(throws: StoreFailure.self, "nothing is made by a question") {
            try StoreFile.migrations(of: self.path + "x")
        }
    }

    /// Old rows go in steps; what was spent is known by day for ever.
    @Test func oldRowsAreDeletedAndTheirSumsStay() async throws {
        let end = WallTime(nanoseconds: (LedgerSamples.firstDay + 5) * 86_400_000_000_000)
        let old = rows.count { $0.receivedAt.nanoseconds < end.nanoseconds }
        var deleted: [Int] = []
        repeat {
            deleted.append(try await store.deleteRows(before: end, countMax: 20))
        } while deleted.last == 20
        #expect(deleted.reduce(0, +) == old)
        #expect(deleted.count == old / 20 + 1)
        let left = try await SQLiteReports(store: store).rows(LedgerQuery(countMax: 1_000)).rows
        #expect(left.count == rows.count - old)
        #expect(left.allSatisfy { $0.receivedAt.nanoseconds >= end.nanoseconds })
        #expect(try total(path) == rows.reduce(Money.zero) { $0 + $1.cost.total })
    }
}
