import GatewayCore
import GatewayPrimitives
import Transport

/// What everybody together has spent, in LiteLLM's forms: in the last thirty days where no others
/// are named.
struct GlobalSpendRoutes {
    let tools: ReportTools
    /// What the whole gateway may spend.
    let budgetOfAll: Money?

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/global/spend", .viewer, errors: .detail, total),
            ManagementRoute(.get, "/global/spend/logs", .viewer, errors: .detail, logs),
            ManagementRoute(.get, "/global/spend/keys", .viewer, errors: .detail, keys),
            ManagementRoute(.get, "/global/spend/models", .viewer, errors: .detail, models),
            ManagementRoute(.get, "/global/spend/teams", .viewer, errors: .detail, teams),
            ManagementRoute(.get, "/global/spend/provider", .viewer, errors: .detail, providers),
            ManagementRoute(.get, "/global/spend/tags", .viewer, errors: .detail, tags),
            ManagementRoute(.get, "/global/all_tag_names", .viewer, errors: .detail, tagNames),
            ManagementRoute(.post, "/global/spend/end_users", .viewer, errors: .detail, endUsers),
        ]
    }

    func total(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let sums = try await tools.reports.sums(
            ReportQuery(days: tools.lastDays(request), by: []))
        return ManagementReply { output in
            output.member("spend", sums.first?.cost ?? .zero)
            output.member("max_budget", budgetOfAll ?? .zero)
        }
    }

    func logs(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let key = request.query.text("api_key")
        try request.query.finish()
        var filter = CallFilter()
        filter.keyID = key.map(tools.keyID)
        let sums = try await tools.reports.sums(
            ReportQuery(days: tools.lastDays(request), by: [.day], filter: filter))
        return ManagementReply(array: sums) { output, sum in
            output.object {
                $0.member("date", sum.group[0])
                $0.member("spend", sum.cost)
                if let key = filter.keyID { $0.member("api_key", key) }
            }
        }
    }

    func keys(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let sums = try await greatest(.key, request, limit: nil)
        let labels = try await tools.keyLabels(of: sums)
        return ManagementReply(array: sums) { output, sum in
            output.object {
                $0.member("api_key", sum.group[0])
                $0.member("key_alias", labels[sum.group[0]]?.alias)
                $0.member("key_name", labels[sum.group[0]]?.hint)
                $0.member("total_spend", sum.cost)
            }
        }
    }

    func models(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let sums = try await greatest(.model, request, limit: 10)
        return ManagementReply(array: sums) { output, sum in
            output.object {
                $0.member("model", sum.group[0])
                $0.member("total_spend", sum.cost)
            }
        }
    }

    func providers(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.days(request) ?? tools.lastDays(request)
        let sums = try await tools.reports.sums(
            ReportQuery(days: days, by: [.provider], order: .cost))
        return ManagementReply(array: sums) { output, sum in
            output.object {
                $0.member("provider", sum.group[0])
                $0.member("spend", sum.cost)
            }
        }
    }

    func teams(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let sums = try await tools.reports.sums(
            ReportQuery(days: tools.lastDays(request), by: [.day, .team]))
        var totals: [String: Money] = [:]
        for sum in sums { totals[sum.group[1], default: .zero] += sum.cost }
        let order = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let labels = teamLabels(order.map(\.key))
        let days = Dictionary(grouping: sums) { $0.group[0] }.sorted { $0.key < $1.key }
        return ManagementReply { output in
            output.member("daily_spend", array: days) { output, day in
                output.object { output in
                    output.member("date", day.key)
                    for sum in day.value {
                        output.member(labels[sum.group[1]] ?? sum.group[1], sum.cost)
                    }
                }
            }
            output.member("teams", strings: order.map { labels[$0.key] ?? $0.key })
            output.member("total_spend_per_team", array: order.prefix(10)) { output, team in
                output.object {
                    $0.member("team_id", team.key.nonEmpty ?? tools.teamLabel(""))
                    $0.member("team_alias", labels[team.key])
                    $0.member("total_spend", team.value)
                }
            }
        }
    }

    /// What teams are called; where two are called the same, with their ids, since they are the
    /// names of members.
    private func teamLabels(_ ids: [String]) -> [String: String] {
        let labels = ids.map { (id: $0, label: tools.teamLabel($0)) }
        let byLabel = Dictionary(grouping: labels) { $0.label }
        return Dictionary(
            uniqueKeysWithValues: labels.map { id, label in
                (id, byLabel[label]?.count == 1 ? label : "\(label) (\(id))")
            })
    }

    func tags(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.days(request) ?? tools.lastDays(request)
        let wanted = request.query.text("tags").map {
            Set($0.split(separator: ",").map(String.init))
        }
        let sums = try await tools.reports.sums(ReportQuery(days: days, by: [.tag], order: .cost))
        return ManagementReply(array: sums.filter { wanted?.contains($0.group[0]) ?? true }) {
            $0.append(tag: $1)
        }
    }

    func tagNames(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let sums = try await tools.reports.sums(ReportQuery(by: [.tag]))
        return ManagementReply { $0.member("tag_names", strings: sums.map { $0.group[0] }) }
    }

    /// Whom clients said they acted for: the hundred that cost most.
    func endUsers(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let body = try await request.readBody()
        var filter = CallFilter()
        filter.keyID = body.text("api_key").map(tools.keyID)
        let start = day(body, "startTime")
        let end = day(body, "endTime")
        try body.finish()
        let days = try tools.range(start, end, now: request.now) ?? tools.lastDays(request)
        let sums = try await tools.reports.sums(
            ReportQuery(days: days, by: [.endUser], filter: filter, order: .cost, countMax: 101))
        let known = sums.filter { !$0.group[0].isEmpty }.prefix(100)
        return ManagementReply(array: known) { output, sum in
            output.object {
                $0.member("end_user", sum.group[0])
                $0.member("total_count", Int(sum.callCount))
                $0.member("total_spend", sum.cost)
            }
        }
    }

    private func day(_ body: BodyFields, _ name: StaticString) -> CivilDate? {
        guard let text = body.text(name) else { return nil }
        guard let date = CivilDate(text) else {
            body.violate(name, "is \(FieldViolations.shown(text)); give a day as YYYY-MM-DD.")
            return nil
        }
        return date
    }

    private func greatest(
        _ dimension: ReportDimension, _ request: ManagementRequest, limit: Int?
    ) async throws(GatewayError) -> [SpendSum] {
        let asked = request.query.integer("limit", in: 1...ReportQuery.countGreatest)
        try request.query.finish()
        return try await tools.reports.sums(
            ReportQuery(
                days: tools.lastDays(request), by: [dimension], order: .cost,
                countMax: asked ?? limit ?? ReportQuery.countGreatest))
    }
}
