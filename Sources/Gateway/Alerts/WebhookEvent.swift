import Foundation
import GatewayCore
import GatewayPrimitives

/// A budget's alert in the form of LiteLLM's webhook events. Keys are named by their hash, as
/// everywhere; no secret and no word of what was said is in it.
struct WebhookEvent: Encodable {
    private let alert: BudgetAlert
    /// The e-mail address of the user that it is about.
    private let email: String?

    init(_ alert: BudgetAlert, email: String?) {
        self.alert = alert
        self.email = email
    }

    var json: [UInt8] {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(self))
        }
    }

    private enum Member: String, CodingKey {
        case spend, held
        case maxBudget = "max_budget"
        case softBudget = "soft_budget"
        case duration = "budget_duration"
        case resetAt = "budget_reset_at"
        case token
        case keyAlias = "key_alias"
        case customerID = "customer_id"
        case userID = "user_id"
        case userEmail = "user_email"
        case teamID = "team_id"
        case teamAlias = "team_alias"
        case tag
        case projectedDate = "projected_exceeded_date"
        case projectedSpend = "projected_spend"
        case event
        case group = "event_group"
        case message = "event_message"
    }

    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Member.self)
        let account = alert.account
        let kind = account.subject.kind
        try members.encode(Self.dollars(alert.balance.settled), forKey: .spend)
        try members.encode(Self.dollars(alert.balance.held), forKey: .held)
        try members.encode(account.spec.max.map(Self.dollars), forKey: .maxBudget)
        try members.encode(account.spec.soft.map(Self.dollars), forKey: .softBudget)
        try members.encode(account.spec.window.text, forKey: .duration)
        let reset = account.spec.window.period(at: alert.at).end
        try members.encode(
            reset.map { WallTime(nanoseconds: $0 &* 1_000_000_000).rfc3339 },
            forKey: .resetAt)
        let isKeys = kind == .key || kind == .modelOfKey
        let isTeams = kind == .team || kind == .modelOfTeam
        let isMembers = kind == .teamMember || kind == .modelOfMember
        let isUsers = kind == .user || kind == .modelOfUser
        try members.encode(isKeys ? alert.keyID : nil, forKey: .token)
        try members.encode(kind == .key ? account.name : nil, forKey: .keyAlias)
        try members.encode(kind == .endUser ? account.subject.id : nil, forKey: .customerID)
        try members.encode(
            isKeys || isUsers || isMembers ? alert.userID : nil, forKey: .userID)
        try members.encode(email, forKey: .userEmail)
        try members.encode(
            isKeys || isTeams || isMembers ? alert.teamID : nil, forKey: .teamID)
        try members.encode(kind == .team ? account.name : nil, forKey: .teamAlias)
        try members.encode(kind == .tag ? account.subject.id : nil, forKey: .tag)
        try members.encodeNil(forKey: .projectedDate)
        try members.encodeNil(forKey: .projectedSpend)
        try members.encode(alert.kind.rawValue, forKey: .event)
        try members.encode(Self.group(of: kind), forKey: .group)
        try members.encode(message, forKey: .message)
    }

    private var message: String {
        let account = alert.account
        let name = account.subject.kind == .global ? "gateway" : account.name
        let subject = "\(account.subject.kind.name) `\(name)`"
        let spent = alert.balance.settled.dollars
        let period = account.spec.window.text
        switch alert.kind {
        case .softPassed:
            let soft = account.spec.soft ?? .zero
            return "Soft Budget Crossed: \(subject) has spent $\(spent) of its soft budget of "
                + "$\(soft.dollars) (\(period))"
        case .exhausted:
            let cap = account.spec.max ?? .zero
            let held = alert.balance.held.dollars
            return "Budget Crossed: \(subject) has spent $\(spent) of its budget of "
                + "$\(cap.dollars) (\(period)), $\(held) is held for requests that are running, "
                + "and a request was refused"
        }
    }

    /// LiteLLM's names of those who have budgets.
    private static func group(of kind: Subject.Kind) -> String {
        switch kind {
        case .global, .deployment: "proxy"
        case .key, .modelOfKey: "key"
        case .user, .modelOfUser: "internal_user"
        case .team, .modelOfTeam: "team"
        case .teamMember, .modelOfMember: "team_member"
        case .endUser: "customer"
        case .tag: "tag"
        case .organization: "organization"
        }
    }

    private static func dollars(_ amount: Money) -> Decimal { Decimal(string: amount.dollars) ?? 0 }
}
