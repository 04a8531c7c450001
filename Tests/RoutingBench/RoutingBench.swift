import CAllocations
import GatewayCore
import GatewayPrimitives
import Glibc

/// What one choice of a deployment costs: nanoseconds and allocations, by strategy and by the
/// number of deployments of the model. Build it for release.
@main
enum RoutingBench {
    /// The first argument, for builds that are not optimized.
    private static let rounds =
        CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 200_000

    static func main() {
        line("strategy        deployments  ns/plan  allocations/plan")
        for strategy in RoutingStrategy.allCases {
            for count in [2, 20, 200] { measure(strategy, count) }
        }
    }

    private static func line(_ text: String) {
        let bytes = Array((text + "\n").utf8)
        _ = write(STDOUT_FILENO, bytes, bytes.count)
    }

    private static func measure(_ strategy: RoutingStrategy, _ count: Int) {
        var rules = RoutingRules()
        rules.strategy = strategy
        let deployments = (0..<count).map { index in
            Deployment(
                index: index, id: "d\(index)", model: "m", provider: .scripted,
                upstreamModel: "u", apiBase: "", apiKey: nil,
                timeouts: AttemptTimeouts(
                    firstToken: .seconds(1), betweenTokens: .seconds(1), attempt: .seconds(1)))
        }
        let router = Router(
            catalog: Catalog(deployments: deployments, createdAt: 0, rules: rules))
        let request = ModelRequest.chat(
            ChatRequest(
                model: "m", isStream: true, wantsUsage: false,
                body: .typed(ChatContent(messages: []))))
        let principal = Principal(name: "k")
        let now = MonotonicTime(nanoseconds: 1_000_000_000)
        var random = FastRandom(seed: 1)
        var sum = 0
        func run(_ rounds: Int) {
            for _ in 0..<rounds {
                guard
                    let plan = try? router.plan(
                        request, for: principal, at: now, random: &random)
                else { continue }
                sum &+= plan.deployments[0].index
            }
        }
        run(rounds / 10)
        let before = bench_allocations()
        let clock = ContinuousClock()
        let elapsed = clock.measure { run(rounds) }
        let allocations = Double(bench_allocations() - before) / Double(rounds)
        let nanoseconds = Double(elapsed.wholeNanoseconds) / Double(rounds)
        let name = strategy.rawValue.padding(16)
        line("\(name)\("\(count)".padding(13))\("\(Int(nanoseconds))".padding(9))\(allocations)")
        precondition(sum >= 0, "keeps the choices from being left out")
    }
}

extension String {
    fileprivate func padding(_ width: Int) -> String {
        self + String(repeating: " ", count: max(0, width - count))
    }
}
