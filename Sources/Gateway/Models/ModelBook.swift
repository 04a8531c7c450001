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
        var stored: [String: StoredModel] = [:]
        for row in try rows.load() {
            guard let params = box.open(row.sealed, at: row.id).flatMap(Self.members) else {
                warn(row.id, "it was sealed with another LLM_GATEWAY_SALT_KEY")
                continue
            }
            stored[row.id] = StoredModel(
                id: row.id, name: row.name, params: params,
                info: Self.members(Array(row.info.utf8)) ?? [:], stamp: row.stamp)
        }
        guard !stored.isEmpty else { return }
        state.withLock { $0.stored = stored }
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
        var model = try stored(id)
        model.apply(change)
        model.stamp = model.stamp.changed(at: WallTime.system(), by: caller.author)
        return try await put(model, .update, box, by: caller)
    }

    func delete(_ id: String, by caller: Caller) async throws(GatewayError) {
        _ = try requireBox()
        await turn.enter()
        defer { turn.leave() }
        _ = try stored(id)
        try await rows.delete(id, audit: entry(.delete, id, by: caller))
        state.withLock { $0.stored[id] = nil }
        replace()
    }

    /// Checks a model, writes it, and has it served.
    private func put(
        _ model: StoredModel, _ action: AuditEntry.Action, _ box: SecretBox, by caller: Caller
    ) async throws(GatewayError) -> StoredModel {
        _ = try StoredModelReader(state.withLock { $0.settings }).read(model)
        let row = SQLiteModels.Row(
            id: model.id, name: model.name,
            sealed: box.seal(Array(Self.object(model.params).utf8), at: model.id),
            info: Self.object(model.info), stamp: model.stamp)
        try await rows.put(row, audit: entry(action, model.id, by: caller))
        state.withLock { $0.stored[model.id] = model }
        replace()
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

    // MARK: - JSON

    /// An object of members whose values are JSON.
    private static func object(_ members: [String: String]) -> String {
        let values = members.compactMapValues { json in
            try? JSONSerialization.jsonObject(
                with: Data(json.utf8), options: [.fragmentsAllowed])
        }
        return text(values) ?? "{}"
    }

    private static func text(_ value: Any) -> String? {
        let options: JSONSerialization.WritingOptions = [
            .fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes,
        ]
        return (try? JSONSerialization.data(withJSONObject: value, options: options)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }

    private static func members(_ json: [UInt8]) -> [String: String]? {
        let value = try? JSONSerialization.jsonObject(with: Data(json))
        return (value as? [String: Any])?.compactMapValues(text)
    }
}
