public import GatewayCore
import GatewayPrimitives
import JSON
import Transport

/// LiteLLM's endpoints that make, change and delete deployments. One a loop.
struct ModelEndpoints {
    let models: any ModelManagement

    /// `POST /model/new {model_name, litellm_params, model_info}`
    func new(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let name = body.requiredText("model_name")
        let change = read(body, name: name)
        if body.object("litellm_params") == nil {
            body.violate("litellm_params", "is required; send an object with at least a model.")
        }
        let id = body.object("model_info")?.text("id")
        try body.finish()
        return reply(try await models.create(change, id: id, by: request.caller))
    }

    /// `PATCH /model/{id}/update`: what is not named stays, and null removes.
    func patch(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let change = read(body, name: body.text("model_name"))
        try body.finish()
        return reply(
            try await models.update(request.parameter("id"), change, by: request.caller))
    }

    /// `POST /model/update`: the same, with the id in `model_info`.
    func update(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let change = read(body, name: body.text("model_name"))
        guard let id = body.object("model_info")?.text("id"), !id.isEmpty else {
            body.violate("model_info", "needs the id of the deployment to change.")
            try body.finish()
            throw .noFields
        }
        try body.finish()
        return reply(try await models.update(id, change, by: request.caller))
    }

    /// `POST /model/delete {id}`
    func delete(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        let id = body.requiredText("id")
        try body.finish()
        try await models.delete(id, by: request.caller)
        return ManagementReply { $0.member("message", "Model: \(id) deleted successfully") }
    }

    private func read(_ body: BodyFields, name: String?) -> ModelChange {
        UnsafeFields.refuse(in: body, but: [["model_name", "litellm_params", "model_info"]])
        var info = Self.members(body.object("model_info"))
        // LiteLLM's clients send back what /model/info told them.
        for told in ["id", "db_model", "key", "litellm_provider", "created_at", "updated_at"] {
            info[told] = nil
        }
        return ModelChange(
            name: name, params: Self.members(body.object("litellm_params")), info: info)
    }

    /// The members of an object, each as JSON.
    private static func members(_ object: BodyFields?) -> [String: String] {
        var members: [String: String] = [:]
        guard let object else { return members }
        for (name, value) in object.value.members {
            var text = ByteQueue()
            text.append(json: value)
            members[name.string] = text.view.string
        }
        return members
    }

    /// LiteLLM's row of it, without what is secret.
    private func reply(_ model: StoredModel) -> ManagementReply {
        ManagementReply { output in
            output.member("model_id", model.id)
            output.member("model_name", model.name)
            output.member("litellm_params") { output in
                for (name, json) in model.params.sorted(by: { $0.key < $1.key })
                where Self.isShown(name) {
                    output.member(name, json: json)
                }
            }
            output.member("model_info") { output in
                output.member("id", model.id)
                output.member("db_model", true)
                for (name, json) in model.info.sorted(by: { $0.key < $1.key }) {
                    output.member(name, json: json)
                }
            }
            KeyFields.write(model.stamp, to: &output)
        }
    }

    /// What cannot hold a credential.
    private static let shown: Set<String> = [
        "model", "custom_llm_provider", "api_base", "base_url", "weight", "rpm", "tpm", "timeout",
        "stream_timeout", "order", "cooldown_time", "max_parallel_requests", "max_retries",
        "drop_params", "tags", "input_cost_per_token", "output_cost_per_token",
        "cache_read_input_token_cost", "cache_creation_input_token_cost",
        "cache_creation_input_token_cost_above_1hr",
        "output_cost_per_reasoning_token", "input_cost_per_audio_token",
        "output_cost_per_audio_token",
    ]

    private static func isShown(_ name: String) -> Bool { shown.contains(name) }
}

extension ManagementGroup {
    /// LiteLLM's endpoints that change deployments.
    public static func models(_ models: any ModelManagement) -> ManagementGroup {
        let ends = ModelEndpoints(models: models)
        return ManagementGroup(routes: [
            ManagementRoute(.post, "/model/new", .admin, ends.new),
            ManagementRoute(.post, "/model/update", .admin, ends.update),
            ManagementRoute(.patch, "/model/{id}/update", .admin, ends.patch),
            ManagementRoute(.post, "/model/delete", .admin, ends.delete),
        ])
    }
}
