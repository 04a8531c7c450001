import ArgumentParser
import Storage

/// `llm-gateway backup`: a copy of the database while a gateway serves from it.
struct BackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the database as it is at this moment; a gateway may go on serving.",
        discussion: """
            Example: llm-gateway backup --data-dir /var/lib/llm-gateway /backup/llm-gateway.db
            To restore it, stop the gateway and put the copy in the database's place, without the \
            old -wal and -shm files.
            """)

    @OptionGroup var store: StoreOptions

    @Argument(help: "The copy, which must not be there yet.")
    var file: String

    func run() throws {
        do throws(StoreFailure) {
            try StoreFile.backup(store.path, to: file)
        } catch {
            Output.problem("llm-gateway: \(error)")
            throw ExitCode(ExitStatus.unavailable)
        }
        Output.line("\(file) holds \(store.path) as of now")
    }
}
