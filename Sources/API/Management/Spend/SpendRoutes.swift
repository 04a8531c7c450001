public import GatewayCore
import GatewayPrimitives
import Transport

/// What keys, users, models and labels have spent. A caller whose role does not see all sees what
/// its own user's keys have spent.
struct SpendRoutes {
    let tools: ReportTools

    var routes: [ManagementRoute] {
        [
            ManagementRoute(.get, "/spend/keys", .anyKey, errors: .detail, keys),
            ManagementRoute(.get, "/spend/users", .anyKey, errors: .detail, users),
            ManagementRoute(.get, "/spend/models", .anyKey, errors: .detail, models),
            ManagementRoute(.get, "/spend/tags", .viewer, errors: .detail, tags),
        ]
    }

    /// All keys that ever called, those that spent most first.
    func keys(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        var filter = CallFilter()
        filter.userID = request.query.text("user_id")
        let limit = request.query.integer("limit", in: 1...ReportQuery.countGreatest)
        try request.query.finish()
        filter.narrow(to: request.principal)
        let sums = try await tools.reports.sums(
            ReportQuery(
                by: [.key, .user, .team], filter: filter, order: .cost,
                countMax: limit ?? ReportQuery.countGreatest))
        let labels = try await tools.keyLabels(of: sums)
        return ManagementReply(array: sums) { output, sum in
            output.object {
                $0.member("token", sum.group[0])
                $0.member("key_alias", labels[sum.group[0]]?.alias)
                $0.member("key_name", labels[sum.group[0]]?.hint)
                $0.member("spend", sum.cost)
                $0.member("user_id", sum.group[1].nonEmpty)
                $0.member("team_id", sum.group[2].nonEmpty)
                $0.member("team_alias", tools.names?.teamAlias(sum.group[2]))
                $0.append(tokensOf: sum)
            }
        }
    }

    /// All users whose keys ever called.
    func users(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        var filter = CallFilter()
        filter.userID = request.query.text("user_id")
        try request.query.finish()
        filter.narrow(to: request.principal)
        let sums = try await tools.reports.sums(
            ReportQuery(by: [.user], filter: filter, order: .cost))
        return ManagementReply(array: sums.filter { !$0.group[0].isEmpty }) { output, sum in
            output.object {
                $0.member("user_id", sum.group[0])
                $0.member("user_email", tools.names?.email(ofUser: sum.group[0]))
                $0.member("spend", sum.cost)
                $0.append(tokensOf: sum)
            }
        }
    }

    /// Models, in the days that are asked for, else ever.
    func models(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        var filter = CallFilter()
        filter.keyID = request.query.text("api_key").map(tools.keyID)
        filter.userID = request.query.text("user_id")
        filter.teamIDs = request.query.text("team_id").map { [$0] } ?? []
        let limit = request.query.integer("limit", in: 1...ReportQuery.countGreatest)
        let days = try tools.days(request)
        filter.narrow(to: request.principal)
        let sums = try await tools.reports.sums(
            ReportQuery(
                days: days, by: [.model], filter: filter, order: .cost,
                countMax: limit ?? ReportQuery.countGreatest))
        return ManagementReply(array: sums) { output, sum in
            output.object {
                $0.member("model", sum.group[0])
                $0.member("total_spend", sum.cost)
                $0.append(tokensOf: sum)
            }
        }
    }

    /// Labels, in the days that are asked for, else ever.
    func tags(_ request: ManagementRequest) async throws(GatewayError) -> ManagementReply {
        let days = try tools.days(request)
        let sums = try await tools.reports.sums(
            ReportQuery(days: days, by: [.tag], order: .cost))
        return ManagementReply(array: sums) { output, sum in output.append(tag: sum) }
    }
}

extension ManagementGroup {
    /// The routes of spend and activity.
    /// - Parameters:
    ///   - budgetOfAll: what the whole gateway may spend.
    ///   - names: what people call what is reported.
    public static func spend(
        reports: any SpendReports, directory: any Directory, catalog: Catalog,
        budgetOfAll: Money?, names: DirectoryNames? = nil
    ) -> ManagementGroup {
        let tools = ReportTools(reports: reports, directory: directory, names: names)
        return ManagementGroup(
            routes: SpendRoutes(tools: tools).routes + SpendLogRoutes(tools: tools).routes
                + SpendCalculation(catalog: catalog).routes
                + GlobalSpendRoutes(tools: tools, budgetOfAll: budgetOfAll).routes
                + SpendReportRoutes(tools: tools).routes + ActivityRoutes(tools: tools).routes)
    }
}
