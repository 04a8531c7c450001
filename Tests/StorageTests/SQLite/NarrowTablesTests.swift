import Foundation
import GRDB
import GatewayCore
import GatewayPrimitives
import Glibc
import Testing

@testable import Storage

/// A file of an earlier version keeps its rows and its holds, and is left alone while a process of
/// that version serves from it.
final class NarrowTablesTests {
    private let folder: URL
    private var path: String { folder.appending(path: "test.db").path }
    private var instances: String { folder.appending(path: "instances").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory
            .appending(path: "narrow-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            atPath: folder.appending(path: "instances").path, withIntermediateDirectories: true)
        let names = Set(NarrowTables.migrations.map(\.name))
        let database = try DatabaseQueue(path: path)
        var migrator = DatabaseMigrator()
        for migration in SQLiteStore.migrations where !names.contains(migration.name) {
            migrator.registerMigration(migration.name) { try $0.execute(sql: migration.sql) }
        }
        try migrator.migrate(database)
        try database.write { try $0.execute(sql: Self.earlier) }
        try database.close()
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Two holds of a process that died, one with everything and one with nothing, and two rows.
    private static let earlier = """
        INSERT INTO instance VALUES (7, 'token', 1);
        INSERT INTO budget_account VALUES (3, 1, 'k', '1d', 0, 10, 90);
        INSERT INTO hold VALUES
            (1, 7, 50, '3', x'00000000000000010000000000000001', 'k', 'näme', 'u', 't', 'e',
                'a' || char(10) || 'b', 'openai.chat', 'm', 'd', 'p', 'up', 1, 5, '{"x":"ü"}'),
            (2, 7, 40, '3', x'00000000000000010000000000000002', 'k', 'k', NULL, NULL, NULL,
                '', 'openai.chat', 'm', '', '', '', 0, 6, NULL);
        INSERT INTO ledger (
            call_id, key_id, key_name, tags, endpoint, model, deployment_id, provider,
            upstream_model, is_stream, attempt_count, input_tokens, cached_input_tokens,
            cache_write_tokens, audio_input_tokens, output_tokens, reasoning_tokens,
            audio_output_tokens, usage_source, cost, cost_input, cost_output, cost_failed_attempts,
            excess, failure, received_at, first_token_latency, duration, in_flight_tokens,
            overrun_tokens, labels)
        VALUES
            (x'00000000000000010000000000000004', 'k', 'k', '', 'e', 'm', 'd', 'p', 'up', 0, 1, 2,
                3, 4, 5, 6, 7, 8, 1, 6, 1, 2, 3, 9, 'TIMED_OUT', 12, 13, 14, 15, 16, '{"l":"1"}'),
            (x'00000000000000010000000000000003', 'k', 'k', '', 'e', 'm', 'd', 'p', 'up', 0, 1, 0,
                0, 0, 0, 0, 0, 0, 1, 4, 4, 0, 0, 0, NULL, 11, 0, 0, 0, 0, NULL);
        """

    @Test func rowsAndHoldsAreKept() throws {
        let store = try SQLiteStore(path: path, durability: .normal, instances: instances)
        let before = try store.blocking { try SQLiteBook($0).allRows() }
        #expect(before.map(\.callID.low) == [3, 4])
        let last = try #require(before.last)
        #expect(last.usage.inputTokens == 2 && last.usage.audioOutputTokens == 8)
        #expect(last.usage.inFlightTokens == 15 && last.usage.overrunTokens == 16)
        #expect(last.cost.total == Money(nanoUSD: 6) && last.cost.excess == Money(nanoUSD: 9))
        #expect(last.failure == .timedOut && last.labels == ["l": "1"])
        #expect(last.firstTokenLatency == .nanoseconds(13) && last.duration == .nanoseconds(14))
        let ledger = try SQLiteLedger(
            store: store, instances: instances, startedAt: WallTime(nanoseconds: 20))
        #expect(ledger.recovered.holdCount == 2)
        let rows = try store.blocking { try SQLiteBook($0).allRows() }
        #expect(rows.map(\.callID.low) == [1, 2, 3, 4])
        let full = rows[0]
        #expect(full.keyName == "näme" && full.tags == ["a", "b"] && full.labels == ["x": "ü"])
        #expect(full.userID == "u" && full.teamID == "t" && full.endUser == "e" && full.isStream)
        #expect(full.deploymentID == "d" && full.provider == "p" && full.upstreamModel == "up")
        #expect(full.cost.total == Money(nanoUSD: 50))
        #expect(rows[1].userID == nil && rows[1].tags == [] && !rows[1].isStream)
        let account = try store.blocking { database in
            try Row.fetchOne(database, sql: "SELECT settled, held FROM budget_account")
        }
        #expect(account.map { [$0[0], $0[1]] } == [100, 0] as [Int64])
        try ledger.close()
        try store.close()
    }

    @Test func aFileThatIsServedFromWaits() throws {
        let lock = open(instances + "/token.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        let failure = #expect(throws: StoreFailure.self) {
            try SQLiteStore(path: self.path, durability: .normal, instances: self.instances)
        }
        #expect(failure?.kind == .locked)
        #expect(failure?.description.contains("earlier version") == true)
        let states = try StoreFile.migrations(of: path).states
        #expect(states.filter { !$0.isApplied }.map(\.name) == ["ledger-8", "ledger-9"])
        close(lock)
        try SQLiteStore(path: path, durability: .normal, instances: instances).close()
        #expect(try StoreFile.migrations(of: path).states.allSatisfy(\.isApplied))
    }
}
