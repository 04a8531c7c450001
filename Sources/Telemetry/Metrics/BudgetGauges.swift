import GatewayCore
import GatewayPrimitives

/// How the budgets of keys, teams and users stand, as gauges of LiteLLM's names: of a subject with
/// several, the one with the least left.
struct BudgetGauges {
    /// One budget, and how it stands.
    struct Standing {
        let account: BudgetAccount
        let balance: BudgetBalance
    }

    let budgets: [Standing]
    let now: WallTime

    private static let kinds: [(kind: Subject.Kind, name: String)] = [
        (.key, "api_key"), (.team, "team"), (.user, "user"),
    ]

    func write(_ writer: inout MetricWriter) {
        for (kind, name) in Self.kinds {
            let tightest = tightest(of: kind)
            writer.family(
                "litellm_remaining_\(name)_budget_metric", "gauge",
                "US dollars that a budget leaves: its cap without what is spent and held.")
            for budget in tightest {
                writer.sample(budget.labels, Double(max(0, budget.left.nanoUSD)) / 1e9)
            }
            writer.family(
                "litellm_\(name)_max_budget_metric", "gauge", "US dollars that a budget allows.")
            for budget in tightest {
                writer.sample(budget.labels, Double(budget.cap.nanoUSD) / 1e9)
            }
            writer.family(
                "litellm_\(name)_budget_remaining_hours_metric", "gauge",
                "Hours until a budget begins anew.")
            for budget in tightest {
                guard let end = budget.account.spec.window.period(at: now).end else { continue }
                writer.sample(budget.labels, Double(end - now.seconds) / 3_600)
            }
        }
    }

    private func tightest(of kind: Subject.Kind) -> [Standing] {
        var least: [String: Standing] = [:]
        for budget in budgets where budget.account.subject.kind == kind {
            let id = budget.account.subject.id
            if let known = least[id], known.left <= budget.left { continue }
            least[id] = budget
        }
        return least.sorted { $0.key < $1.key }.map(\.value)
    }
}

extension BudgetGauges.Standing {
    fileprivate var cap: Money { account.spec.max ?? .zero }
    fileprivate var left: Money { balance.left(of: cap) }

    fileprivate var labels: [(String, String)] {
        switch account.subject.kind {
        case .team: [("team", account.subject.id), ("team_alias", account.name)]
        case .user: [("user", account.subject.id)]
        default: [("hashed_api_key", account.subject.id), ("api_key_alias", account.name)]
        }
    }
}
