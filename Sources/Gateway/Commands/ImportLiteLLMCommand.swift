import ArgumentParser
import GatewayCore
import GatewayPrimitives
import Storage
import Telemetry

/// `llm-gateway import litellm`
struct ImportLiteLLMCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "litellm",
        abstract: "Take over LiteLLM's keys, teams, users, customers and budgets from a dump.",
        discussion: """
            Example: llm-gateway import litellm --from litellm.sql --dry-run
            A dump is the SQL that pg_dump writes of LiteLLM's database, or answers of its \
            endpoints as JSON, such as /key/list?return_full_object=true, /team/list, /user/list \
            and /budget/list. Keys go on working: their hashes are taken over. All of it is \
            written, or nothing; what is here already stays as it is. No gateway may serve from \
            the database meanwhile.
            """)

    @OptionGroup var store: StoreOptions

    @Option(name: .customLong("from"), help: "The dump; several files by several --from.")
    var files: [String]

    @Flag(help: "Say what would be taken, and write nothing.")
    var dryRun = false

    @Flag(
        help: "Take records without fields that would not be kept here, instead of skipping them.")
    var allowLoss = false

    @Flag(help: "The report as JSON.")
    var json = false

    /// Larger dumps are refused; they hold more than the tables that are read.
    static let dumpBytesMax = 1 << 30

    func run() throws {
        let dump: LiteLLMDump
        do { dump = try read() } catch {
            Output.problem("llm-gateway: \(error.message)")
            throw ExitCode(ExitStatus.refused)
        }
        do throws(StoreFailure) {
            let plan = try take(dump)
            Output.line(json ? plan.report.json : plan.report.lines.joined(separator: "\n"))
            if dryRun, !json { Output.line("dry run: nothing was written") }
        } catch {
            Output.problem("llm-gateway: \(error)")
            throw ExitCode(ExitStatus.unavailable)
        }
    }

    private func read() throws(LiteLLMDump.Fault) -> LiteLLMDump {
        var dump = LiteLLMDump()
        for file in files {
            let text: String
            do throws(FileError) {
                text = try File.read(file, bytesMax: Self.dumpBytesMax)
            } catch {
                throw LiteLLMDump.Fault(message: error.description)
            }
            try dump.add(text, of: file)
        }
        if dump.isEmpty { throw LiteLLMDump.Fault(message: "the dump has no records") }
        return dump
    }

    /// Plans the import against what the database has, and writes it unless it is a trial.
    private func take(_ dump: LiteLLMDump) throws(StoreFailure) -> LiteLLMImport {
        let path = store.path
        let now = WallTime.system()
        let exists = File.exists(path)
        if exists {
            try StoreFile.requireUnserved(path, instances: store.instances)
        }
        if dryRun {
            var plan = LiteLLMImport(
                into: exists ? try StoreFile.directory(path) : [], at: now, allowsLoss: allowLoss)
            plan.take(dump)
            return plan
        }
        if !exists { try makeFolder(of: path) }
        let store = try SQLiteStore(path: path, durability: .full)
        let directory = SQLiteDirectory(store: store)
        var plan = LiteLLMImport(into: try directory.load(), at: now, allowsLoss: allowLoss)
        plan.take(dump)
        try directory.write(plan.directory.change, spent: plan.directory.spent)
        try store.close()
        return plan
    }

    private func makeFolder(of path: String) throws(StoreFailure) {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        guard !folder.isEmpty else { return }
        do throws(FileError) {
            try File.createPrivateFolder(folder.joined(separator: "/"))
        } catch {
            throw StoreFailure(.readOnly, error.description)
        }
    }
}
