import ArgumentParser

/// `llm-gateway import`: what other gateways keep, taken over.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import", abstract: "Take over keys, teams, users and budgets.",
        discussion: "Example: llm-gateway import litellm --from litellm.sql --dry-run",
        subcommands: [ImportLiteLLMCommand.self])
}
