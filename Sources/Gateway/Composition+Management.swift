import API
import GatewayCore
import GatewayPrimitives
import Storage
import Transport

extension Composition {
    /// The routes of the management, made for one loop.
    func managementGroups(
        pipeline: Pipeline, clock: any Clock, probe: DeploymentProbe
    ) -> [ManagementGroup] {
        let reports = SQLiteReports(store: store)
        return [
            .keys(administration),
            .teams(administration),
            .users(administration),
            .budgets(administration),
            .customers(administration),
            .resets(administration),
            .spend(
                reports: reports, directory: administration.directory, catalog: catalog,
                budgetOfAll: settings.budgetsOfAll.compactMap(\.max).first,
                names: DirectoryNames(administration)),
            .health(
                HealthChecks(
                    catalog: catalog, readiness: readiness, reports: reports, probe: probe,
                    tallies: gates, clock: clock, version: Version.text)),
            .models(models),
            .modelInfo(models: { pipeline.models(for: $0) }),
            .router(catalog: catalog, clock: clock),
        ]
    }

    /// What tries deployments on one loop: its calls are in the ledger, and held to no limit of
    /// anybody's.
    func makeProbe(
        _ providers: [ProviderKind: any Provider], _ observer: any Observer, _ clock: any Clock,
        seed: UInt64
    ) -> DeploymentProbe {
        DeploymentProbe(
            providers: providers, observer: observer,
            accountant: Accountant(
                directory: KeyRing([:]), ledger: ledger, limits: SlidingLimits(),
                rules: settings.accounting, clock: clock),
            clock: clock, timeout: settings.timeoutHealthCheck, seed: seed)
    }

    /// Sees on a loop what other processes change in the directory and in the stored models. To be
    /// kept as long as the loop runs.
    func watchDirectory(on loop: EventLoop) -> DirectoryWatch {
        DirectoryWatch(
            loop: loop, administration: administration, models: models,
            interval: settings.directoryPoll, log: log)
    }

    /// Deletes old rows of the ledger from time to time, on a loop; `nil` where they are kept for
    /// ever. To be kept as long as the loop runs.
    func sweepRows(on loop: EventLoop) -> RetentionSweep? {
        settings.retention.map { retention in
            RetentionSweep(loop: loop, store: store, retention: retention, log: log)
        }
    }
}

extension Settings {
    /// What the whole gateway is held to.
    var standingOfAll: Standing {
        Standing(.global, name: "gateway", limits: limitsOfAll, budgets: budgetsOfAll)
    }
}
