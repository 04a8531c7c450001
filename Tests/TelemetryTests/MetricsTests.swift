import GatewayCore
import GatewayPrimitives
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

    private func page(_ metrics: Metrics) -> [Substring] {
        var output = ByteQueue()
        metrics.write(into: &output, at: MonotonicTime(nanoseconds: 1))
        return output.view.string.split(separator: "\n")
    }

    /// What is odd about the money is counted apart.
    @Test func countsWhatWasFreeBeyondACapOrNotWritten() {
        let metrics = Metrics(catalog: Catalog(deployments: [deployment], createdAt: 0))
        let loop = metrics.makeObserver()
        loop.observe(record(.succeeded))
        let odd = record(.succeeded)
        odd.isPriceUnknown = true
        odd.isUnrecorded = true
        odd.cost.excess = Money(nanoUSD: 250_000_000)
        loop.observe(odd)
        let lines = page(metrics)
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
    @Test func addsUpTheLoops() {
        let metrics = Metrics(catalog: Catalog(deployments: [deployment], createdAt: 0))
        let loops = [metrics.makeObserver(), metrics.makeObserver()]
        loops[0].observe(record(.succeeded))
        loops[1].observe(record(.succeeded))
        loops[1].observe(record(.serverError))
        let lines = page(metrics)
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
    @Test func seriesAreBounded() {
        let metrics = Metrics(catalog: Catalog(deployments: [deployment], createdAt: 0))
        let loop = metrics.makeObserver()
        for index in 0..<5_000 { loop.observe(record(.succeeded, model: "m\(index)")) }
        let lines = page(metrics).filter {
            $0.hasPrefix("litellm_proxy_total_requests_metric_total{")
        }
        #expect(lines.count == 2_001)
        let sum = lines.compactMap { Int($0.split(separator: " ").last ?? "") }.reduce(0, +)
        #expect(sum == 5_000)
    }

    /// A name that nothing served is no label: anyone can send any.
    @Test func namesThatNothingServedAreNoLabels() {
        let metrics = Metrics(catalog: Catalog(deployments: [], createdAt: 0))
        let loop = metrics.makeObserver()
        let stray = record(.succeeded, model: "stray")
        stray.attempts = []
        loop.observe(stray)
        #expect(!page(metrics).contains { $0.contains("stray") })
    }

    @Test func tellsWhatWasRefused() {
        let metrics = Metrics(catalog: Catalog(deployments: [deployment], createdAt: 0))
        var output = ByteQueue()
        metrics.write(
            into: &output, at: MonotonicTime(nanoseconds: 0), refusals: [("slow_head", 3)])
        let page = output.view.string
        #expect(page.contains("\n# TYPE llm_gateway_refused_total counter\n"))
        #expect(page.contains("\nllm_gateway_refused_total{kind=\"slow_head\"} 3\n"))
    }
}
