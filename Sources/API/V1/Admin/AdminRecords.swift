import CGatewayProto
import GRPC
import GatewayCore
import GatewayPrimitives
import JSON

/// Writes the directory's records as the contract's resources. Belongs to one call.
struct AdminRecords {
    let arena: MessageArena

    private var times: V1Records { V1Records(arena: arena) }

    func team(_ team: TeamRecord) -> UnsafeMutablePointer<Llmgateway__V1__Team> {
        let message = arena.make(AdminTypes.team)
        let settings = team.settings
        message.pointee.name = arena.text(ResourceName.teams + team.id)
        set(&message.pointee.display_name, settings.alias)
        message.pointee.create_time = times.timestamp(team.stamp.createdAt)
        message.pointee.blocked = settings.isBlocked ? 1 : 0
        message.pointee.n_allowed_models = settings.models.count
        message.pointee.allowed_models = texts(settings.models)
        let limits = limits(settings.allowance)
        message.pointee.n_limits = limits.count
        message.pointee.limits = arena.array(limits)
        let metadata = entries(settings.metadata, AdminTypes.teamMetadata)
        message.pointee.n_metadata = metadata.count
        message.pointee.metadata = arena.array(metadata)
        message.pointee.etag = arena.text(ETag.text(team.stamp))
        return message
    }

    func member(
        _ member: MembershipRecord
    ) -> UnsafeMutablePointer<Llmgateway__V1__TeamMember> {
        let message = arena.make(AdminTypes.teamMember)
        message.pointee.user = arena.text(ResourceName.users + member.userID)
        message.pointee.role =
            member.settings.isAdmin
            ? LLMGATEWAY__V1__TEAM_ROLE__TEAM_ROLE_ADMIN
            : LLMGATEWAY__V1__TEAM_ROLE__TEAM_ROLE_MEMBER
        message.pointee.create_time = times.timestamp(member.stamp.createdAt)
        return message
    }

    /// - Parameter teams: the ids of the teams that the user is a member of.
    func user(
        _ user: UserRecord, teams: [String]
    ) -> UnsafeMutablePointer<Llmgateway__V1__User> {
        let message = arena.make(AdminTypes.user)
        let settings = user.settings
        message.pointee.name = arena.text(ResourceName.users + user.id)
        set(&message.pointee.display_name, settings.alias)
        set(&message.pointee.email, settings.email)
        set(&message.pointee.external_id, settings.externalID)
        message.pointee.role = AdminUsers.role(settings.role)
        message.pointee.create_time = times.timestamp(user.stamp.createdAt)
        message.pointee.n_teams = teams.count
        message.pointee.teams = texts(teams.map { ResourceName.teams + $0 })
        message.pointee.blocked = settings.isBlocked ? 1 : 0
        message.pointee.n_allowed_models = settings.models.count
        message.pointee.allowed_models = texts(settings.models)
        let limits = limits(settings.allowance)
        message.pointee.n_limits = limits.count
        message.pointee.limits = arena.array(limits)
        if let most = settings.keyCountMax {
            message.pointee._max_key_count_case = LLMGATEWAY__V1__USER___MAX_KEY_COUNT_MAX_KEY_COUNT
            message.pointee.max_key_count = Int32(clamping: most)
        }
        let metadata = entries(settings.metadata, AdminTypes.userMetadata)
        message.pointee.n_metadata = metadata.count
        message.pointee.metadata = arena.array(metadata)
        message.pointee.etag = arena.text(ETag.text(user.stamp))
        return message
    }

    /// - Parameters:
    ///   - role: what it may do, its user's role considered.
    ///   - lastUsedAt: its last call.
    func key(
        _ key: KeyRecord, role: Llmgateway__V1__ApiKeyRole, lastUsedAt: WallTime?
    ) -> UnsafeMutablePointer<Llmgateway__V1__ApiKey> {
        let message = arena.make(AdminTypes.apiKey)
        let settings = key.settings
        message.pointee.name = arena.text(ResourceName.keys + key.id)
        set(&message.pointee.display_name, settings.displayName)
        set(&message.pointee.alias, settings.alias)
        set(&message.pointee.team, settings.teamID.map { ResourceName.teams + $0 })
        set(&message.pointee.user, settings.userID.map { ResourceName.users + $0 })
        message.pointee.secret_prefix = arena.text(key.hint)
        message.pointee.role = role
        message.pointee.create_time = times.timestamp(key.stamp.createdAt)
        if let lastUsedAt {
            let minute = lastUsedAt.nanoseconds / 60_000_000_000 * 60_000_000_000
            message.pointee.last_use_time = times.timestamp(WallTime(nanoseconds: minute))
        }
        message.pointee.expire_time = settings.expiresAt.map(times.timestamp)
        message.pointee.revoke_time = key.revokedAt.map(times.timestamp)
        message.pointee.blocked = settings.isBlocked ? 1 : 0
        message.pointee.n_allowed_models = settings.models.count
        message.pointee.allowed_models = texts(settings.models)
        let limits = limits(settings.allowance)
        message.pointee.n_limits = limits.count
        message.pointee.limits = arena.array(limits)
        message.pointee.n_tags = settings.tags.count
        message.pointee.tags = texts(settings.tags)
        let aliases = TextMap.entries(
            settings.modelAliases, AdminTypes.keyModelAliases, in: arena)
        message.pointee.n_model_aliases = aliases.count
        message.pointee.model_aliases = arena.array(aliases)
        let metadata = entries(settings.metadata, AdminTypes.keyMetadata)
        message.pointee.n_metadata = metadata.count
        message.pointee.metadata = arena.array(metadata)
        message.pointee.etag = arena.text(ETag.text(key.stamp))
        return message
    }

    func budget(
        _ budget: BudgetRecord, _ balance: BudgetBalance, now: WallTime
    ) -> UnsafeMutablePointer<Llmgateway__V1__Budget> {
        let message = arena.make(AdminTypes.budget)
        let terms = budget.allowance.budget
        message.pointee.name = arena.text(ResourceName.budgets + budget.id)
        set(&message.pointee.subject, budget.subject?.named)
        message.pointee.limit_nano_usd = (terms.max ?? .greatest).nanoUSD
        message.pointee.soft_limit_nano_usd = (terms.soft ?? .zero).nanoUSD
        let window = terms.window
        if let calendar = AdminBudgets.calendar(of: window) {
            message.pointee.period_case = LLMGATEWAY__V1__BUDGET__PERIOD_CALENDAR
            message.pointee.calendar = calendar
        } else if let seconds = window.seconds {
            message.pointee.period_case = LLMGATEWAY__V1__BUDGET__PERIOD_EVERY
            message.pointee.every = times.duration(.seconds(seconds))
        }
        message.pointee.create_time = times.timestamp(budget.stamp.createdAt)
        message.pointee.spent_nano_usd = balance.settled.nanoUSD
        message.pointee.reserved_nano_usd = balance.held.nanoUSD
        if let end = window.period(at: now).end {
            message.pointee.reset_time = times.timestamp(
                WallTime(nanoseconds: end &* 1_000_000_000))
        }
        message.pointee.etag = arena.text(ETag.text(budget.stamp))
        return message
    }

    func row(_ sum: SpendSum) -> UnsafeMutablePointer<Llmgateway__V1__SpendRow> {
        let message = arena.make(AdminTypes.spendRow)
        message.pointee.n_group = sum.group.count
        message.pointee.group = texts(sum.group)
        message.pointee.request_count = sum.callCount
        let usage = arena.make(AdminTypes.usageTotals)
        usage.pointee.input_tokens = sum.inputTokens
        usage.pointee.cached_input_tokens = sum.cachedInputTokens
        usage.pointee.cache_write_tokens = sum.cacheWriteTokens
        usage.pointee.output_tokens = sum.outputTokens
        message.pointee.usage = usage
        let cost = arena.make(V1Types.cost)
        cost.pointee.total_nano_usd = sum.cost.nanoUSD
        message.pointee.cost = cost
        return message
    }

    // MARK: - Parts

    /// The elements of a repeated text.
    func texts(_ values: [String]) -> UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? {
        arena.array(values.map { Optional(arena.text($0)) })
    }

    private func set(_ field: inout UnsafeMutablePointer<CChar>!, _ text: String?) {
        if let text { field = arena.text(text) }
    }

    /// The members of a JSON object as texts: what is no text, as JSON has it.
    private func entries<Entry: TextEntry>(
        _ json: String, _ type: MessageType<Entry>
    ) -> [UnsafeMutablePointer<Entry>?] {
        var text = ByteQueue()
        text.append(text: json)
        let parser = JSONParser()
        guard json != "{}", let value = try? parser.parse(text.view) else { return [] }
        return value.members.map { name, value in
            let entry = arena.make(type)
            var shown = ByteQueue()
            if value.string == nil { shown.append(json: value) }
            entry.pointee.pair = (arena.text(name), arena.text(value.string ?? shown.view))
            return entry
        }
    }
}
