public import GatewayPrimitives
import Synchronization

/// Manages the directory, whatever door asks: what may be done by whom, what is valid, and how it
/// takes effect. Shared by all loops.
///
/// A change is planned against the records, written durably with its audit row, put in the place of
/// what the requests see, and then answered: whoever has the answer finds the change in effect on
/// every loop. Changes happen one at a time.
public final class Administration: Sendable {
    public let directory: LiveDirectory
    let store: any DirectoryStore
    let mint: KeyMint
    let limits: DirectoryLimits
    /// What new keys have where nothing is said, and what no key passes.
    let keyDefaults: KeyTerms
    let keyBounds: KeyTerms
    private let now: @Sendable () -> WallTime
    private let records: Mutex<DirectoryRecords>
    private let turn = ChangeTurn()
    /// What the configuration holds the whole gateway to.
    private let everyone: Standing?
    /// Which records stand in the configuration; nothing that is stored takes their place.
    private let configuredIDs: Set<RecordID>
    /// Up to where other processes' changes are known. Read and written by whoever has the turn.
    private let place: Atomic<Int64>

    /// - Parameters:
    ///   - fixed: principals that no record stands for, such as the master key's.
    ///   - stored: what the store has.
    ///   - place: up to where in the sequence of the store's changes that tells.
    ///   - configured: what stands in the configuration; it wins over what is stored.
    ///   - everyone: what the configuration holds the whole gateway to.
    ///   - keyDefaults: what new keys have where nothing is said.
    ///   - keyBounds: what no key passes.
    public init(
        store: any DirectoryStore, mint: KeyMint, limits: DirectoryLimits = DirectoryLimits(),
        keyDefaults: KeyTerms = KeyTerms(), keyBounds: KeyTerms = KeyTerms(),
        fixed: [KeyHash: Principal] = [:], stored: [RecordChange] = [], place: Int64 = 0,
        configured: [RecordChange] = [], everyone: Standing? = nil,
        now: @escaping @Sendable () -> WallTime
    ) {
        self.store = store
        self.mint = mint
        self.limits = limits
        self.keyDefaults = keyDefaults
        self.keyBounds = keyBounds
        self.now = now
        self.everyone = everyone
        fixedHashes = Set(fixed.keys)
        configuredIDs = Set(configured.map(\.recordID))
        self.place = Atomic(place)
        directory = LiveDirectory(fixed)
        let all = DirectoryRecords(stored + configured)
        records = Mutex(all)
        let compiler = PrincipalCompiler(records: all, everyone: everyone)
        for key in all.keys.values {
            for (hash, principal) in compiler.principals(of: key) {
                directory.set(principal, for: hash)
            }
        }
        for subject in all.namedSubjects {
            directory.set(compiler.standing(of: subject), for: subject)
        }
    }

    /// Secrets that no record stands for, and that no key may take.
    let fixedHashes: Set<KeyHash>

    /// The present.
    public var moment: WallTime { now() }

    /// Looks at the records. Short: a change waits for it.
    public func read<Value: Sendable>(_ look: (DirectoryRecords) -> Value) -> Value {
        records.withLock { look($0) }
    }

    func readChecked<Value: Sendable>(
        _ look: (DirectoryRecords) throws(GatewayError) -> Value
    ) throws(GatewayError) -> Value {
        try records.withLock { (records) throws(GatewayError) in try look(records) }
    }

    /// Makes a change: what `plan` puts into the draft is written and takes effect, or nothing.
    func change<Value: Sendable>(
        by caller: Caller,
        _ plan: (DirectoryRecords, inout ChangeDraft) throws(GatewayError) -> Value
    ) async throws(GatewayError) -> Value {
        await turn.enter()
        defer { turn.leave() }
        try await absorbInTurn()
        var draft = ChangeDraft(caller: caller, at: now())
        try await refuseRepeat(of: draft)
        let value = try readChecked { (records) throws(GatewayError) in
            try plan(records, &draft)
        }
        if draft.change.records.isEmpty { return value }
        draft.noteCreation()
        try await store.apply(draft.change)
        await putInPlace(draft.change.records)
        return value
    }

    /// Refuses a request to make something that was made by an earlier one.
    private func refuseRepeat(of draft: ChangeDraft) async throws(GatewayError) {
        guard let request = draft.caller.creation else { return }
        let first = try await store.creation(
            request.identity.id, ofKey: draft.caller.principal.keyID, at: draft.at)
        if let first { throw .repeated(request, of: first) }
    }

    /// Takes over what other processes have changed since the last time: two have the store open
    /// during a restart, and commands beside a gateway. Returns how many records it was.
    @discardableResult
    public func absorb() async throws(GatewayError) -> Int {
        await turn.enter()
        defer { turn.leave() }
        return try await absorbInTurn()
    }

    @discardableResult
    private func absorbInTurn() async throws(GatewayError) -> Int {
        let foreign = try await store.changes(after: place.load(ordering: .relaxed))
        var changes = foreign.records
        if foreign.isWhole {
            let kept = configuredIDs.union(changes.map(\.recordID))
            changes += read { $0.changesGone(keeping: kept, at: moment) }
        }
        changes.removeAll { configuredIDs.contains($0.recordID) }
        if !changes.isEmpty { await putInPlace(changes) }
        place.store(foreign.place, ordering: .relaxed)
        return changes.count
    }

    /// Puts what was written in the place of what requests see. The records are changed at once;
    /// principals are made in slices, between which the loop looks at what else waits.
    private func putInPlace(_ changes: [RecordChange]) async {
        let touched = records.withLock { records in
            var touched = TouchedRecords()
            for change in changes { touched.add(change, before: records) }
            for change in changes {
                records.apply(change)
                touched.add(change, after: records)
            }
            return touched
        }
        for hash in touched.hashesGone { directory.set(nil, for: hash) }
        var keys = touched.keyIDs[...]
        while !keys.isEmpty {
            let slice = keys.prefix(DirectoryLimits.compiledAtOnce)
            keys = keys.dropFirst(slice.count)
            records.withLock { records in
                let compiler = PrincipalCompiler(records: records, everyone: everyone)
                for id in slice {
                    guard let key = records.keys[id] else { continue }
                    for (hash, principal) in compiler.principals(of: key) {
                        directory.set(principal, for: hash)
                    }
                }
            }
            if !keys.isEmpty { await Task.yield() }
        }
        records.withLock { records in
            let compiler = PrincipalCompiler(records: records, everyone: everyone)
            for subject in touched.subjects {
                directory.set(compiler.standing(of: subject), for: subject)
            }
        }
    }
}

/// Who asks for something.
public struct Caller: Sendable {
    public let principal: Principal
    /// Whom it acts for, as it says: LiteLLM's `litellm-changed-by`.
    public let onBehalfOf: String?
    /// What its request to make something is called, if it gave it an id.
    public var creation: CreateRequest?

    public init(_ principal: Principal, onBehalfOf: String? = nil) {
        self.principal = principal
        self.onBehalfOf = onBehalfOf
    }

    /// What records call it.
    public var author: String { principal.userID ?? principal.name }
}

/// A change while it is planned.
struct ChangeDraft {
    let caller: Caller
    let at: WallTime
    private(set) var change = DirectoryChange()

    init(caller: Caller, at: WallTime) {
        self.caller = caller
        self.at = at
    }

    mutating func put(_ record: RecordChange) { change.records.append(record) }

    /// Says what was done, for the audit.
    mutating func note(
        _ action: AuditEntry.Action, _ object: AuditEntry.Object, _ id: String
    ) {
        change.audit.append(
            AuditEntry(
                at: at, author: caller.principal.name, authorKeyID: caller.principal.keyID,
                onBehalfOf: caller.onBehalfOf, action: action, object: object, objectID: id))
    }

    /// Says what was made, for a repeat of the request.
    mutating func noteCreation() {
        guard let request = caller.creation else { return }
        let made = change.audit.last { $0.action == .create && $0.object == request.makes }
        guard let made else { return }
        change.creation = Creation(
            keyID: caller.principal.keyID, requestID: request.identity.id,
            bodyDigest: request.identity.bodyDigest, callID: request.callID, object: made.object,
            objectID: made.objectID, at: at)
    }

    /// The stamp of a new record.
    var stamp: RecordStamp { RecordStamp(createdAt: at, createdBy: caller.author) }

    /// The stamp of a record that is changed.
    func stamp(after old: RecordStamp) -> RecordStamp { old.changed(at: at, by: caller.author) }
}
