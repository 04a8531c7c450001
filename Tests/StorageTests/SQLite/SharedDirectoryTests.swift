import GRDB
import GatewayCore
import GatewayPrimitives
import TestSupport
import Testing

@testable import Storage

/// Two processes have one directory open, as during a restart: what one changes, the other sees.
struct SharedDirectoryTests {
    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)

    private func administration(
        _ store: SQLiteStore, configured: [RecordChange] = []
    ) throws -> Administration {
        let records = SQLiteDirectory(store: store)
        let stored = try records.loadAll()
        return Administration(
            store: records, mint: KeyMint(hash: DirectoryHarness.hash), stored: stored.records,
            place: stored.place, configured: configured, now: { Self.now })
    }

    private func with(
        _ body: (SQLiteStore, Administration, Administration) async throws -> Void
    ) async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        let (old, new) = (try administration(store), try administration(store))
        store.start()
        try await body(store, old, new)
        try store.close()
    }

    private func principal(of key: IssuedKey, _ process: Administration) -> Principal? {
        process.directory.principal(of: DirectoryHarness.hash(key.secret.reveal()))
    }

    @Test func keysAreSeenBothWays() async throws {
        try await with { _, old, new in
            var settings = KeySettings()
            settings.alias = "a"
            let key = try await old.createKey(settings, by: DirectoryHarness.admin)
            #expect(principal(of: key, new) == nil)
            #expect(try await new.absorb() == 1)
            #expect(principal(of: key, new)?.name == "a")
            _ = try await new.setKeyBlocked(true, .hash(key.record.id), by: DirectoryHarness.admin)
            #expect(principal(of: key, old)?.blockedReason == nil)
            #expect(try await old.absorb() == 1)
            #expect(principal(of: key, old)?.blockedReason != nil)
            // One's own changes are no news.
            #expect(try await new.absorb() == 0)
            _ = try await old.revokeKeys([.hash(key.record.id)], by: DirectoryHarness.admin)
            #expect(try await new.absorb() == 1)
            #expect(principal(of: key, new) == nil)
        }
    }

    /// A change is planned against what is stored, not against what a process remembers.
    @Test func aChangeSeesWhatOthersHaveDone() async throws {
        try await with { _, old, new in
            var settings = KeySettings()
            settings.alias = "taken"
            let key = try await old.createKey(settings, by: DirectoryHarness.admin)
            await #expect {
                _ = try await new.createKey(settings, by: DirectoryHarness.admin)
            } throws: {
                ($0 as? GatewayError)?.reason == .alreadyExists
            }
            // Without a conflict, although another process has changed it since it was read.
            _ = try await old.setKeyBlocked(true, .hash(key.record.id), by: DirectoryHarness.admin)
            _ = try await new.setKeyBlocked(false, .hash(key.record.id), by: DirectoryHarness.admin)
            try await old.absorb()
            #expect(principal(of: key, old)?.blockedReason == nil)
        }
    }

    /// Who has missed more than is known one by one reads everything, and drops what is gone.
    @Test func whoHasMissedTooMuchReadsEverything() async throws {
        try await with { store, old, new in
            let stays = try await old.createKey(KeySettings(), by: DirectoryHarness.admin)
            let goes = try await old.createKey(KeySettings(), by: DirectoryHarness.admin)
            try await new.absorb()
            _ = try await old.revokeKeys([.hash(goes.record.id)], by: DirectoryHarness.admin)
            let comes = try await old.createKey(KeySettings(), by: DirectoryHarness.admin)
            try await store.write {
                try $0.execute(
                    sql: """
                        DELETE FROM directory_change
                        WHERE sequence < (SELECT max(sequence) FROM directory_change)
                        """)
            }
            try await new.absorb()
            #expect(principal(of: stays, new) != nil)
            #expect(principal(of: comes, new) != nil)
            #expect(principal(of: goes, new) == nil)
            #expect(try await new.absorb() == 0)
        }
    }

    /// What stands in the configuration is changed there only.
    @Test func whatIsConfiguredStays() async throws {
        let store = try SQLiteStore(path: ":memory:", durability: .normal)
        var settings = TeamSettings()
        settings.alias = "configured"
        let team = TeamRecord(
            id: "t", settings: settings,
            stamp: RecordStamp(createdAt: Self.now, createdBy: "config", isConfigured: true))
        let one = try administration(store, configured: [.team(team)])
        store.start()
        settings.alias = "stored"
        try await SQLiteDirectory(store: store).apply(
            DirectoryChange([
                .team(
                    TeamRecord(
                        id: "t", settings: settings,
                        stamp: RecordStamp(createdAt: Self.now, createdBy: "other")))
            ]))
        #expect(try await one.absorb() == 0)
        #expect(one.read { $0.teams["t"]?.settings.alias } == "configured")
        try store.close()
    }
}
