import GatewayCore
import GatewayPrimitives
import Storage
import Telemetry
import Testing

/// What Prometheus is told of the calls of all loops.
struct MetricsTests {
    private let deployment = Deployment(
        index: 0, id: "d\"1", model: "m", provider: .scripted, upstreamModel: "u", apiBase: "",
        apiKey: nil,
        timeouts: AttemptTimeouts(
            firstToken: .seconds(1), betweenTokens: .seconds(1), attempt: .seconds(1)))

    private func record(_ outcome: AttemptOutcome, model: String = "m") -> CallRecord {
        let start = MonotonicTime(nanoseconds: 1_000_000_000)
        let wall = WallTime(nanoseconds: 0)
        var random = FastRandom(seed: 1)
        let record = CallRecord(
            id: CallID(at: wall, using: &random), endpoint: "openai.chat", receivedAt: start,
            receivedAtWall: wall)
        record.principal = Principal(name: "alice", keyID: "abc", teamID: "t")
        record.model = model
        record.isStream = true
        var attempt = Attempt(deployment: deployment, startedAt: start)
        attempt.outcome = outcome
        attempt.firstToken = .milliseconds(20)
        record.attempts = [attempt]
        var usage = Usage(source: .reported)
        usage.inputTokens = 3
        usage.outputTokens = 2
        record.usage = usage
        record.endedAt = start.advanced(by: .seconds(1))
        if outcome != .succeeded {
            record.error = GatewayError(.upstreamUnavailable, origin: .upstream, message: "no")
        }
        return record
    }

    private static let now = WallTime(nanoseconds: 1_700_000_000_000_000_000)

    private func metrics(
        _ deployments: [Deployment], book: MemoryBook = MemoryBook()
    ) -> Metrics {
        Metrics(
            catalog: Catalog(deployments: deployments, createdAt: 0),
            ledger: DirectLedger(book: book))
    }

    private func page(_ metrics: Metrics) async -> [Substring] {
        let page = await metrics.page(at: MonotonicTime(nanoseconds: 1), Self.now)
        return page.view.string.split(separator: "\n")
    }

    /// What is odd about the money is counted apart.
    @Test func countsWhatWasFreeBeyondACapOrNotWritten() async {
        let metrics = self.metrics([deployment])
        let loop = metrics.makeObserver()
        loop.observe(record(.succeeded))
        let odd = record(.succeeded)
        odd.isPriceUnknown = true
        odd.isUnrecorded = true
        odd.cost.excess = Money(nanoUSD: 250_000_000)
        loop.observe(odd)
        let lines = await page(metrics)
        for (name, value) in [
            ("llm_gateway_price_unknown_requests_total", "1"),
            ("llm_gateway_unrecorded_requests_total", "1"),
            ("llm_gateway_excess_spend_usd_total", "0.25"),
        ] {
            #expect(
                lines.contains { $0.hasPrefix(name + "{") && $0.hasSuffix(" " + value) }, "\(name)")
        }
    }

    /// The loops' counts are added up, and labels are escaped.
    @Test func addsUpTheLoops() async {
        let metrics = self.metrics([deployment])
        let loops = [metrics.makeObserver(), metrics.makeObserver()]
        loops[0].observe(record(.succeeded))
        loops[1].observe(record(.succeeded))
        loops[1].observe(record(.serverError))
        let lines = await page(metrics)
        let key =
            #"hashed_api_key="abc",api_key_alias="alice",team="t",user="",requested_model="m""#
        let total = "litellm_proxy_total_requests_metric_total{\(key),route=\"openai.chat\","
        #expect(lines.contains { $0 == total + "status_code=\"200\"} 2" })
        #expect(lines.contains { $0 == total + "status_code=\"503\"} 1" })
        let labels = #"model_id="d\"1",requested_model="m",litellm_model_name="u","#
        #expect(
            lines.contains {
                $0.hasPrefix("litellm_deployment_failure_responses_total{\(labels)")
                    && $0.hasSuffix("exception_class=\"server_error\"} 1")
            })
        #expect(
            lines.contains {
                $0.hasPrefix("litellm_llm_api_time_to_first_token_metric_bucket{\(labels)")
                    && $0.hasSuffix("le=\"0.025\"} 2")
            })
    }

    /// However many names come, the series are bounded, and nothing is lost.
    @Test func seriesAreBounded() async {
        let metrics = self.metrics([deployment])
        let loop = metrics.makeObserver()
        for index in 0..<5_000 { loop.observe(record(.succeeded, model: "m\(index)")) }
        let lines = await page(metrics).filter {
            $0.hasPrefix("litellm_proxy_total_requests_metric_total{")
        }
        #expect(lines.count == 2_001)
        let sum = lines.compactMap { Int($0.split(separator: " ").last ?? "") }.reduce(0, +)
        #expect(sum == 5_000)
    }

    /// A name that nothing served is no label: anyone can send any.
    @Test func namesThatNothingServedAreNoLabels() async {
        let metrics = self.metrics([])
        let loop = metrics.makeObserver()
        let stray = record(.succeeded, model: "stray")
        stray.attempts = []
        loop.observe(stray)
        #expect(await !page(metrics).contains { $0.contains("stray") })
    }

    /// How the budgets of those that have called stand, the tightest of each.
    @Test func budgetsHaveTheirGauges() async throws {
        let specs = [
            BudgetSpec(window: .daily, max: Money(nanoUSD: 3_000_000_000)),
            BudgetSpec(window: .forever, max: Money(nanoUSD: 2_500_000_000)),
            BudgetSpec(window: .forever, max: nil, soft: Money(nanoUSD: 1)),
        ]
        let standing = Standing(
            Subject(.team, "t"), name: "the team", limits: LimitSet(), budgets: specs)
        let book = MemoryBook()
        let accounts = specs.prefix(2).map {
            BudgetAccount(subject: standing.subject, name: "the team", spec: $0)
        }
        var spent = LedgerRow(
            callID: CallID(high: 1, low: 1), keyID: "k", endpoint: "test", model: "m",
            receivedAt: Self.now)
        spent.cost.output = Money(nanoUSD: 2_000_000_000)
        let held = try book.reserve(
            HoldDemand(
                accounts: Array(accounts), amount: Money(nanoUSD: 2_000_000_000),
                amountLeast: .zero, at: Self.now, draft: spent), owner: 1)
        guard case .held(let hold, _, _) = held else { throw CancellationError() }
        try book.settle(hold, spent)
        let metrics = self.metrics([deployment], book: book)
        let record = record(.succeeded)
        record.principal = Principal(name: "alice", teamID: "t", standings: [standing])
        metrics.makeObserver().observe(record)
        let lines = await page(metrics)
        let labels = #"{team="t",team_alias="the team"}"#
        #expect(lines.contains { $0 == "litellm_remaining_team_budget_metric\(labels) 0.5" })
        #expect(lines.contains { $0 == "litellm_team_max_budget_metric\(labels) 2.5" })
        #expect(!lines.contains { $0.hasPrefix("litellm_team_budget_remaining_hours_metric{") })
    }

    /// A second attempt that lost is no failure of its deployment.
    @Test func whatLostARaceHasNotFailed() async {
        let metrics = self.metrics([deployment])
        let record = record(.succeeded)
        record.answering = 0
        var lost = record.attempts[0]
        lost.outcome = .hedgeLost
        lost.isHedge = true
        record.attempts.append(lost)
        metrics.makeObserver().observe(record)
        let lines = await page(metrics)
        #expect(!lines.contains { $0.hasPrefix("litellm_deployment_failure_responses_total{") })
        #expect(
            lines.contains {
                $0.hasPrefix("llm_gateway_hedges_total{") && $0.hasSuffix(#"answered="false"} 1"#)
            })
    }

    @Test func tellsWhatWasRefused() async {
        let page = await self.metrics([deployment]).page(
            at: MonotonicTime(nanoseconds: 0), Self.now, refusals: [("slow_head", 3)]
        ).view.string
        #expect(page.contains("\n# TYPE llm_gateway_refused_total counter\n"))
        #expect(page.contains("\nllm_gateway_refused_total{kind=\"slow_head\"} 3\n"))
    }
}
