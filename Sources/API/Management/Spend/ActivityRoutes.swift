import GatewayCore
import GatewayPrimitives
import Transport

/// How much was done, day by day.
struct ActivityRoutes {
    let tools: ReportTools

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/global/activity", .viewer, errors: .detail, whole),
            ManagementRoute(.get, "/global/activity/model", .viewer, errors: .detail, byModel),
            ManagementRoute(.get, "/user/daily/activity", .anyKey, errors: .detail, ofUsers),
            ManagementRoute(.get, "/team/daily/activity", .viewer, errors: .detail, ofTeams),
        ]
    }

    func whole(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.requiredDays(request)
        let sums = try await tools.reports.sums(ReportQuery(days: days, by: [.day]))
        return ManagementReply { $0.append(activity: sums) }
    }

    func byModel(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.requiredDays(request)
        let sums = try await tools.reports.sums(ReportQuery(days: days, by: [.day, .model]))
        let models = Dictionary(grouping: sums) { $0.group[1] }.sorted {
            let counts = ($0.value, $1.value)
            return (counts.1.reduce(0) { $0 + $1.callCount }, $0.key)
                < (counts.0.reduce(0) { $0 + $1.callCount }, $1.key)
        }
        return ManagementReply(array: models) { output, model in
            output.object {
                $0.member("model", model.key)
                $0.append(activity: model.value)
            }
        }
    }

    func ofUsers(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        var filter = CallFilter()
        filter.userID = request.query.text("user_id")
        filter.narrow(to: request.principal)
        return try await daily(request, filter, entity: .user)
    }

    func ofTeams(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        var filter = CallFilter()
        filter.teamIDs =
            request.query.text("team_ids")?.split(separator: ",").map(String.init) ?? []
        return try await daily(request, filter, entity: .team)
    }

    /// Days with their metrics, taken apart by model, provider, key and entity; the last day first.
    private func daily(
        _ request: ManagementRequest, _ filter: CallFilter, entity: ReportDimension
    ) async throws(GatewayError) -> ManagementReply {
        var filter = filter
        filter.model = request.query.text("model")
        if let key = request.query.text("api_key").map(tools.keyID) {
            // What a key of nobody may see is itself.
            filter.keyID = filter.keyID ?? key
        }
        let page = request.query.integer("page", in: 1...1_000_000) ?? 1
        let size = request.query.integer("page_size", in: 1...1_000) ?? 100
        let days = try tools.requiredDays(request)
        let sums = try await tools.reports.sums(
            ReportQuery(
                days: days, by: [.day, .model, .provider, .key, entity], filter: filter))
        let names = try await tools.keyLabels(of: sums, at: 3).compactMapValues(\.alias)
        let byDay = Dictionary(grouping: sums) { $0.group[0] }.sorted { $0.key > $1.key }
        let shown = byDay.dropFirst((page - 1) * size).prefix(size)
        let pages = max(1, (byDay.count + size - 1) / size)
        return ManagementReply { output in
            output.member("results", array: shown) { output, day in
                output.append(day: day.key, day.value, names: names)
            }
            output.member("metadata") { output in
                let whole = sums.total
                output.member("total_spend", whole.cost)
                output.member("total_prompt_tokens", Int(whole.inputTokens))
                output.member("total_completion_tokens", Int(whole.outputTokens))
                output.member("total_cache_read_input_tokens", Int(whole.cachedInputTokens))
                output.member("total_cache_creation_input_tokens", Int(whole.cacheWriteTokens))
                output.member("total_tokens", Int(whole.tokens))
                output.member("total_api_requests", Int(whole.callCount))
                output.member("total_successful_requests", Int(whole.succeededCount))
                output.member("total_failed_requests", Int(whole.failedCount))
                output.member("page", page)
                output.member("total_pages", pages)
                output.member("has_more", page < pages)
            }
        }
    }
}

extension JSONOutput {
    /// LiteLLM's activity: a row a day, and the sums.
    fileprivate mutating func append(activity sums: [SpendSum]) {
        member("daily_data", array: sums) { output, sum in
            output.object {
                $0.member("date", CivilDate(sum.group[0])?.shortText ?? sum.group[0])
                $0.member("api_requests", Int(sum.callCount))
                $0.member("total_tokens", Int(sum.tokens))
            }
        }
        let whole = sums.total
        member("sum_api_requests", Int(whole.callCount))
        member("sum_total_tokens", Int(whole.tokens))
    }

    fileprivate mutating func append(
        day: String, _ sums: [SpendSum], names: [String: String]
    ) {
        object { output in
            output.member("date", day)
            output.member("metrics") { $0.append(metrics: sums.total) }
            output.member("breakdown") { output in
                let parts = [("models", 1), ("model_groups", 1), ("providers", 2), ("entities", 4)]
                for (name, place) in parts {
                    output.member(name) { $0.append(parts: sums, by: place, names: [:]) }
                }
                output.member("api_keys") { $0.append(parts: sums, by: 3, names: names) }
                output.member("endpoints") { _ in }
                output.member("mcp_servers") { _ in }
            }
        }
    }

    private mutating func append(parts sums: [SpendSum], by place: Int, names: [String: String]) {
        for (name, part) in Dictionary(grouping: sums, by: { $0.group[place] })
            .sorted(by: { $0.key < $1.key })
        {
            member(name) { output in
                output.member("metrics") { $0.append(metrics: part.total) }
                output.member("metadata") { output in
                    if let alias = names[name] { output.member("key_alias", alias) }
                }
            }
        }
    }
}

extension [SpendSum] {
    fileprivate var total: SpendSum { reduce(into: SpendSum()) { $0.add($1) } }
}

extension CivilDate {
    /// As LiteLLM's activity shows a day: `Jan 22`.
    fileprivate var shortText: String {
        let names = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ]
        return "\(names[Int(month) - 1]) \(day < 10 ? "0" : "")\(day)"
    }
}
