import Foundation
import GatewayCore
import GatewayPrimitives
import Testing

/// What the strategies come to, and what the router never does, over many seeded calls. More calls
/// by `make simulate-routing`, which also writes the table and the plot.
@Suite struct RoutingSimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let calls = environment["ROUTING_CALLS"].flatMap { Int($0) } ?? 500

    /// Six replicas of different speed.
    private static let replicas: [PacedUpstreams.Pace] = [100, 120, 150, 200, 400, 800].map {
        PacedUpstreams.Pace(
            firstToken: .milliseconds($0), rest: .milliseconds($0 * 2), slots: 4)
    }

    /// What knows more of the upstreams places the load better and has the shorter tail.
    @Test func strategiesThatLookHaveShorterTails() throws {
        let outcomes = RoutingStrategy.allCases.map { strategy in
            RoutingSimulation(Self.replicas, strategy: strategy, seed: 11)
                .run(calls: Self.calls, load: 0.6)
        }
        let shuffle = try #require(outcomes.first { $0.strategy == .simpleShuffle })
        let busy = try #require(outcomes.first { $0.strategy == .leastBusy })
        #expect(busy.quantile(0.99) < shuffle.quantile(0.99))
        #expect(busy.misplaced < shuffle.misplaced)
        for outcome in outcomes {
            // By lot, by price, or by the tokens of a minute, which tell little of its load, the
            // slowest gets more than it can serve, and its queue grows.
            let looksAtLoad = [.leastBusy, .latencyBased].contains(outcome.strategy)
            #expect(outcome.failed == 0 || !looksAtLoad)
            #expect(outcome.uninvited == 0)
        }
        guard let path = Self.environment["ROUTING_REPORT"] else { return }
        try RoutingReport(
            outcomes: outcomes, unsteady: Self.unsteady(.leastBusy), outage: Self.outage()
        ).write(to: path)
    }

    /// Some replicas come and go, and one fails now and then.
    private static func unsteady(_ strategy: RoutingStrategy) -> RoutingSimulation.Outcome {
        var replicas = Self.replicas
        let second: UInt64 = 1_000_000_000
        replicas[0].away = [2 * second..<9 * second, 15 * second..<18 * second]
        replicas[3].away = [4 * second..<6 * second]
        replicas[1].faults = 0.02
        return RoutingSimulation(replicas, strategy: strategy, seed: 5).run(calls: calls, load: 0.4)
    }

    /// All are away, for good.
    private static func outage() -> RoutingSimulation.Outcome {
        var replicas = Self.replicas
        for index in replicas.indices { replicas[index].away = [0..<UInt64.max] }
        return RoutingSimulation(
            replicas, strategy: .leastBusy, seed: 7, callTimeout: .seconds(20)
        ).run(calls: calls, load: 0.6)
    }

    /// Replicas that come and go cost no call, and one that is left alone gets nothing but its
    /// probes.
    @Test(arguments: [RoutingStrategy.simpleShuffle, .leastBusy, .latencyBased])
    func replicasThatComeAndGoCostNoCall(strategy: RoutingStrategy) {
        let outcome = Self.unsteady(strategy)
        #expect(outcome.failed == 0)
        #expect(outcome.uninvited == 0)
        #expect(outcome.doubleProbes == 0)
    }

    /// A second attempt beside a late one shortens the tail, for few more attempts.
    @Test func aSecondAttemptShortensTheTail() {
        let replicas = (0..<4).map { _ in
            PacedUpstreams.Pace(
                firstToken: .milliseconds(100), rest: .milliseconds(200), slots: 32, hiccups: 0.03)
        }
        let calls = max(Self.calls, 1_500)
        let (plain, hedged) = (
            RoutingSimulation(replicas, strategy: .simpleShuffle, seed: 3)
                .run(calls: calls, load: 0.2),
            RoutingSimulation(replicas, strategy: .simpleShuffle, seed: 3) {
                $0.hedging.isOn = true
            }.run(calls: calls, load: 0.2)
        )
        #expect(hedged.failed == 0 && plain.failed == 0)
        #expect(hedged.quantile(0.99) < plain.quantile(0.99) / 2)
        #expect(hedged.attempts > calls && hedged.attempts <= calls * 105 / 100)
        Attachment.record(
            """
            \(calls) calls: p50 \(plain.quantile(0.5)) s, p99 \(plain.quantile(0.99)) s; \
            hedged: p50 \(hedged.quantile(0.5)) s, p99 \(hedged.quantile(0.99)) s, \
            \(hedged.attempts) attempts
            """, named: "hedging.txt")
    }

    /// When everything fails, what meets the upstreams is less than the calls, not a multiple.
    @Test func anOutageOfAllIsNoStorm() {
        let outcome = Self.outage()
        #expect(outcome.failed == outcome.calls)
        #expect(outcome.attempts < outcome.calls)
        // Some 27 calls come a second.
        #expect(outcome.busiestSecond <= 2 * 27)
        #expect(outcome.uninvited == 0)
        #expect(outcome.doubleProbes == 0)
    }
}

/// The table and the plot of several strategies.
private struct RoutingReport {
    let outcomes: [RoutingSimulation.Outcome]
    let unsteady: RoutingSimulation.Outcome
    let outage: RoutingSimulation.Outcome

    func write(to path: String) throws {
        try table.write(toFile: path + ".md", atomically: true, encoding: .utf8)
        try plot.write(toFile: path + ".svg", atomically: true, encoding: .utf8)
    }

    private var table: String {
        var text = "| strategy | p50 ms | p95 ms | p99 ms | misplaced | shares |\n"
        text += "|---|---|---|---|---|---|\n"
        for outcome in outcomes {
            let times = [0.5, 0.95, 0.99].map { milliseconds(outcome.quantile($0)) }
            text += "| \(outcome.strategy.rawValue) | \(times.joined(separator: " | ")) | "
            text += "\(percent(outcome.misplaced)) | "
            text += outcome.shares.map(percent).joined(separator: " ") + " |\n"
        }
        let ideal = outcomes.first?.ideal ?? []
        return text + "| (ideal) | | | | 0 % | "
            + ideal.map(percent).joined(separator: " ") + " |\n\n"
            + words("Replicas that come and go", unsteady) + words("All away", outage)
    }

    private func words(_ name: String, _ outcome: RoutingSimulation.Outcome) -> String {
        "\(name): \(outcome.calls) calls, \(outcome.failed) failed, \(outcome.attempts) attempts, "
            + "\(outcome.busiestSecond) in the busiest second; "
            + "\(outcome.uninvited) requests to a deployment that was left alone, "
            + "\(outcome.doubleProbes) probes beside another.\n"
    }

    /// Bars for p50, p95 and p99 of each strategy.
    private var plot: String {
        let most = outcomes.map { $0.quantile(0.99) }.max() ?? 1
        var text = """
            <svg xmlns="http://www.w3.org/2000/svg" width="720" \
            height="\(outcomes.count * 70 + 40)" \
            font-family="sans-serif" font-size="12">
            <text x="10" y="18">Time to the first token: p50, p95, p99</text>

            """
        for (row, outcome) in outcomes.enumerated() {
            let top = 35 + row * 70
            text += "<text x=\"10\" y=\"\(top + 28)\">\(outcome.strategy.rawValue)</text>\n"
            for (bar, share) in [0.5, 0.95, 0.99].enumerated() {
                let value = outcome.quantile(share)
                let width = Int(value / max(most, 0.001) * 480)
                let color = ["#9ecae1", "#4292c6", "#084594"][bar]
                text += "<rect x=\"130\" y=\"\(top + bar * 18)\" width=\"\(width)\" "
                text += "height=\"16\" fill=\"\(color)\"/>\n"
                text += "<text x=\"\(135 + width)\" y=\"\(top + bar * 18 + 12)\">"
                text += "\(milliseconds(value)) ms</text>\n"
            }
        }
        return text + "</svg>\n"
    }

    private func milliseconds(_ seconds: Double) -> String { "\(Int((seconds * 1_000).rounded()))" }

    private func percent(_ share: Double) -> String { "\(Int((share * 100).rounded())) %" }
}
