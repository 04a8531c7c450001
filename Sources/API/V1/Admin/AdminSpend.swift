import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives

/// What was spent, by the groups that are asked for.
///
/// Whole days of UTC are answered from the sums that are kept by day, for as long as there are any;
/// other moments, customers, labels, and tags beside other groups from the ledger's rows, as far
/// back as those are kept.
enum AdminSpend {
    static func query(
        _ call: AdminCall, _ request: Llmgateway__V1__QuerySpendRequest
    ) async throws(GatewayError) {
        let page = try PageQuery(size: request.page_size, token: request.page_token)
        let violations = FieldViolations()
        let dimensions = dimensions(of: request, violations)
        var query = ReportQuery(by: dimensions)
        query.label = request.label.text
        setTimes(request, &query, violations)
        try violations.finish()
        let subject = try ResourceName.subject(request.subject, field: "subject")
        try setFilter(subject, of: call.caller.principal, &query)
        try check(query, of: call.caller.principal)
        let sums = try await call.reports.sums(query)
        // In the store's order, which goes by bytes; no group has a line break.
        let found = page.page(of: sums, place: { $0.group.joined(separator: "\n") }) {
            $1.utf8.lexicographicallyPrecedes($0.utf8)
        }
        let named = found.items.map { sum in
            var sum = sum
            for (place, dimension) in dimensions.enumerated() where !sum.group[place].isEmpty {
                sum.group[place] = prefix(of: dimension) + sum.group[place]
            }
            return sum
        }
        call.respond(AdminTypes.querySpendResponse) { response in
            response.n_rows = named.count
            response.rows = call.records.arena.array(
                named.map { Optional(call.records.row($0)) })
            response.next_page_token = call.records.arena.text(found.next)
        }
    }

    // MARK: - What is asked

    /// The dimensions, the day first: rows come by time, and then by group.
    private static func dimensions(
        of request: Llmgateway__V1__QuerySpendRequest, _ violations: FieldViolations
    ) -> [ReportDimension] {
        var dimensions: [ReportDimension] = []
        for index in 0..<request.n_group_by {
            let field = "group_by[\(index)]"
            guard let dimension = dimension(request.group_by[index], field, violations) else {
                continue
            }
            if dimensions.contains(dimension) { violations.add(field, "stands twice.") }
            dimensions.append(dimension)
        }
        if let place = dimensions.firstIndex(of: .day), place > 0 {
            violations.add("group_by[\(place)]", "is DAY, which comes first: rows go by time.")
        }
        if dimensions.contains(.label) != !request.label.text.isEmpty {
            violations.add("label", "names the label to group by: it goes with LABEL in group_by.")
        }
        return dimensions
    }

    private static func dimension(
        _ dimension: Llmgateway__V1__SpendDimension, _ field: String, _ violations: FieldViolations
    ) -> ReportDimension? {
        switch dimension {
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_DAY: return .day
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_TEAM: return .team
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_USER: return .user
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_API_KEY: return .key
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_CUSTOMER: return .endUser
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_TAG: return .tag
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_MODEL: return .model
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_PROVIDER: return .provider
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_DEPLOYMENT: return .deployment
        case LLMGATEWAY__V1__SPEND_DIMENSION__SPEND_DIMENSION_LABEL: return .label
        default: violations.add(field, "is no dimension that is known here.")
        }
        return nil
    }

    private static func setTimes(
        _ request: Llmgateway__V1__QuerySpendRequest, _ query: inout ReportQuery,
        _ violations: FieldViolations
    ) {
        guard let start = moment(request.start_time, "start_time", violations),
            let end = moment(request.end_time, "end_time", violations)
        else { return }
        guard start.nanoseconds < end.nanoseconds else {
            violations.add("end_time", "is not after start_time.")
            return
        }
        query.setMoments(from: start, to: end)
    }

    private static func moment(
        _ value: UnsafeMutablePointer<Google__Protobuf__Timestamp>?, _ field: String,
        _ violations: FieldViolations
    ) -> WallTime? {
        guard let time = value?.pointee else {
            violations.add(field, "is required.")
            return nil
        }
        guard let moment = WallTime(timestamp: time) else {
            violations.add(field, "is no moment from 1970 to 2255.")
            return nil
        }
        return moment
    }

    private static func setFilter(
        _ subject: Subject?, of principal: Principal, _ query: inout ReportQuery
    ) throws(GatewayError) {
        query.filter.narrow(to: principal)
        guard let subject else { return }
        let own = query.filter
        switch subject.kind {
        case .key: query.filter.keyID = subject.id
        case .user: query.filter.userID = subject.id
        case .team: query.filter.teamIDs = [subject.id]
        case .endUser: query.filter.endUser = subject.id
        case .tag: query.filter.tag = subject.id
        default: break
        }
        // What was narrowed to the caller's own stays so.
        let isOthers =
            own.userID != nil && query.filter.userID != own.userID
            || own.keyID != nil && query.filter.keyID != own.keyID
        if isOthers {
            throw GatewayError(
                .notAllowed, origin: .client,
                message: "You may see what your own keys have spent; the rest takes a key with "
                    + "the role proxy_admin or proxy_admin_viewer.")
        }
    }

    /// Refuses what no table can tell, or not of one caller alone.
    private static func check(
        _ query: ReportQuery, of principal: Principal
    ) throws(GatewayError) {
        guard query.by.contains(.tag) else { return }
        let isByTagAlone = query.by.allSatisfy { $0 == .tag || $0 == .day }
        guard isByTagAlone, query.moments == nil, query.filter.isEmpty else {
            throw GatewayError(
                .invalidRequest, origin: .client,
                message: "group_by has TAG, whose sums are kept by whole days of everybody: group "
                    + "by it alone or with DAY, between midnights of UTC, without a subject, with "
                    + "a key that sees everything.",
                fields: [
                    FieldViolation(
                        field: "group_by", message: "has TAG beside what it is not kept by.")
                ])
        }
    }

    private static func prefix(of dimension: ReportDimension) -> String {
        switch dimension {
        case .team: ResourceName.teams
        case .user: ResourceName.users
        case .key: ResourceName.keys
        case .endUser: "customers/"
        case .tag: "tags/"
        case .model: "models/"
        case .day, .provider, .deployment, .endpoint, .label: ""
        }
    }
}
