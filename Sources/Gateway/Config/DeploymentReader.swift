import GatewayCore
import Providers

/// The reading of one entry of `model_list`.
///
/// What is missing in the environment, or waits for a feature, disables the deployment and lets the
/// others serve; what makes no sense is refused.
struct DeploymentReader {
    let environment: ConfigEnvironment
    let defaultTimeouts: AttemptTimeouts
    let defaultSecurity: UpstreamSecurity
    let prices: PriceTable
    let tokenizers: [ModelTokenizer]
    let requestsAtOnceDefault: Int?
    let dropsUnsupportedParams: Bool

    func read(_ node: ConfigNode, with reader: inout ConfigReader) -> DeploymentDraft? {
        let entry = reader.section(node, rules: DeploymentRules.entry, unknown: .ignored)
        let params = reader.section(
            entry["litellm_params"],
            rules: DeploymentRules.params.merging(UpstreamSection.sslRules) { own, _ in own },
            unknown: .ignored)
        let info = reader.section(
            entry["model_info"], rules: DeploymentRules.info, unknown: .ignored)
        guard let name = required("model_name", in: entry, of: node, with: &reader),
            let model = required("model", in: params, of: node, with: &reader)
        else { return nil }
        let vendor = ModelVendor(
            model: model, vendor: reader.text(params["custom_llm_provider"]))
        var draft = DeploymentDraft(
            model: name, vendor: vendor, position: node.position, timeouts: defaultTimeouts)
        if name.dropLast().contains("*") || vendor.upstreamModel.dropLast().contains("*") {
            draft.disable("a star stands at the end of a name only, as in `openai/*`")
        } else if vendor.upstreamModel.hasSuffix("*") && !name.hasSuffix("*") {
            draft.disable("the star of its model stands for nothing, since its name has none")
        }
        readAddress(params["api_base"] ?? params["base_url"], with: &reader, into: &draft)
        readOptions(params, with: &reader, into: &draft)
        readKey(params["api_key"], with: &reader, into: &draft)
        readHeaders(params["extra_headers"], with: &reader, into: &draft)
        draft.security = defaultSecurity
        UpstreamSection.readSSL(params, with: &reader, into: &draft.security)
        readShares(params, with: &reader, into: &draft)
        draft.defaults = readDefaults(params, with: &reader)
        if let timeout = reader.duration(params["timeout"]) { draft.timeouts.attempt = timeout }
        if let timeout = reader.duration(params["stream_timeout"]) {
            draft.timeouts.firstToken = timeout
        }
        for key in [
            "litellm_credential_name", "mock_response", "tenant_id", "client_id", "client_secret",
        ] where params[key] != nil {
            draft.disable("`\(key)` is not built in yet")
        }
        draft.tokenizer =
            tokenizers.first {
                $0.counts(upstreamModel: vendor.upstreamModel, model: name)
            }?.tokenizer
        readInfo(info, with: &reader, into: &draft)
        readEndpoints(info["supported_endpoints"], with: &reader, into: &draft)
        readTraits(params, info, with: &reader, into: &draft)
        draft.price = PriceReader.read(
            params: params, info: info, vendor: vendor, table: prices, with: &reader)
        if draft.traits.inputTokensMax == nil {
            draft.traits.inputTokensMax = draft.price?.inputTokensMax
        }
        return draft
    }

    private func required(
        _ key: String, in values: [String: ConfigNode], of node: ConfigNode,
        with reader: inout ConfigReader
    ) -> String? {
        guard let value = values[key] else {
            reader.refuse(node, "needs \(key == "model" ? "litellm_params.model" : key)")
            return nil
        }
        return reader.value(value, expected: "a name") { $0.isEmpty ? nil : $0 }
    }

    /// A text that may come from the environment; a variable that is not set disables.
    func text(
        _ node: ConfigNode, named key: String, with reader: inout ConfigReader,
        into draft: inout DeploymentDraft
    ) -> String? {
        if case .scalar(let scalar) = node.content, scalar.text == nil {
            draft.disable("\(key): the environment variable \(scalar.variable ?? "") is not set")
            return nil
        }
        return reader.text(node)
    }

    private func readAddress(
        _ node: ConfigNode?, with reader: inout ConfigReader, into draft: inout DeploymentDraft
    ) {
        let vendor = draft.vendor
        guard let kind = vendor.kind else {
            draft.disable(
                vendor.name.isEmpty
                    ? "no provider is named; write one before the model, as in `openai/...`"
                    : "provider `\(vendor.name)` is not built in yet")
            return
        }
        if kind == .scripted {
            do { _ = try Script(upstreamModel: vendor.upstreamModel) } catch {
                reader.add(
                    .refused, "litellm_params.model of \(draft.model)", at: draft.position,
                    error.message)
            }
            return
        }
        var base = vendor.defaultBase
        if let node {
            guard let text = text(node, named: "api_base", with: &reader, into: &draft) else {
                return
            }
            base = text
        } else {
            base = vendor.baseVariables.lazy.compactMap { environment[$0] }.first ?? base
        }
        guard let base else {
            draft.disable("provider `\(vendor.name)` needs an api_base")
            return
        }
        if base.contains("@") {
            if let node { reader.refuse(node, "an address must not hold a user or a password") }
            draft.disable("its api_base holds a user or a password")
            return
        }
        draft.apiBase = base
        do { _ = try UpstreamAddress(apiBase: base) } catch {
            if let node { reader.refuse(node, error.message) }
            draft.disable(error.message)
        }
    }

    private func readKey(
        _ node: ConfigNode?, with reader: inout ConfigReader, into draft: inout DeploymentDraft
    ) {
        guard draft.vendor.kind != .scripted else { return }
        var key: String?
        if draft.options.sendsToken { return }
        if let node {
            if case .null = node.content { return }
            key = text(node, named: "api_key", with: &reader, into: &draft)
        } else if let variable = draft.vendor.keyVariables.first {
            key = draft.vendor.keyVariables.lazy.compactMap { environment[$0] }.first
            if key == nil && draft.vendor.mustHaveKey(at: draft.apiBase) {
                draft.disable("it has no api_key, and \(variable) is not set")
            }
        }
        guard let key else { return }
        setKey(key, node, with: &reader, into: &draft)
    }

    /// Takes a credential in, which goes into a header of the upstream's request.
    func setKey(
        _ key: String, _ node: ConfigNode?, with reader: inout ConfigReader,
        into draft: inout DeploymentDraft
    ) {
        guard !key.isEmpty, key.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            if let node { reader.refuse(node, "a key must be of printable ASCII without spaces") }
            draft.disable("its api_key cannot be sent")
            return
        }
        draft.apiKey = Secret(key)
    }

    private func readHeaders(
        _ node: ConfigNode?, with reader: inout ConfigReader, into draft: inout DeploymentDraft
    ) {
        guard let node else { return }
        guard let entries = node.entries else {
            reader.refuse(node, "must be a mapping of header names to values, but is \(node.kind)")
            return
        }
        for entry in entries {
            let name = entry.key.lowercased()
            guard HeaderRules.isName(name), !HeaderRules.reserved.contains(name) else {
                reader.refuse(entry.value, "this header is not a valid name, or the gateway's own")
                continue
            }
            let value = text(entry.value, named: name, with: &reader, into: &draft)
            guard let value else { continue }
            guard HeaderRules.isValue(value) else {
                reader.refuse(entry.value, "the value must be printable ASCII without line ends")
                continue
            }
            draft.extraHeaders.append((name: name, value: value))
        }
    }

    private func readShares(
        _ params: [String: ConfigNode], with reader: inout ConfigReader,
        into draft: inout DeploymentDraft
    ) {
        let range = 0.0...1e12
        draft.weight = reader.number(params["weight"], in: range)
        draft.requestsPerMinute = reader.number(params["rpm"], in: range)
        draft.tokensPerMinute = reader.number(params["tpm"], in: range)
        draft.requestsAtOnce =
            reader.integer(
                params["max_parallel_requests"], in: 0...StandingReader.most)
            ?? requestsAtOnceDefault
    }

    private func readTraits(
        _ params: [String: ConfigNode], _ info: [String: ConfigNode],
        with reader: inout ConfigReader, into draft: inout DeploymentDraft
    ) {
        if let order = reader.integer(params["order"], in: 0...1_000_000) {
            draft.traits.order = order
        }
        draft.traits.tags = reader.texts(params["tags"])
        draft.traits.accessGroups = reader.texts(info["access_groups"])
        draft.traits.dropsUnsupportedParams =
            reader.flag(params["drop_params"]) ?? dropsUnsupportedParams
        draft.traits.inputTokensMax = reader.integer(
            info["max_input_tokens"], in: 1...StandingReader.most)
        draft.traits.takesTools = reader.flag(info["supports_function_calling"])
        draft.traits.takesMedia = reader.flag(info["supports_vision"])
        draft.traits.cooldownTime = reader.durationOrZero(
            params["cooldown_time"] ?? info["cooldown_time"])
        draft.traits.allowedFails = RouterSection.readAllowedFails(
            info["allowed_fails_policy"], with: &reader)
        ChecksSection.readInfo(info, with: &reader, into: &draft.traits.check)
        draft.traits.allowedFails.others = reader.integer(
            info["allowed_fails"], in: 0...1_000_000)
    }

    private func readInfo(
        _ info: [String: ConfigNode], with reader: inout ConfigReader,
        into draft: inout DeploymentDraft
    ) {
        draft.id = reader.value(info["id"], expected: "a name of at most 128 characters") { text in
            text.isEmpty || text.count > 128 ? nil : text
        }
        if let mode = reader.text(info["mode"]) {
            draft.mode = Deployment.Mode(rawValue: mode)
            if draft.mode == nil { draft.disable("mode `\(mode)` is not built in yet") }
        }
        if reader.flag(info["blocked"]) == true { draft.disable("it is blocked in its model_info") }
    }
}
