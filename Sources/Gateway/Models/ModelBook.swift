import Foundation
import GatewayCore
import GatewayPrimitives
import Storage
import Synchronization
import Telemetry
import Transport

/// The models that are served: those of the configuration file, and those that were made over the
/// API. Shared by all loops; the file is read again on the main thread.
final class ModelBook: ModelManagement {
    private struct State {
        /// What the file says, for entries that do not say it, and for its own entries.
        var settings: Settings
        var stored: [String: StoredModel] = [:]
        /// How many changes of stored models are known here.
        var place: Int64 = 0
    }

    private let state: Mutex<State>
    private let catalog: Catalog
    private let rows: SQLiteModels
    private let log: Log
    /// `nil` where models are made by the file alone.
    private let box: SecretBox?
    private let turn = ChangeTurn()

    /// Models that were made over the API; more are a mistake.
    static let storedMax = 10_000

    init(settings: Settings, catalog: Catalog, rows: SQLiteModels, log: Log) {
        state = Mutex(State(settings: settings))
        self.catalog = catalog
        self.rows = rows
        self.log = log
        box =
            settings.storesModels
            ? settings.modelSalt.map { SecretBox(passphrase: $0.reveal()) } : nil
    }

    // MARK: - The file

    /// Puts the stored models beside those of the file; for start-up.
    func load() throws(StoreFailure) {
        guard let box else { return }
        if accept(try rows.load(), box) > 0 { replace() }
    }

    /// Has served what other processes have made, changed and deleted since the last look: the one
    /// before or after this one during a restart.
    /// - Returns: how many models they were.
    func absorb() async throws(GatewayError) -> Int {
        guard let box else { return 0 }
        await turn.enter()
        defer { turn.leave() }
        return try await refresh(box)
    }

    /// The same, within a turn.
    @discardableResult
    private func refresh(_ box: SecretBox) async throws(GatewayError) -> Int {
        let known = state.withLock { $0.place }
        guard let snapshot = try await rows.snapshot(after: known) else { return 0 }
        let count = accept(snapshot, box)
        if count > 0 { replace() }
        return count
    }

    /// Takes what is stored for what there is, and returns how many models are not as they were.
    private func accept(_ snapshot: SQLiteModels.Snapshot, _ box: SecretBox) -> Int {
        let known = state.withLock { $0.stored }
        var stored: [String: StoredModel] = [:]
        var changed = 0
        for row in snapshot.rows {
            if let same = known[row.id], same.stamp == row.stamp {
                stored[row.id] = same
                continue
            }
            guard let params = box.open(row.sealed, at: row.id).flatMap(ModelMembers.members) else {
                warn(row.id, "it was sealed with another LLM_GATEWAY_SALT_KEY")
                continue
            }
            changed += 1
            stored[row.id] = StoredModel(
                id: row.id, name: row.name, params: params,
                info: ModelMembers.members(Array(row.info.utf8)) ?? [:], stamp: row.stamp)
        }
        let gone = known.keys.count { stored[$0] == nil }
        state.withLock { state in
            state.stored = stored
            state.place = snapshot.place
        }
        return changed + gone
    }

    /// Keeps what this process has changed, and has it served. What another has changed just before
    /// is found at the next look.
    private func keep(_ model: StoredModel?, _ id: String, place: Int64) {
        state.withLock { state in
            state.stored[id] = model
            if place == state.place + 1 { state.place = place }
        }
        replace()
    }

    /// Puts what the file says in the place of what it said.
    func replace(file settings: Settings) -> (changed: Int, gone: Int) {
        state.withLock { $0.settings = settings }
        return replace()
    }

    /// Gives the catalog what is served. Calls in flight keep what they began with.
    @discardableResult
    private func replace() -> (changed: Int, gone: Int) {
        let (settings, stored) = state.withLock { ($0.settings, $0.stored) }
        let reader = StoredModelReader(settings)
        var drafts = settings.drafts
        let known = Set(settings.configured.map(\.deployment.id))
        for model in stored.values.sorted(by: { $0.id < $1.id }) {
            do throws(GatewayError) {
                if known.contains(model.id) {
                    warn(model.id, "the configuration file has a deployment of that id")
                } else {
                    drafts.append(try reader.read(model))
                }
            } catch {
                warn(model.id, error.message)
            }
        }
        let configured = ModelListSection.configured(drafts)
        return catalog.replace(
            deployments: configured.compactMap { $0.disabledReason == nil ? $0.deployment : nil },
            unable: configured.compactMap(\.unable),
            rules: settings.routing, createdAt: WallTime.system().seconds)
    }

    private func warn(_ id: String, _ why: String) {
        log.write(.warning, "a stored model is not served") { line in
            line.text("deployment", id)
            line.text("why", why)
        }
    }

    // MARK: - Changes

    func create(
        _ change: ModelChange, id wanted: String?, by caller: Caller
    ) async throws(GatewayError) -> StoredModel {
        let box = try requireBox()
        await turn.enter()
        defer { turn.leave() }
        try await refresh(box)
        let now = WallTime.system()
        var random = SystemRandomNumberGenerator()
        let id = wanted ?? CallID(at: now, using: &random).text
        let isTaken = state.withLock { state in
            state.stored[id] != nil || state.settings.configured.contains { $0.deployment.id == id }
        }
        if isTaken {
            throw GatewayError(
                .alreadyExists, origin: .client,
                message: "There is a deployment `\(id)` already; choose another model_info.id.")
        }
        guard state.withLock({ $0.stored.count }) < Self.storedMax else {
            throw GatewayError(
                .notNow, origin: .gateway,
                message: "There are \(Self.storedMax) stored models already, as many as there may "
                    + "be.")
        }
        var model = StoredModel(
            id: id, name: "", params: [:], info: [:],
            stamp: RecordStamp(createdAt: now, createdBy: caller.author))
        model.apply(change)
        return try await put(model, .create, box, by: caller)
    }

    func update(
        _ id: String, _ change: ModelChange, by caller: Caller
    ) async throws(GatewayError) -> StoredModel {
        let box = try requireBox()
        await turn.enter()
        defer { turn.leave() }
        try await refresh(box)
        var model = try stored(id)
        model.apply(change)
        model.stamp = model.stamp.changed(at: WallTime.system(), by: caller.author)
        return try await put(model, .update, box, by: caller)
    }

    func delete(_ id: String, by caller: Caller) async throws(GatewayError) {
        let box = try requireBox()
        await turn.enter()
        defer { turn.leave() }
        try await refresh(box)
        _ = try stored(id)
        let place = try await rows.delete(id, audit: entry(.delete, id, by: caller))
        keep(nil, id, place: place)
    }

    /// Checks a model, writes it, and has it served.
    private func put(
        _ model: StoredModel, _ action: AuditEntry.Action, _ box: SecretBox, by caller: Caller
    ) async throws(GatewayError) -> StoredModel {
        _ = try StoredModelReader(state.withLock { $0.settings }).read(model)
        let row = SQLiteModels.Row(
            id: model.id, name: model.name,
            sealed: box.seal(Array(ModelMembers.object(model.params).utf8), at: model.id),
            info: ModelMembers.object(model.info), stamp: model.stamp)
        let place = try await rows.put(row, audit: entry(action, model.id, by: caller))
        keep(model, model.id, place: place)
        return model
    }

    private func stored(_ id: String) throws(GatewayError) -> StoredModel {
        let (model, isConfigured) = state.withLock { state in
            (
                state.stored[id],
                state.settings.configured.contains { $0.deployment.id == id }
            )
        }
        if let model { return model }
        if isConfigured {
            throw GatewayError(
                .notNow, origin: .client,
                message: "The deployment `\(id)` stands in the configuration file; change it there."
            )
        }
        throw GatewayError(
            .notFound, origin: .client,
            message: "There is no deployment `\(id)` here; GET /model/info lists them.")
    }

    private func requireBox() throws(GatewayError) -> SecretBox {
        if let box { return box }
        throw GatewayError(
            .notNow, origin: .client,
            message: "Models are made by the configuration file alone here. To make them over the "
                + "API set general_settings.store_model_in_db: true, and LLM_GATEWAY_SALT_KEY in "
                + "the environment, with which provider keys are encrypted.")
    }

    private func entry(
        _ action: AuditEntry.Action, _ id: String, by caller: Caller
    ) -> AuditEntry {
        AuditEntry(
            at: WallTime.system(), author: caller.principal.name,
            authorKeyID: caller.principal.keyID, onBehalfOf: caller.onBehalfOf, action: action,
            object: .model, objectID: id)
    }
}
