import GatewayCore
import Transport

extension LiteLLMSections {
    /// Reads `general_settings`, the master key left out; returns that.
    static func readGeneral(
        _ node: ConfigNode?, environment: ConfigEnvironment, with reader: inout ConfigReader,
        into settings: inout Settings
    ) -> ConfigNode? {
        let values = reader.section(node, rules: generalRules, unknown: .ignored)
        if let megabytes = reader.number(values["max_request_size_mb"], in: 0.001...1024) {
            settings.server.bodyBytesMax = Int(megabytes * 1_048_576)
        }
        settings.limitsOfAll.requestsAtOnce = reader.integer(
            values["global_max_parallel_requests"], in: 0...StandingReader.most)
        settings.storesModels = reader.flag(values["store_model_in_db"]) ?? false
        readDatabase(values["database_url"], with: &reader, into: &settings)
        LiteLLMAlerts.read(values, environment: environment, with: &reader, into: &settings)
        ChecksSection.readGeneral(values, with: &reader, into: &settings.routing.checks)
        return values["master_key"]
    }

    /// A file, or what we cannot use: then the ledger is in the data folder, and says so.
    private static func readDatabase(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        guard let node else { return }
        // A variable that is not set leaves the default.
        if case .scalar(let scalar) = node.content, scalar.text == nil {
            reader.ignore(
                node, "\(scalar.variable ?? "") is not set; the ledger is in the data folder")
            return
        }
        guard let url = reader.text(node) else { return }
        let prefix = "sqlite:///"
        if url.hasPrefix(prefix), url.count > prefix.count {
            settings.databasePath = String(url.dropFirst(prefix.count))
        } else {
            reader.ignore(
                node,
                "only sqlite:///FILE is built: the ledger is a file in the data folder, budgets "
                    + "are kept by this gateway alone, and keys of that database are not known")
        }
    }

    /// Reads `litellm_settings`.
    static func readSettings(
        _ node: ConfigNode?, with reader: inout ConfigReader, into settings: inout Settings
    ) {
        let values = reader.section(
            node, rules: settingsRules.merging(UpstreamSection.sslRules) { own, _ in own },
            unknown: .ignored)
        if let timeout = reader.duration(values["request_timeout"]) {
            settings.calls.callTimeout = timeout
        }
        if let budget = StandingReader.budget(values, with: &reader) {
            settings.budgetsOfAll = [budget]
        }
        KeyTermsSection.read(values, with: &reader, into: &settings)
        if let status = reader.integer(values["budget_exceeded_status_code"], in: 400...499) {
            settings.statusBudgetExhausted = status
        }
        if let tells = reader.flag(values["include_cost_in_streaming_usage"]) {
            settings.tellsCostInStreams = tells
        }
        settings.dropsUnsupportedParams = reader.flag(values["drop_params"]) ?? false
        RouterSection.readShared(values, with: &reader, into: &settings.routing)
        if let needs = reader.flag(values["require_auth_for_metrics_endpoint"]) {
            settings.metricsNeedKey = needs
        }
        readCallbacks(values["callbacks"], with: &reader)
        UpstreamSection.readSSL(values, with: &reader, into: &settings.security)
    }

    /// Callbacks that only watch. Others may refuse or change calls.
    private static let watchingCallbacks: Set<String> = [
        "langfuse", "langfuse_otel", "otel", "prometheus", "datadog", "datadog_llm_observability",
        "langsmith", "arize", "arize_phoenix", "sentry", "posthog", "s3", "s3_v2", "gcs_bucket",
        "lago", "openmeter", "braintrust", "helicone", "lunary", "mlflow", "opik", "logfire",
        "athina", "galileo", "traceloop", "deepeval", "dynamodb", "sqs", "wandb", "promptlayer",
        "slack", "email", "smtp_email", "resend_email", "generic_api", "literalai", "argilla",
    ]

    private static func readCallbacks(_ node: ConfigNode?, with reader: inout ConfigReader) {
        guard let node else { return }
        let names: [String]
        if case .scalar(let scalar) = node.content {
            names = scalar.text.map { [$0] } ?? []
        } else {
            names = reader.texts(node)
        }
        if let other = names.first(where: { !watchingCallbacks.contains($0) }) {
            reader.refuse(
                node,
                "`\(other)` is not known to only watch, and may guard calls, which is not built "
                    + "yet; remove it")
        } else {
            reader.ignore(node, "export of telemetry is not built yet")
        }
    }
}
