import GatewayCore
import GatewayPrimitives

/// Writes metrics in Prometheus's text format. Those of LiteLLM's names keep its labels, as far as
/// these are bounded here.
struct MetricPage {
    let table: MetricTable
    let deployments: [Deployment]
    /// What was refused before it was a call.
    let refusals: [(kind: String, count: Int)]
    let now: MonotonicTime
    let budgets: BudgetGauges

    func write(into output: inout ByteQueue) {
        var writer = MetricWriter()
        writeCalls(&writer)
        writeTimes(&writer)
        writeAttempts(&writer)
        writeDeployments(&writer)
        writeRefusals(&writer)
        budgets.write(&writer)
        output.append(writer.bytes.view)
    }

    private func writeCalls(_ writer: inout MetricWriter) {
        let calls = table.calls.sorted { left, right in
            (left.key.keyID, left.key.model, left.key.route, left.key.reason)
                < (right.key.keyID, right.key.model, right.key.route, right.key.reason)
        }
        writer.family(
            "litellm_proxy_total_requests_metric_total", "counter", "Calls that have ended.")
        for (series, counts) in calls {
            writer.sample(
                series.labels + [("route", series.route), ("status_code", "\(series.status)")],
                Double(counts.calls))
        }
        writer.family(
            "litellm_requests_metric_total", "counter",
            "The same under the name that older dashboards use.")
        for (series, counts) in calls {
            writer.sample(
                series.labels + [("route", series.route), ("status_code", "\(series.status)")],
                Double(counts.calls))
        }
        writer.family(
            "litellm_proxy_failed_requests_metric_total", "counter", "Calls that have failed.")
        for (series, counts) in calls where !series.reason.isEmpty {
            writer.sample(
                series.labels + [
                    ("route", series.route), ("exception_status", "\(series.status)"),
                    ("exception_class", series.reason),
                ], Double(counts.calls))
        }
        let sums: [(String, String, (CallCounts) -> Double)] = [
            ("litellm_spend_metric_total", "US dollars charged.", { Double($0.nanoUSD) / 1e9 }),
            ("litellm_input_tokens_metric_total", "Input tokens.", { Double($0.inputTokens) }),
            ("litellm_output_tokens_metric_total", "Output tokens.", { Double($0.outputTokens) }),
            (
                "litellm_total_tokens_metric_total", "Input and output tokens.",
                { Double($0.inputTokens + $0.outputTokens) }
            ),
            (
                "llm_gateway_price_unknown_requests_total",
                "Calls counted at zero for want of a price.", { Double($0.unpriced) }
            ),
            (
                "llm_gateway_excess_spend_usd_total",
                "US dollars that upstreams used beyond a bound and no budget had room for.",
                { Double($0.excessNanoUSD) / 1e9 }
            ),
            (
                "llm_gateway_unrecorded_requests_total",
                "Calls whose row the ledger could not write when they ended.",
                { Double($0.unrecorded) }
            ),
        ]
        for (name, help, value) in sums {
            writer.family(name, "counter", help)
            for (series, counts) in calls {
                writer.sample(
                    series.labels + [("route", series.route), ("status_code", "\(series.status)")],
                    value(counts))
            }
        }
    }

    private func writeTimes(_ writer: inout MetricWriter) {
        writer.family(
            "litellm_request_total_latency_metric", "histogram",
            "Seconds from a call's arrival to its end.")
        writer.histogram([], table.latency)
        writer.family(
            "litellm_overhead_latency_metric", "histogram",
            "Seconds from a call's arrival to its first attempt.")
        writer.histogram([], table.overhead)
        writer.family(
            "litellm_request_queue_time_seconds", "histogram",
            "Seconds that calls waited while the gateway was full.")
        writer.histogram([], table.queue)
        writer.family(
            "litellm_spend_capture_rate", "gauge",
            "The share of calls whose row the ledger has; it goes on trying to write the others.")
        writer.sample(
            [], table.rows == 0 ? 1 : 1 - Double(table.rowsMissing) / Double(table.rows))
    }

    private func writeRefusals(_ writer: inout MetricWriter) {
        writer.family(
            "llm_gateway_refused_total", "counter",
            "Connections, requests and frames that were refused before there was a call.")
        for (kind, count) in refusals { writer.sample([("kind", kind)], Double(count)) }
    }

    private func writeAttempts(_ writer: inout MetricWriter) {
        let attempts = table.attempts.sorted {
            ($0.key.deployment, $0.key.model) < ($1.key.deployment, $1.key.model)
        }
        let counters: [(String, String, (AttemptCounts) -> Int)] = [
            (
                "litellm_deployment_total_requests_total", "Attempts.",
                { $0.successes + $0.failures.values.reduce(0, +) }
            ),
            ("litellm_deployment_success_responses_total", "Attempts that answered.", \.successes),
            (
                "litellm_deployment_cooled_down_total",
                "Times that a deployment was left alone for a while.", \.cooldowns
            ),
            (
                "litellm_deployment_successful_fallbacks_total",
                "Calls that were answered in another model's place.", \.fallbacksGood
            ),
            (
                "litellm_deployment_failed_fallbacks_total",
                "Calls that failed in another model's place.", \.fallbacksBad
            ),
        ]
        for (name, help, value) in counters {
            writer.family(name, "counter", help)
            for (series, counts) in attempts {
                writer.sample(series.labels, Double(value(counts)))
            }
        }
        writer.family(
            "llm_gateway_hedges_total", "counter",
            "Attempts made beside one whose first token was late.")
        for (series, counts) in attempts where counts.hedgesWon + counts.hedgesLost > 0 {
            writer.sample(series.labels + [("answered", "true")], Double(counts.hedgesWon))
            writer.sample(series.labels + [("answered", "false")], Double(counts.hedgesLost))
        }
        writer.family(
            "litellm_deployment_failure_responses_total", "counter", "Attempts that failed.")
        for (series, counts) in attempts {
            for (outcome, count) in counts.failures.sorted(by: { $0.key < $1.key }) {
                writer.sample(series.labels + [("exception_class", outcome)], Double(count))
            }
        }
        let histograms: [(String, String, (AttemptCounts) -> Histogram)] = [
            (
                "litellm_llm_api_latency_metric",
                "Seconds from an attempt's start to its answer's end.", \.attempt
            ),
            (
                "litellm_llm_api_time_to_first_token_metric",
                "Seconds from an attempt's start to a stream's first token.", \.firstToken
            ),
            (
                "litellm_deployment_latency_per_output_token",
                "Seconds of an attempt for each output token.", \.perToken
            ),
        ]
        for (name, help, value) in histograms {
            writer.family(name, "histogram", help)
            for (series, counts) in attempts { writer.histogram(series.labels, value(counts)) }
        }
    }

    private func writeDeployments(_ writer: inout MetricWriter) {
        let reports = deployments.map { ($0, $0.health.report(at: now)) }
        writer.family(
            "litellm_deployment_state", "gauge", "0 healthy, 1 failing, 2 left alone.")
        for (deployment, report) in reports {
            let state = report.isCooled ? 2 : report.tally.consecutiveFailures > 0 ? 1 : 0
            writer.sample(AttemptSeries(deployment).labels, Double(state))
        }
        let left: [(String, String, (HealthReport) -> Int?)] = [
            (
                "litellm_remaining_requests_metric",
                "Requests that the upstream said are left of its own limit.", \.requestsLeft
            ),
            (
                "litellm_remaining_tokens_metric",
                "Tokens that the upstream said are left of its own limit.", \.tokensLeft
            ),
        ]
        for (name, help, value) in left {
            writer.family(name, "gauge", help)
            for (deployment, report) in reports {
                guard let left = value(report) else { continue }
                writer.sample(AttemptSeries(deployment).labels, Double(left))
            }
        }
        writer.family(
            "llm_gateway_deployment_check_passed", "gauge",
            "Whether a deployment's last health check passed.")
        for (deployment, _) in reports {
            guard let check = deployment.health.lastCheck else { continue }
            writer.sample(AttemptSeries(deployment).labels, check.failure == nil ? 1 : 0)
        }
        writer.family("litellm_in_flight_requests", "gauge", "Attempts that have not ended.")
        writer.sample([], Double(reports.reduce(0) { $0 + $1.1.inFlight }))
        writer.family("llm_gateway_deployment_in_flight", "gauge", "Attempts that have not ended.")
        for (deployment, report) in reports {
            writer.sample(AttemptSeries(deployment).labels, Double(report.inFlight))
        }
    }
}

extension CallSeries {
    fileprivate var labels: [(String, String)] {
        [
            ("hashed_api_key", keyID), ("api_key_alias", keyName), ("team", team), ("user", user),
            ("requested_model", model),
        ]
    }
}

extension AttemptSeries {
    fileprivate init(_ deployment: Deployment) {
        self.init(
            deployment: deployment.id, model: deployment.model,
            upstreamModel: deployment.upstreamModel, apiBase: deployment.apiBase,
            provider: deployment.provider.rawValue)
    }

    fileprivate var labels: [(String, String)] {
        [
            ("model_id", deployment), ("requested_model", model),
            ("litellm_model_name", upstreamModel), ("api_base", apiBase),
            ("api_provider", provider),
        ]
    }
}
