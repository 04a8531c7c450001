import GatewayCore
import GatewayPrimitives
import JSON
import Transport

/// `POST /spend/calculate`: what a prompt or an answer costs, at the price of the model's first
/// deployment that has one. Nothing is charged.
struct SpendCalculation {
    let catalog: Catalog

    var routes: [ManagementRoute] {
        [ManagementRoute(.post, "/spend/calculate", .anyKey, errors: .detail, calculate)]
    }

    func calculate(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let answer = body.object("completion_response")
        let messages = body.objects("messages")
        let model = body.text("model") ?? answer?.text("model") ?? ""
        if model.isEmpty { body.violate("model", "is required; name a model of this gateway.") }
        if answer == nil && messages == nil {
            body.violate("messages", "is required, or completion_response; send one of them.")
        }
        let usage = answer.map(usage(ofAnswer:)) ?? usage(ofPrompt: messages ?? [])
        try body.finish()
        guard let entry = entry(named: model, ofAnswer: answer != nil, for: request.principal)
        else {
            throw GatewayError(
                .modelNotFound, origin: .client,
                message: "There is no model `\(model)` for this key. GET /v1/models lists them.",
                fields: [])
        }
        guard let price = entry.deployments.lazy.compactMap(\.price).first else {
            throw GatewayError(
                .priceUnknown, origin: .client,
                message: "The price of model `\(model)` is not known here. Set its "
                    + "input_cost_per_token and output_cost_per_token.")
        }
        let cost = price.cost(of: usage)
        return ManagementReply { output in
            output.member("cost", cost.total)
            output.member("input_cost", cost.input)
            output.member("output_cost", cost.output)
            output.member("prompt_tokens", Int(usage.inputTokens))
            output.member("completion_tokens", Int(usage.outputTokens))
            output.member("usage_source", usage.source.name.description)
        }
    }

    /// The model that a key may use by a name, or, since an answer is passed on as it came, the one
    /// whose upstream has that name.
    private func entry(
        named name: String, ofAnswer isAnswer: Bool, for principal: Principal
    ) -> ModelEntry? {
        if let entry = catalog[name] {
            return principal.mayUse(model: name, groups: entry.accessGroups) ? entry : nil
        }
        guard isAnswer else { return nil }
        return catalog.models.first { entry in
            principal.mayUse(model: entry.name, groups: entry.accessGroups)
                && entry.deployments.contains { $0.upstreamModel == name && $0.price != nil }
        }
    }

    /// What an answer in OpenAI's form says that it used.
    private func usage(ofAnswer answer: BodyFields) -> Usage {
        var usage = Usage(source: .reported)
        guard let told = answer.object("usage") else {
            answer.violate("usage", "is required; send the answer as it came.")
            return usage
        }
        usage.inputTokens = Int64(told.integer("prompt_tokens") ?? 0)
        usage.outputTokens = Int64(told.integer("completion_tokens") ?? 0)
        usage.cachedInputTokens = Int64(
            told.object("prompt_tokens_details")?.integer("cached_tokens") ?? 0)
        usage.reasoningTokens = Int64(
            told.object("completion_tokens_details")?.integer("reasoning_tokens") ?? 0)
        return usage
    }

    /// What a prompt is likely to count, by the length of its texts.
    private func usage(ofPrompt messages: [BodyFields]) -> Usage {
        var textBytes = 0
        for message in messages {
            guard let content = message.value[member: "content"] else { continue }
            if let text = content.string { textBytes += text.count }
            for part in content.elements {
                textBytes += part[member: "text"]?.string?.count ?? 0
            }
        }
        var usage = Usage(source: .estimated)
        usage.inputTokens =
            InputTokens(
                textBytes: textBytes, messages: messages.count, otherBytes: 0, media: 0,
                mediaBytes: 0
            ).likely
        return usage
    }
}
