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
        var settings = Settings()
        if let config {
            let loader = ConfigLoader(
                environment: ProcessEnvironment.variables, readFile: File.read)
            settings = loader.load(config).settings
        }
        if let dataDir { return dataDir + "/llm-gateway.db" }
        return settings.databasePath ?? settings.dataDirectory + "/llm-gateway.db"
    }
}
