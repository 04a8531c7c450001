import Foundation
import GatewayCore
import GatewayPrimitives
import Storage

// Question: what does the ledger take for one call under one budget, its hold and its row together?
// Unit:     microseconds of CPU of the ledger's thread by call (/proc/self/task/*/schedstat), by how
//           many calls share a transaction (the WAL index's "iChange", sqlite.org/walformat.html).
// Set-up:   a file in a temporary folder, synchronous=NORMAL; so many tasks as are told, each of
//           which makes a hold, settles it, and goes on with the next call, as the loops of a gateway
//           do; no network, no requests. A tenth of the calls first, to warm up.
//
// Usage: ledger-bench [CALLS [TASKS...]]

@main
struct LedgerBench {
    private let store: SQLiteStore
    private let ledger: SQLiteLedger
    private let path: String
    private static let account = BudgetAccount(
        subject: Subject(.key, "a-key-of-some-length"), name: "bench",
        spec: BudgetSpec(window: .monthly, max: Money(nanoUSD: .max / 2)))

    static func main() async throws {
        let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let calls = numbers.first ?? 50_000
        let counts = numbers.count > 1 ? Array(numbers.dropFirst()) : [1, 4, 16, 64, 256]
        print("| tasks | calls a transaction | us of the ledger's thread a call | calls a second |")
        print("|---|---|---|---|")
        for count in counts {
            let folder = FileManager.default.temporaryDirectory
                .appending(path: "ledger-bench-\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false)
            defer { try? FileManager.default.removeItem(at: folder) }
            try await LedgerBench(in: folder.path).measure(calls, tasks: count)
        }
    }

    private init(in folder: String) throws {
        path = folder + "/ledger.db"
        store = try SQLiteStore(path: path, durability: .normal)
        ledger = try SQLiteLedger(
            store: store, instances: folder + "/instances", startedAt: Self.now())
        store.start()
    }

    private func measure(_ calls: Int, tasks: Int) async throws {
        try await run(calls / 10, tasks: tasks)
        let before = (cpu: try writerNanoseconds(), commits: try commits(), at: Date())
        let done = try await run(calls, tasks: tasks)
        let cpu = try writerNanoseconds() - before.cpu
        let commits = try commits() &- before.commits
        let seconds = Date().timeIntervalSince(before.at)
        let rows = try await ledger.audit().rowCount
        guard rows == done + calls / 10 / tasks * tasks else {
            throw Failure(description: "\(rows) rows stand in the ledger")
        }
        print(
            "| \(tasks) | \(tenths(Double(done) / Double(commits))) "
                + "| \(tenths(Double(cpu) / Double(done) / 1_000)) "
                + "| \(Int(Double(done) / seconds)) |")
        store.stopWriter()
        try ledger.close()
        try store.close()
    }

    private func tenths(_ number: Double) -> String { String(format: "%.1f", number) }

    /// Makes calls, as many a task; returns how many.
    @discardableResult
    private func run(_ calls: Int, tasks: Int) async throws -> Int {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<tasks {
                group.addTask {
                    for _ in 0..<calls / tasks { try await call() }
                }
            }
            try await group.waitForAll()
        }
        return calls / tasks * tasks
    }

    private func call() async throws {
        let now = Self.now()
        var random = SystemRandomNumberGenerator()
        var row = LedgerRow(
            callID: CallID(at: now, using: &random), keyID: "a-key-of-some-length",
            endpoint: "openai.chat", model: "m", receivedAt: now)
        row.deploymentID = "openai/m"
        row.provider = "openai"
        row.upstreamModel = "m"
        let amount = Money(nanoUSD: 2_000)
        let demand = HoldDemand(
            accounts: [Self.account], amount: amount, amountLeast: amount, at: now, draft: row)
        guard case .held(let id, _, _) = try await ledger.reserve(demand) else {
            throw Failure(description: "a hold was refused")
        }
        row.attemptCount = 1
        row.usage.inputTokens = 57
        row.usage.outputTokens = 200
        row.cost.input = Money(nanoUSD: 57)
        row.cost.output = Money(nanoUSD: 400)
        row.duration = .milliseconds(3)
        try await ledger.settle(Reservation(id: id, forgotten: ledger.forgotten), row)
    }

    private static func now() -> WallTime {
        WallTime(nanoseconds: Int64(Date().timeIntervalSince1970 * 1e9))
    }

    private struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    private func writerNanoseconds() throws -> Int {
        let tasks = "/proc/self/task"
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            let name = try String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8)
            guard name == "store writer\n" else { continue }
            let stat = try String(contentsOfFile: "\(tasks)/\(task)/schedstat", encoding: .utf8)
            return stat.split(separator: " ").first.flatMap { Int($0) } ?? 0
        }
        throw Failure(description: "the ledger has no thread")
    }

    /// How many transactions were committed, modulo 2^32.
    private func commits() throws -> UInt32 {
        let index = try Data(contentsOf: URL(filePath: path + "-shm"))
        return index.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: 8, as: UInt32.self) }
    }
}
