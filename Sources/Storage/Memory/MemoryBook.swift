public import GatewayCore
public import GatewayPrimitives

/// A ledger that forgets at the end of its process: for set-ups without a data folder, and as the
/// plain model that SQLite's is held against in tests.
public final class MemoryBook: LedgerBook {
    private struct AccountKey: Hashable {
        let subject: Subject
        let window: BudgetWindow
        let start: Int64
    }

    private struct Hold {
        let owner: Int64
        var amount: Money
        var accounts: [AccountKey]
        let draft: LedgerRow
    }

    private var accounts: [AccountKey: BudgetBalance] = [:]
    private var holds: [Int64: Hold] = [:]
    private var lastHold: Int64 = 0
    private var rowsByCall: [CallID: LedgerRow] = [:]
    private struct ClaimKey: Hashable {
        let key: String
        let request: String
    }
    private var claims: [ClaimKey: (claim: RequestClaim, owner: Int64)] = [:]
    private var chargedByDay: [Int64: Money] = [:]

    public init() {}

    public func reserve(_ demand: HoldDemand, owner: Int64) throws -> HoldAnswer {
        let hold = Hold(owner: owner, amount: .zero, accounts: [], draft: demand.draft)
        let answer = put(hold, as: lastHold + 1, into: demand)
        if case .held = answer { lastHold += 1 }
        return answer
    }

    public func move(_ hold: Int64, to demand: HoldDemand) throws -> HoldAnswer {
        guard let known = holds[hold] else { throw StoreFailure.noHold }
        for key in known.accounts { add(.zero - known.amount, to: key) }
        let answer = put(known, as: hold, into: demand)
        if case .refused = answer { for key in known.accounts { add(known.amount, to: key) } }
        return answer
    }

    private func add(_ amount: Money, to key: AccountKey) {
        accounts[key, default: BudgetBalance()].held += amount
    }

    /// How an account stands; one that is new begins with what its subject has spent in its period.
    private func open(_ key: AccountKey) -> BudgetBalance {
        if let known = accounts[key] { return known }
        let start = key.start &* 1_000_000_000
        let end =
            key.window.period(at: WallTime(nanoseconds: start)).end
            .map { $0 &* 1_000_000_000 } ?? .max
        var balance = BudgetBalance()
        for row in rowsByCall.values
        where start <= row.receivedAt.nanoseconds && row.receivedAt.nanoseconds < end
            && row.isSpent(by: key.subject)
        {
            balance.settled += row.cost.total
        }
        accounts[key] = balance
        return balance
    }

    private func put(_ hold: Hold, as id: Int64, into demand: HoldDemand) -> HoldAnswer {
        var granted = demand.amount
        let keys = demand.accounts.map { Self.key($0, at: demand.at) }
        // All of them begin now, whatever becomes of the demand.
        let balances = keys.map(open)
        for (account, balance) in zip(demand.accounts, balances) {
            let left = balance.left(of: account.spec.max ?? .greatest)
            if left < demand.amountLeast { return .refused(account, balance) }
            granted = min(granted, left)
        }
        for key in keys { add(granted, to: key) }
        var hold = hold
        hold.amount = granted
        hold.accounts = keys
        holds[id] = hold
        let softPassed = demand.accounts.indices.compactMap { place in
            accounts[keys[place]].flatMap {
                $0.passes(demand.accounts[place].spec.soft) ? (place: place, balance: $0) : nil
            }
        }
        return .held(id: id, amount: granted, softPassed: softPassed)
    }

    public func extend(
        _ hold: Int64, by amount: Money, least: Money, under specs: [BudgetAccount]
    ) throws -> Money {
        guard let known = holds[hold] else { return .zero }
        var granted = amount
        for (account, key) in zip(specs, known.accounts) {
            let left = (accounts[key] ?? BudgetBalance()).left(of: account.spec.max ?? .greatest)
            if left < least { return .zero }
            granted = min(granted, left)
        }
        for key in known.accounts { add(granted, to: key) }
        holds[hold]?.amount += granted
        return granted
    }

    public func settle(_ hold: Int64, _ row: LedgerRow) throws {
        guard rowsByCall[row.callID] == nil else { return }
        rowsByCall[row.callID] = row
        chargedByDay[row.day, default: .zero] += row.cost.total
        if row.freesRequestID { removeClaim(row.keyID, row.requestID, of: row.callID) }
        guard let known = holds.removeValue(forKey: hold) else { return }
        for key in known.accounts {
            var balance = accounts[key] ?? BudgetBalance()
            balance.held = balance.held - known.amount
            balance.settled += row.cost.total
            accounts[key] = balance
        }
    }

    public func settleWhole(_ hold: Int64) throws -> Bool {
        guard let known = holds[hold] else { return false }
        try settle(hold, .estimated(known.draft, amount: known.amount))
        return true
    }

    public func undoHold(of call: CallID, owner: Int64) throws {
        let found = holds.first { $0.value.owner == owner && $0.value.draft.callID == call }
        guard let (id, hold) = found else { return }
        holds[id] = nil
        for key in hold.accounts {
            var balance = accounts[key] ?? BudgetBalance()
            balance.held = balance.held - hold.amount
            accounts[key] = balance
        }
    }

    public func claim(_ claim: RequestClaim, owner: Int64) throws -> ClaimAnswer {
        let place = ClaimKey(key: claim.keyID, request: claim.requestID)
        if let known = claims[place]?.claim, claim.remembers(known.at) {
            guard known.bodyDigest == claim.bodyDigest else { return .reused }
            let row = rowsByCall[known.callID]
            return .duplicate(
                FirstCall(callID: known.callID, usage: row?.usage, cost: row?.cost))
        }
        claims[place] = (claim, owner)
        let own = claims.filter { $0.key.key == claim.keyID }
        if own.count > StorageLimits.requestIDsPerKeyMax,
            let oldest = own.min(by: {
                $0.value.claim.at.nanoseconds < $1.value.claim.at.nanoseconds
            })
        {
            claims[oldest.key] = nil
        }
        return .claimed
    }

    public func release(_ claim: RequestClaim) throws {
        guard rowsByCall[claim.callID] == nil else { return }
        removeClaim(claim.keyID, claim.requestID, of: claim.callID)
    }

    public func releaseClaims(of owner: Int64) throws {
        claims = claims.filter {
            $0.value.owner != owner || rowsByCall[$0.value.claim.callID] != nil
        }
    }

    private func removeClaim(_ key: String, _ request: String, of call: CallID) {
        let place = ClaimKey(key: key, request: request)
        if claims[place]?.claim.callID == call { claims[place] = nil }
    }

    public func holds(of owner: Int64) throws -> [Int64] {
        holds.filter { $0.value.owner == owner }.map(\.key).sorted()
    }

    public func balance(of account: BudgetAccount, at moment: WallTime) throws -> BudgetBalance {
        open(Self.key(account, at: moment))
    }

    public func audit() throws -> LedgerAudit {
        var audit = LedgerAudit()
        audit.balances = accounts.values.filter { $0 != BudgetBalance() }.sorted {
            ($0.settled, $0.held) < ($1.settled, $1.held)
        }
        audit.holdCount = holds.count
        audit.rowCount = rowsByCall.count
        for row in rowsByCall.values { audit.charged += row.cost.total }
        for sum in chargedByDay.values { audit.chargedByDay += sum }
        return audit
    }

    public func allRows() throws -> [LedgerRow] { Array(rowsByCall.values) }

    private static func key(_ account: BudgetAccount, at moment: WallTime) -> AccountKey {
        AccountKey(
            subject: account.subject, window: account.spec.window,
            start: account.spec.window.period(at: moment).start)
    }
}

extension LedgerRow {
    /// Whether what it cost counts for a subject.
    fileprivate func isSpent(by subject: Subject) -> Bool {
        let user = userID ?? ""
        let team = teamID ?? ""
        return switch subject.kind {
        case .global: true
        case .key: subject.id == keyID
        case .user: subject.id == user
        case .team: subject.id == team
        case .teamMember: subject.id == "\(team)/\(user)"
        case .endUser: subject.id == endUser
        case .tag: tags.contains(subject.id)
        case .modelOfKey: subject.id == "\(keyID)/\(model)"
        case .modelOfTeam: subject.id == "\(team)/\(model)"
        case .modelOfUser: subject.id == "\(user)/\(model)"
        case .modelOfMember: subject.id == "\(team)/\(user)/\(model)"
        case .deployment, .organization: false
        }
    }
}
