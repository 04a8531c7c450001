import Foundation
import GRDB
import GatewayCore
import Testing

@testable import Storage

/// Hundreds of seeds in every run of the tests; `make simulate` runs as many as it is told.
struct SimulationTests {
    private static let seeds =
        Int(
            ProcessInfo.processInfo.environment["SIMULATION_SEEDS"] ?? "") ?? 300

    @Test func budgetsHoldAndNothingLeaksInMemory() throws {
        var charged = Money.zero
        var billed = Money.zero
        var rows = 0
        var crashes = 0
        var openings = 0
        for seed in 0..<Self.seeds {
            let simulation = Simulation(seed: UInt64(seed), book: MemoryBook())
            if seed % 2 == 1 { simulation.installFaults() }
            let outcome = try simulation.run(calls: 40, mayCrash: seed % 3 == 0)
            charged += outcome.chargedMore
            billed += outcome.billedMore
            rows += outcome.rows
            crashes += outcome.crashes
            openings += outcome.opening > .zero ? 1 : 0
        }
        #expect(rows > Self.seeds)
        #expect(crashes > 0)
        #expect(openings > 0)
        Attachment.record(
            """
            \(Self.seeds) seeds, \(rows) rows, \(crashes) crashes; rows that are not `reported` \
            charged $\(charged.dollars) more and $\(billed.dollars) less than the upstream's bill
            """, named: "simulation.txt")
    }

    @Test func budgetsHoldAndNothingLeaksInSQLite() throws {
        for seed in 0..<max(20, Self.seeds / 20) {
            let store = try SQLiteStore(path: ":memory:", durability: .normal)
            try store.blocking { database in
                let book = try SQLiteBook(database)
                try database.inTransaction {
                    let simulation = Simulation(seed: UInt64(seed), book: book)
                    if seed % 2 == 1 { simulation.installFaults() }
                    _ = try simulation.run(calls: 30, mayCrash: seed % 3 == 0)
                    return .commit
                }
            }
        }
    }
}
