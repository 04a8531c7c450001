import CGatewayProto
import GRPC
import GatewayCore

/// The methods of memberships.
enum AdminMembers {
    static func add(
        _ call: AdminCall, _ request: Llmgateway__V1__AddTeamMemberRequest
    ) async throws(GatewayError) {
        let fields = AdminFields("member")
        let given = try fields.require(request.member)
        let teamID = try ResourceName.id(request.name, ResourceName.teams)
        let userID = try ResourceName.id(given.user, ResourceName.users, field: "member.user")
        let isAdmin = given.role == LLMGATEWAY__V1__TEAM_ROLE__TEAM_ROLE_ADMIN
        let member = try await call.administration.updateMember(
            userID, of: teamID, makesIt: true, by: call.caller
        ) { (settings) throws(GatewayError) in settings.isAdmin = isAdmin }
        call.respond(AdminTypes.addTeamMemberResponse) { $0.member = call.records.member(member) }
    }

    static func remove(
        _ call: AdminCall, _ request: Llmgateway__V1__RemoveTeamMemberRequest
    ) async throws(GatewayError) {
        let teamID = try ResourceName.id(request.name, ResourceName.teams)
        let userID = try ResourceName.id(request.user, ResourceName.users, field: "user")
        try await call.administration.removeMember(
            userID, of: teamID, revokesKeys: request.revoke_keys != 0, by: call.caller)
        call.respond(AdminTypes.removeTeamMemberResponse)
    }

    static func list(
        _ call: AdminCall, _ request: Llmgateway__V1__ListTeamMembersRequest
    ) async throws(GatewayError) {
        let teamID = try ResourceName.id(request.name, ResourceName.teams)
        let query = try PageQuery(size: request.page_size, token: request.page_token)
        let members = try call.administration.members(of: teamID, by: call.caller)
        let page = query.page(of: members) { $0.userID }
        call.respond(AdminTypes.listTeamMembersResponse) { response in
            response.n_members = page.items.count
            response.members = call.records.arena.array(
                page.items.map { Optional(call.records.member($0)) })
            response.next_page_token = call.records.arena.text(page.next)
        }
    }
}
