import GatewayCore
import GatewayPrimitives

/// What of the directory stands in the configuration.
extension Settings {
    /// The master key: a principal of its own, which no record stands for.
    var masterKeys: [KeyHash: Principal] {
        guard let masterKey else { return [:] }
        return [
            KeyStrength.hash(of: masterKey.reveal()): Principal(name: "master", role: .admin)
        ]
    }

    /// The keys and teams, as records that can be changed here only.
    func records(at moment: WallTime) -> [RecordChange] {
        let stamp = RecordStamp(createdAt: moment, createdBy: "configuration", isConfigured: true)
        let teams = teams.map { team -> RecordChange in
            var settings = TeamSettings()
            settings.alias = team.standing.name == team.id ? nil : team.standing.name
            settings.allowance = Allowance(team.standing.limits, team.standing.budgets)
            return .team(TeamRecord(id: team.id, settings: settings, stamp: stamp))
        }
        let keys = keys.map { key -> RecordChange in
            var settings = KeySettings()
            settings.alias = key.alias
            settings.teamID = key.teamID
            settings.userID = key.userID
            settings.models = key.models
            settings.tags = key.tags
            settings.allowance = Allowance(key.limits, key.budgets)
            return .key(
                KeyRecord(hash: key.hash, hint: "sk-...", settings: settings, stamp: stamp))
        }
        return teams + keys
    }
}

extension Allowance {
    fileprivate init(_ limits: LimitSet, _ budgets: [BudgetSpec]) {
        let terms = budgets.map { spec in
            BudgetTerms(
                max: spec.max, soft: spec.soft,
                duration: spec.window == .forever ? nil : spec.window.text)
        }
        self.init(limits: limits, budget: terms.first ?? BudgetTerms())
        moreBudgets = Array(terms.dropFirst())
    }
}
