import GatewayCore
import Providers

/// `model_list`: the deployments, as LiteLLM writes them.
struct ConfigModelList {
    let node: ConfigNode?

    private static let entryRules: [String: ConfigRule] = [
        "model_name": .honoured("the name that clients ask for"),
        "litellm_params": .section,
        "model_info": .section,
    ]
    private static let parameterRules: [String: ConfigRule] = [
        "model": .honoured("PROVIDER/MODEL: who serves it, and its name there"),
        "api_key": .honoured("the upstream's key"),
        "api_base": .honoured("where the upstream is"),
        "rpm": .honoured("its weight for simple-shuffle; not yet a limit"),
        "tpm": .honoured("its weight for simple-shuffle; not yet a limit"),
        "weight": .honoured("its weight for simple-shuffle"),
        "timeout": .honoured("bound of a whole attempt"),
        "stream_timeout": .honoured("bound of the wait for the first token"),
        "extra_headers": .honoured("sent upstream with each request"),
        "max_budget": .refusedUnlessOff("budgets are not built in; take it out"),
        "budget_duration": .refusedUnlessOff("budgets are not built in; take it out"),
        "max_parallel_requests": .refusedUnlessOff("limits are not built in; take it out"),
    ]
    private static let infoRules: [String: ConfigRule] = [
        "id": .honoured("the deployment's name in logs and headers"),
        "mode": .honoured("chat or embedding"),
        "access_groups": .refusedUnlessOff("access groups are not built in; take them out"),
    ]

    func read(_ settings: inout Settings, _ reader: inout ConfigReader) {
        for item in reader.list(node) { read(item, &settings, &reader) }
    }

    private func read(
        _ item: ConfigNode, _ settings: inout Settings, _ reader: inout ConfigReader
    ) {
        let entry = reader.section(item, rules: Self.entryRules, unknown: .ignored)
        guard let name = reader.text(entry["model_name"]), !name.isEmpty else {
            if entry["model_name"] == nil { reader.refuse(item, "a model needs a model_name") }
            return
        }
        guard !name.contains("*") else {
            return reader.refuse(
                entry["model_name"] ?? item, "wildcard models are not built in; name each model")
        }
        let parameters = reader.section(
            entry["litellm_params"], rules: Self.parameterRules, unknown: .ignored)
        let info = reader.section(entry["model_info"], rules: Self.infoRules, unknown: .ignored)
        guard let model = reader.text(parameters["model"]) else {
            if parameters["model"] == nil {
                reader.refuse(item, "a model needs litellm_params.model, such as openai/gpt-4o")
            }
            return
        }
        let index = settings.deployments.count
        let position = settings.deployments.count + settings.disabled.count
        let id = reader.text(info["id"]) ?? "\(name)-\(position)"
        let target = Target(model: model)
        if let reason = target.reason ?? unsetKey(parameters["api_key"]) {
            settings.disabled.append(DisabledDeployment(id: id, model: name, reason: reason))
            return
        }
        let base = reader.text(parameters["api_base"]) ?? target.apiBase
        if let reason = target.refusal(of: base) {
            settings.disabled.append(DisabledDeployment(id: id, model: name, reason: reason))
            return
        }
        settings.deployments.append(
            Deployment(
                index: index, id: id, model: name, provider: target.provider,
                upstreamModel: target.upstreamModel, apiBase: base,
                apiKey: reader.text(parameters["api_key"]).map { Secret($0) },
                extraHeaders: headers(parameters["extra_headers"], &reader),
                weight: weight(parameters, &reader), mode: mode(info["mode"], &reader),
                timeouts: timeouts(parameters, settings.timeouts, &reader)))
    }

    /// Why a deployment whose key comes from a variable that is not set cannot be used.
    private func unsetKey(_ node: ConfigNode?) -> String? {
        guard let node, case .scalar(let scalar) = node.content, scalar.text == nil else {
            return nil
        }
        return "the environment variable \(scalar.variable ?? "") is not set"
    }

    private func weight(_ parameters: [String: ConfigNode], _ reader: inout ConfigReader) -> Double
    {
        for key in ["weight", "rpm", "tpm"] {
            if let weight = reader.number(parameters[key], in: 0...1e12) { return weight }
        }
        return 1
    }

    private func mode(_ node: ConfigNode?, _ reader: inout ConfigReader) -> Deployment.Mode? {
        guard let text = reader.text(node), let node else { return nil }
        if let mode = Deployment.Mode(rawValue: text) { return mode }
        reader.ignore(node, "only chat and embedding are built in")
        return nil
    }

    private func headers(
        _ node: ConfigNode?, _ reader: inout ConfigReader
    ) -> [(name: String, value: String)] {
        guard let node else { return [] }
        guard let entries = node.entries else {
            reader.refuse(node, "must be a mapping of names to values")
            return []
        }
        return entries.compactMap { entry in
            guard let value = reader.text(entry.value) else { return nil }
            let isToken =
                !entry.key.isEmpty
                && entry.key.utf8.allSatisfy { byte in
                    byte > 0x20 && byte < 0x7F && byte != 0x3A
                }
            guard isToken, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                reader.refuse(entry.value, "is not a valid header field")
                return nil
            }
            return (entry.key, value)
        }
    }

    private func timeouts(
        _ parameters: [String: ConfigNode], _ defaults: AttemptTimeouts,
        _ reader: inout ConfigReader
    ) -> AttemptTimeouts {
        var timeouts = defaults
        if let attempt = reader.duration(parameters["timeout"]) { timeouts.attempt = attempt }
        if let first = reader.duration(parameters["stream_timeout"]) { timeouts.firstToken = first }
        return timeouts
    }

    /// What `PROVIDER/MODEL` names.
    private struct Target {
        var provider = ProviderKind.openAI
        var upstreamModel: String
        var apiBase = "https://api.openai.com/v1"
        /// Why it cannot be used.
        var reason: String?

        init(model: String) {
            guard let slash = model.firstIndex(of: "/") else {
                upstreamModel = model
                return
            }
            let prefix = String(model[..<slash])
            upstreamModel = String(model[model.index(after: slash)...])
            switch prefix {
            case "openai", "hosted_vllm", "openai_like", "custom_openai", "litellm_proxy": break
            case "scripted":
                provider = .scripted
                apiBase = ""
                do throws(Script.Invalid) {
                    _ = try Script(upstreamModel: upstreamModel)
                } catch {
                    reason = error.message
                }
            default: reason = "provider `\(prefix)` is not built in yet"
            }
        }

        /// Why an address cannot be called.
        func refusal(of apiBase: String) -> String? {
            if provider == .scripted { return nil }
            do throws(UpstreamAddress.Invalid) {
                _ = try UpstreamAddress(apiBase: apiBase)
                return nil
            } catch {
                return error.message
            }
        }
    }
}
