import ArgumentParser

/// Where a command finds the database.
struct StoreOptions: ParsableArguments {
    @Option(help: "The gateway's configuration, for the place of its database.")
    var config: String?

    @Option(help: "Where the gateway keeps its files.")
    var dataDir: String?

    @Option(help: "The database itself.")
    var database: String?

    /// Its path: what is named most closely wins.
    var path: String {
        if let database { return database }
        if let dataDir { return dataDir + "/llm-gateway.db" }
        let settings = settings
        return settings.databasePath ?? settings.dataDirectory + "/llm-gateway.db"
    }

    /// Where the locks of the processes are that serve from it.
    var instances: String { (dataDir ?? settings.dataDirectory) + "/instances" }

    private var settings: Settings {
        guard let config else { return Settings() }
        return ConfigLoader(
            environment: ProcessEnvironment.variables, readFile: File.read
        ).load(config).settings
    }
}
