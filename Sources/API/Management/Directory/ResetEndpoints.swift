public import GatewayCore
import GatewayPrimitives
import Transport

/// Endpoints that let budgets of others than keys begin anew. One a loop.
struct ResetEndpoints {
    let administration: Administration

    /// `POST /global/spend/reset`: all keys and teams. LiteLLM's own answer.
    func all(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [])
        try body.finish()
        try await administration.resetSpendOfAll(by: request.caller)
        return ManagementReply { output in
            output.member("message", "Spend for all API Keys and Teams reset successfully")
            output.member("status", "success")
        }
    }

    /// `POST /team/{team_id}/reset_spend`
    func team(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let amount = try await amount(request)
        let (team, previous) = try await administration.resetSpend(
            ofTeam: request.parameter("team_id"), to: amount, by: request.caller)
        return reply("team_id", team.id, amount, previous, team.settings.allowance)
    }

    /// `POST /user/{user_id}/reset_spend`
    func user(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let amount = try await amount(request)
        let (user, previous) = try await administration.resetSpend(
            ofUser: request.parameter("user_id"), to: amount, by: request.caller)
        return reply("user_id", user.id, amount, previous, user.settings.allowance)
    }

    private func amount(_ request: ManagementRequest) async throws(GatewayError) -> Money {
        let body = try await request.readBody()
        UnsafeFields.refuse(in: body, but: [["reset_to"]])
        let amount = body.money("reset_to") ?? .zero
        try body.finish()
        return amount
    }

    private func reply(
        _ name: String, _ id: String, _ amount: Money, _ previous: Money, _ allowance: Allowance
    ) -> ManagementReply {
        let budget = administration.effective(allowance).budget
        return ManagementReply { output in
            output.member(name, id)
            output.member("spend", amount)
            output.member("previous_spend", previous)
            output.member("max_budget", budget.max)
            output.member("budget_reset_at", budget.resetAt(after: administration.moment))
        }
    }
}

extension ManagementGroup {
    /// Endpoints that let budgets begin anew.
    public static func resets(_ administration: Administration) -> ManagementGroup {
        let ends = ResetEndpoints(administration: administration)
        return ManagementGroup(routes: [
            ManagementRoute(.post, "/global/spend/reset", .admin, ends.all),
            ManagementRoute(.post, "/team/{team_id}/reset_spend", .admin, ends.team),
            ManagementRoute(.post, "/user/{user_id}/reset_spend", .admin, ends.user),
        ])
    }
}
