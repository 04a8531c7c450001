import Foundation
import GRDB
import GatewayCore
import Testing

@testable import Storage

/// Questions that take too long, and too many of them.
@Suite(.timeLimit(.minutes(2)))
struct StoreReaderTests {
    /// A question as a function, whose end is awaited.
    ///
    /// `@unchecked Sendable`: its state is touched by the reader's thread only.
    private final class Question: ReadJob, @unchecked Sendable {
        private let sql: String
        private let waiter: CheckedContinuation<Result<Int, StoreFailure>, Never>
        private var value = 0

        init(_ sql: String, _ waiter: CheckedContinuation<Result<Int, StoreFailure>, Never>) {
            self.sql = sql
            self.waiter = waiter
        }

        func run(in database: Database) throws {
            value = try Int.fetchOne(database, sql: sql) ?? 0
        }

        func finish(_ outcome: Result<Void, StoreFailure>) {
            waiter.resume(returning: outcome.map { value })
        }
    }

    private func ask(_ sql: String, _ reader: StoreReader) async -> Result<Int, StoreFailure> {
        await withCheckedContinuation { reader.submit(Question(sql, $0)) }
    }

    private func with(
        waitingMax: Int = 8, _ body: (StoreReader) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory
            .appending(path: "reader-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "test.db").path
        let store = try SQLiteStore(path: path, durability: .normal)
        let reader = StoreReader(path: path, secondsMax: 0, waitingMax: waitingMax)
        try await body(reader)
        reader.close()
        try store.close()
    }

    /// One endless question is broken off, and the next one is answered.
    @Test func anEndlessQuestionIsBrokenOff() async throws {
        try await with { reader in
            reader.start()
            let endless = """
                WITH RECURSIVE number(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number)
                SELECT count(*) FROM number
                """
            let outcome = await ask(endless, reader)
            guard case .failure(let failure) = outcome else {
                Issue.record("it was answered: \(outcome)")
                return
            }
            #expect(failure.kind == .tooLong)
            #expect(failure.gatewayError.reason == .timedOut)
            let next = try await ask("SELECT 7", reader).get()
            #expect(next == 7)
        }
    }

    /// What does not fit into the queue is turned away, and not waited for.
    @Test func tooManyQuestionsAreTurnedAway() async throws {
        try await with(waitingMax: 0) { reader in
            let outcome = await ask("SELECT 7", reader)
            guard case .failure(let failure) = outcome else {
                Issue.record("it was answered: \(outcome)")
                return
            }
            #expect(failure.kind == .readQueueFull)
            #expect(failure.gatewayError.reason == .overloaded)
        }
    }
}
