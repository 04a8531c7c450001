import GatewayPrimitives

/// Makes of the directory's records what requests are held to.
struct PrincipalCompiler {
    let records: DirectoryRecords
    /// What the configuration holds the whole gateway to.
    let everyone: Standing?

    /// The principals of a key, by the secrets that stand for it: none for a revoked one.
    func principals(of key: KeyRecord) -> [(hash: KeyHash, principal: Principal)] {
        guard key.revokedAt == nil else { return [] }
        let team = key.settings.teamID.map { (id: $0, record: records.teams[$0]) }
        let user = key.settings.userID.flatMap { records.users[$0] }
        var standings = [standing(.key, key.id, key.name, key.settings.allowance)]
        var byModel: [String: [Standing]] = [:]
        addModels(of: key.settings.allowance, .modelOfKey, key.id, key.name, to: &byModel)
        if let user {
            standings.append(standing(.user, user.id, user.name, user.settings.allowance))
            addModels(of: user.settings.allowance, .modelOfUser, user.id, user.name, to: &byModel)
        }
        if let record = team?.record {
            if let userID = key.settings.userID {
                let allowance = memberAllowance(of: userID, in: record)
                let name = "\(record.name)/\(user?.name ?? userID)"
                standings.append(standing(.teamMember, "\(record.id)/\(userID)", name, allowance))
                addModels(
                    of: allowance, .modelOfMember, "\(record.id)/\(userID)", name, to: &byModel)
            }
            standings.append(standing(.team, record.id, record.name, record.settings.allowance))
            addModels(
                of: record.settings.allowance, .modelOfTeam, record.id, record.name, to: &byModel)
        }
        let make = { (expiresAt: WallTime?) in
            Principal(
                name: key.name, keyID: key.id, keyHint: key.hint, userID: key.settings.userID,
                teamID: key.settings.teamID, role: role(of: key, user),
                tags: tags(of: key, team?.record), access: access(of: key),
                modelAliases: key.settings.modelAliases, standings: standings,
                modelStandings: byModel,
                blockedReason: blockedReason(of: key), expiresAt: expiresAt,
                opensModels: key.settings.routes.opensModels,
                opensManagement: key.settings.routes != .models)
        }
        let retired = key.retired.map { secret in
            (secret.hash, make(Self.earlier(secret.until, key.settings.expiresAt)))
        }
        return [(key.hash, make(key.settings.expiresAt))] + retired
    }

    /// What a customer, a tag or the whole gateway is held to; `nil` for nothing.
    func standing(of subject: Subject) -> Standing? {
        if subject.kind == .global { return standingOfAll }
        var name = subject.id
        var allowance = Allowance()
        var blockedReason: String?
        if subject.kind == .endUser, let customer = records.customers[subject.id] {
            name = customer.name
            allowance = customer.settings.allowance
            if customer.settings.isBlocked {
                blockedReason = "End user `\(customer.id)` is blocked here."
            }
        }
        let made = standing(subject.kind, subject.id, name, allowance, blockedReason)
        return made.isHeld ? made : nil
    }

    /// The configuration's bounds and those that were made since: of two budgets with the same
    /// window the tighter one holds.
    private var standingOfAll: Standing? {
        let made = records.budgets(of: .global).flatMap { $0.allowance.budgets }
        if made.isEmpty { return everyone }
        return Standing(
            .global, name: everyone?.name ?? "gateway", limits: everyone?.limits ?? LimitSet(),
            budgets: ((everyone?.budgets ?? []) + made).tightest())
    }

    private func standing(
        _ kind: Subject.Kind, _ id: String, _ name: String, _ allowance: Allowance,
        _ blockedReason: String? = nil
    ) -> Standing {
        let subject = Subject(kind, id)
        let effective = records.effective(allowance)
        let own = records.budgets(of: subject).flatMap { $0.allowance.budgets }
        return Standing(
            subject, name: name, limits: effective.limits,
            budgets: (effective.budgets + own).tightest(), blockedReason: blockedReason)
    }

    private func addModels(
        of allowance: Allowance, _ kind: Subject.Kind, _ id: String, _ name: String,
        to byModel: inout [String: [Standing]]
    ) {
        let effective = records.effective(allowance)
        if effective.modelLimits.isEmpty && effective.modelBudgets.isEmpty { return }
        for model in Set(effective.modelLimits.keys).union(effective.modelBudgets.keys) {
            let standing = Standing(
                Subject(kind, "\(id)/\(model)"), name: "\(name)/\(model)",
                limits: effective.modelLimits[model] ?? LimitSet(),
                budgets: effective.modelBudgets[model].flatMap(\.spec).map { [$0] } ?? [])
            if standing.isHeld { byModel[model, default: []].append(standing) }
        }
    }

    /// What a member is held to within a team.
    private func memberAllowance(of userID: String, in team: TeamRecord) -> Allowance {
        let own = records.membership(teamID: team.id, userID: userID)?.settings.allowance
        return records.effective(own ?? Allowance())
            .filled(from: records.effective(team.settings.memberAllowance))
    }

    private func access(of key: KeyRecord) -> ModelAccess {
        var access = ModelAccess()
        let settings = key.settings
        // A team that is gone allows nothing: whoever removed it did not mean to open everything.
        if !settings.models.contains(ModelRule.teamModels) {
            access.add(.key, settings.models)
        } else if settings.teamID == nil {
            access.addNothing(.key)
        }
        if let user = settings.userID.flatMap({ records.users[$0] }) {
            let givenByTeams =
                settings.teamID != nil && user.settings.models == [ModelRule.noModels]
            if !givenByTeams { access.add(.user, user.settings.models) }
        }
        guard let teamID = settings.teamID else { return access }
        if let team = records.teams[teamID] {
            access.add(.team, team.settings.models)
        } else {
            access.addNothing(.team)
        }
        if let user = settings.userID,
            let membership = records.membership(teamID: teamID, userID: user)
        {
            access.add(.teamMember, membership.settings.models)
        }
        return access
    }

    private func tags(of key: KeyRecord, _ team: TeamRecord?) -> [String] {
        guard let team, !team.settings.tags.isEmpty else { return key.settings.tags }
        return key.settings.tags
            + team.settings.tags.filter { !key.settings.tags.contains($0) }
    }

    private func blockedReason(of key: KeyRecord) -> String? {
        if key.settings.isBlocked {
            return "The API key `\(key.name)` is blocked. An administrator can unblock it."
        }
        if let id = key.settings.teamID, let team = records.teams[id], team.settings.isBlocked {
            return "Team `\(team.name)` is blocked, and with it its API keys."
        }
        if let id = key.settings.userID, let user = records.users[id], user.settings.isBlocked {
            return "User `\(user.name)` is blocked, and with it the user's API keys."
        }
        return nil
    }

    /// What a key may do on management routes: what it was given, within what its user may.
    private func role(of key: KeyRecord, _ user: UserRecord?) -> Role {
        let above = user?.settings.role
        var role = key.settings.role ?? above ?? .user
        if let above { role = role.limited(to: above) }
        return key.settings.routes == .reading ? role.readingOnly : role
    }

    private static func earlier(_ left: WallTime, _ right: WallTime?) -> WallTime {
        guard let right else { return left }
        return left.nanoseconds < right.nanoseconds ? left : right
    }
}
