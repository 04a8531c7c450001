import ArgumentParser
import Storage

/// `llm-gateway migrate`: the steps of the database's schema.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Bring the database's schema up to date, as `serve` does when it starts.",
        discussion: """
            Example: llm-gateway migrate --status
            With --status it shows the steps and changes nothing.
            """)

    @OptionGroup var store: StoreOptions

    @Flag(help: "Show which steps the database has.")
    var status = false

    func run() throws {
        do throws(StoreFailure) {
            if !status {
                try SQLiteStore(
                    path: store.path, durability: .normal, instances: store.instances
                ).close()
            }
            let (states, unknown) = try StoreFile.migrations(of: store.path)
            var table = TextTable(header: ["STEP", "STATE"])
            for state in states { table.add([state.name, state.isApplied ? "done" : "to do"]) }
            for name in unknown { table.add([name, "of a later version"]) }
            for line in table.lines { Output.line(line) }
        } catch {
            Output.problem("llm-gateway: \(error)")
            throw ExitCode(ExitStatus.unavailable)
        }
    }
}
