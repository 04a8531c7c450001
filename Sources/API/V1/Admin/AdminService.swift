import CGatewayProto
import GRPC
import GatewayCore
import Transport

/// AdminService of the contract: teams, users, keys and budgets, and what was spent.
///
/// Whatever it does, Administration does: what a key may do here is what it may do on LiteLLM's
/// paths.
enum AdminService {
    static let name = "llmgateway.v1.AdminService"

    static var methods: [AdminMethod] { teams + users + keys + budgets + spend }

    /// The service for one loop.
    static func make(
        _ sources: AdminSources, pipeline: Pipeline, clock: any Clock
    ) -> GRPCService {
        GRPCService(
            name: name,
            methods: methods.map { method in
                GRPCMethod(method.name, .unary, isSideEffectFree: method.onlyReads) {
                    call throws(GRPCStatusError) in
                    try await method.serve(call, sources, pipeline: pipeline, clock: clock)
                }
            })
    }

    private static var teams: [AdminMethod] {
        [
            AdminMethod("CreateTeam", .admin, of: "team", AdminTypes.createTeam, AdminTeams.create),
            AdminMethod(
                "GetTeam", .anyKey, onlyReads: true, of: "team",
                AdminTypes.getTeam, AdminTeams.get),
            AdminMethod(
                "ListTeams", .anyKey, onlyReads: true, of: "team",
                AdminTypes.listTeams, AdminTeams.list),
            AdminMethod(
                "UpdateTeam", .writer, of: "team", AdminTypes.updateTeam, AdminTeams.update),
            AdminMethod("DeleteTeam", .admin, of: "team", AdminTypes.deleteTeam, AdminTeams.delete),
            AdminMethod(
                "AddTeamMember", .writer, of: "team", AdminTypes.addTeamMember, AdminMembers.add),
            AdminMethod(
                "RemoveTeamMember", .writer, of: "team", AdminTypes.removeTeamMember,
                AdminMembers.remove),
            AdminMethod(
                "ListTeamMembers", .anyKey, onlyReads: true, of: "team",
                AdminTypes.listTeamMembers,
                AdminMembers.list),
        ]
    }

    private static var users: [AdminMethod] {
        [
            AdminMethod("CreateUser", .admin, of: "user", AdminTypes.createUser, AdminUsers.create),
            AdminMethod(
                "GetUser", .anyKey, onlyReads: true, of: "user",
                AdminTypes.getUser, AdminUsers.get),
            AdminMethod(
                "ListUsers", .viewer, onlyReads: true, of: "user",
                AdminTypes.listUsers, AdminUsers.list),
            AdminMethod(
                "UpdateUser", .writer, of: "user", AdminTypes.updateUser, AdminUsers.update),
            AdminMethod("DeleteUser", .admin, of: "user", AdminTypes.deleteUser, AdminUsers.delete),
        ]
    }

    private static var keys: [AdminMethod] {
        [
            AdminMethod(
                "CreateApiKey", .writer, of: "api_key", AdminTypes.createApiKey, AdminKeys.create),
            AdminMethod(
                "GetApiKey", .anyKey, onlyReads: true, of: "api_key",
                AdminTypes.getApiKey, AdminKeys.get),
            AdminMethod(
                "ListApiKeys", .anyKey, onlyReads: true, of: "api_key",
                AdminTypes.listApiKeys, AdminKeys.list),
            AdminMethod(
                "UpdateApiKey", .writer, of: "api_key", AdminTypes.updateApiKey, AdminKeys.update),
            AdminMethod(
                "BlockApiKey", .writer, of: "api_key", AdminTypes.blockApiKey, AdminKeys.block),
            AdminMethod(
                "UnblockApiKey", .writer, of: "api_key", AdminTypes.unblockApiKey, AdminKeys.unblock
            ),
            AdminMethod(
                "RotateApiKey", .writer, of: "api_key", AdminTypes.rotateApiKey, AdminKeys.rotate),
            AdminMethod(
                "RevokeApiKey", .writer, of: "api_key", AdminTypes.revokeApiKey, AdminKeys.revoke),
        ]
    }

    private static var budgets: [AdminMethod] {
        [
            AdminMethod(
                "CreateBudget", .admin, of: "budget", AdminTypes.createBudget, AdminBudgets.create),
            AdminMethod(
                "GetBudget", .viewer, onlyReads: true, of: "budget",
                AdminTypes.getBudget, AdminBudgets.get),
            AdminMethod(
                "ListBudgets", .viewer, onlyReads: true, of: "budget",
                AdminTypes.listBudgets,
                AdminBudgets.list),
            AdminMethod(
                "UpdateBudget", .admin, of: "budget", AdminTypes.updateBudget, AdminBudgets.update),
            AdminMethod(
                "DeleteBudget", .admin, of: "budget", AdminTypes.deleteBudget, AdminBudgets.delete),
        ]
    }

    private static var spend: [AdminMethod] {
        [
            AdminMethod(
                "QuerySpend", .anyKey, onlyReads: true, of: "spend",
                AdminTypes.querySpend, AdminSpend.query)
        ]
    }
}
