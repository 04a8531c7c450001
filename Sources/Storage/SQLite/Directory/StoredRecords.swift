import GatewayCore
import GatewayPrimitives

// The settings of each kind of record; see StoredSettings.

struct StoredRecords {
    struct Key: StoredSettings {
        var keyAlias: String?
        var displayName: String?
        var teamId: String?
        var userId: String?
        var keyType: String?
        var role: String?
        var blocked: Bool?
        var expires: Int64?
        var models: [String]?
        var aliases: [String: String]?
        var tags: [String]?
        var metadata: String?
        var allowance: StoredAllowance?

        init(_ settings: KeySettings) {
            keyAlias = settings.alias
            displayName = settings.displayName
            teamId = settings.teamID
            userId = settings.userID
            keyType = settings.routes == .all ? nil : settings.routes.rawValue
            role = settings.role?.rawValue
            blocked = settings.isBlocked ? true : nil
            expires = settings.expiresAt?.nanoseconds
            models = settings.models.unlessEmpty
            aliases = settings.modelAliases.isEmpty ? nil : settings.modelAliases
            tags = settings.tags.unlessEmpty
            metadata = settings.metadata
            allowance = StoredAllowance(settings.allowance)
        }

        var settings: KeySettings {
            var settings = KeySettings()
            settings.alias = keyAlias
            settings.displayName = displayName
            settings.teamID = teamId
            settings.userID = userId
            settings.routes = keyType.flatMap(KeyRoutes.init(rawValue:)) ?? .all
            settings.role = role.flatMap(Role.init(rawValue:))
            settings.isBlocked = blocked ?? false
            settings.expiresAt = expires.map { WallTime(nanoseconds: $0) }
            settings.models = models ?? []
            settings.modelAliases = aliases ?? [:]
            settings.tags = tags ?? []
            settings.metadata = metadata ?? "{}"
            settings.allowance = allowance?.settings ?? Allowance()
            return settings
        }
    }

    struct Retired: Codable {
        var hash: String
        var until: Int64

        init(_ secret: RetiredSecret) {
            hash = secret.hash.hexadecimal
            until = secret.until.nanoseconds
        }

        var secret: RetiredSecret? {
            KeyHash(hexadecimal: hash).map {
                RetiredSecret(hash: $0, until: WallTime(nanoseconds: until))
            }
        }
    }

    struct Team: StoredSettings {
        var teamAlias: String?
        var blocked: Bool?
        var models: [String]?
        var tags: [String]?
        var metadata: String?
        var allowance: StoredAllowance?
        var teamMember: StoredAllowance?
        var teamMemberPermissions: [String]?

        init(_ settings: TeamSettings) {
            teamAlias = settings.alias
            blocked = settings.isBlocked ? true : nil
            models = settings.models.unlessEmpty
            tags = settings.tags.unlessEmpty
            metadata = settings.metadata
            allowance = StoredAllowance(settings.allowance)
            teamMember = StoredAllowance(settings.memberAllowance)
            teamMemberPermissions = settings.memberPermissions.unlessEmpty
        }

        var settings: TeamSettings {
            var settings = TeamSettings()
            settings.alias = teamAlias
            settings.isBlocked = blocked ?? false
            settings.models = models ?? []
            settings.tags = tags ?? []
            settings.metadata = metadata ?? "{}"
            settings.allowance = allowance?.settings ?? Allowance()
            settings.memberAllowance = teamMember?.settings ?? Allowance()
            settings.memberPermissions = teamMemberPermissions ?? []
            return settings
        }
    }

    struct Member: StoredSettings {
        var admin: Bool?
        var allowedModels: [String]?
        var allowance: StoredAllowance?

        init(_ settings: MembershipSettings) {
            admin = settings.isAdmin ? true : nil
            allowedModels = settings.models.unlessEmpty
            allowance = StoredAllowance(settings.allowance)
        }

        var settings: MembershipSettings {
            var settings = MembershipSettings()
            settings.isAdmin = admin ?? false
            settings.models = allowedModels ?? []
            settings.allowance = allowance?.settings ?? Allowance()
            return settings
        }
    }

    struct User: StoredSettings {
        var userAlias: String?
        var userEmail: String?
        var ssoUserId: String?
        var userRole: String?
        var blocked: Bool?
        var models: [String]?
        var keyCountMax: Int?
        var metadata: String?
        var allowance: StoredAllowance?

        init(_ settings: UserSettings) {
            userAlias = settings.alias
            userEmail = settings.email
            ssoUserId = settings.externalID
            userRole = settings.role.rawValue
            blocked = settings.isBlocked ? true : nil
            models = settings.models.unlessEmpty
            keyCountMax = settings.keyCountMax
            metadata = settings.metadata
            allowance = StoredAllowance(settings.allowance)
        }

        var settings: UserSettings {
            var settings = UserSettings()
            settings.alias = userAlias
            settings.email = userEmail
            settings.externalID = ssoUserId
            // A role that is not known here allows nothing but to see one's own.
            settings.role = userRole.map { Role(rawValue: $0) ?? .userViewer } ?? .user
            settings.isBlocked = blocked ?? false
            settings.models = models ?? []
            settings.keyCountMax = keyCountMax
            settings.metadata = metadata ?? "{}"
            settings.allowance = allowance?.settings ?? Allowance()
            return settings
        }
    }

    struct Customer: StoredSettings {
        var alias: String?
        var blocked: Bool?
        var allowance: StoredAllowance?

        init(_ settings: CustomerSettings) {
            alias = settings.alias
            blocked = settings.isBlocked ? true : nil
            allowance = StoredAllowance(settings.allowance)
        }

        var settings: CustomerSettings {
            var settings = CustomerSettings()
            settings.alias = alias
            settings.isBlocked = blocked ?? false
            settings.allowance = allowance?.settings ?? Allowance()
            return settings
        }
    }
}

extension Array {
    fileprivate var unlessEmpty: Self? { isEmpty ? nil : self }
}
