import GatewayPrimitives

/// What names a record of the directory.
public struct RecordID: Hashable, Sendable {
    public let kind: Kind
    public let id: String
    /// Of a membership the user's id, beside its team's; empty for others.
    public let userID: String

    /// What it is. The raw values are stored; they never change.
    public enum Kind: UInt8, Sendable {
        case key = 1
        case team = 2
        case user = 3
        case membership = 4
        case budget = 5
        case customer = 6
    }

    public init(_ kind: Kind, _ id: String, userID: String = "") {
        self.kind = kind
        self.id = id
        self.userID = userID
    }

    /// The change that says that it is gone; `nil` for a key, whose record stays.
    public var gone: RecordChange? {
        switch kind {
        case .key: nil
        case .team: .teamGone(id)
        case .user: .userGone(id)
        case .membership: .membershipGone(teamID: id, userID: userID)
        case .budget: .budgetGone(id)
        case .customer: .customerGone(id)
        }
    }
}

extension RecordChange {
    /// Which record it is of.
    public var recordID: RecordID {
        switch self {
        case .key(let key): RecordID(.key, key.id)
        case .team(let team): RecordID(.team, team.id)
        case .teamGone(let id): RecordID(.team, id)
        case .user(let user): RecordID(.user, user.id)
        case .userGone(let id): RecordID(.user, id)
        case .membership(let member):
            RecordID(.membership, member.teamID, userID: member.userID)
        case .membershipGone(let teamID, let userID):
            RecordID(.membership, teamID, userID: userID)
        case .budget(let budget): RecordID(.budget, budget.id)
        case .budgetGone(let id): RecordID(.budget, id)
        case .customer(let customer): RecordID(.customer, customer.id)
        case .customerGone(let id): RecordID(.customer, id)
        }
    }
}

/// What other processes have changed in a directory that several have open.
public struct ForeignChanges: Sendable {
    /// The records as they stand now.
    public var records: [RecordChange]
    /// The place in the sequence of all changes up to which this tells.
    public var place: Int64
    /// Whether these are all records there are, because the changes are not known one by one any
    /// more: whatever else is remembered is gone.
    public var isWhole: Bool

    public init(_ records: [RecordChange] = [], place: Int64, isWhole: Bool = false) {
        self.records = records
        self.place = place
        self.isWhole = isWhole
    }
}

extension DirectoryRecords {
    /// What says of every record that is not among some that it is gone.
    func changesGone(keeping kept: Set<RecordID>, at moment: WallTime) -> [RecordChange] {
        var gone: [RecordChange] = []
        for key in keys.values where !kept.contains(RecordID(.key, key.id)) {
            var revoked = key
            revoked.revokedAt = moment
            gone.append(.key(revoked))
        }
        let others =
            teams.keys.map { RecordID(.team, $0) } + users.keys.map { RecordID(.user, $0) }
            + teams.keys.flatMap { team in
                members(of: team).map { RecordID(.membership, team, userID: $0.userID) }
            }
            + budgets.keys.map { RecordID(.budget, $0) }
            + customers.keys.map { RecordID(.customer, $0) }
        return gone + others.filter { !kept.contains($0) }.compactMap(\.gone)
    }
}
