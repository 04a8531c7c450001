/// What routing knows of a deployment by its configuration.
public struct DeploymentTraits: Equatable, Sendable {
    /// Deployments of a lower order are tried before those of a higher one.
    public var order = Int.max
    /// What requests choose it by.
    public var tags: [String] = []
    /// Groups that keys may be allowed instead of models: LiteLLM's `model_info.access_groups`.
    public var accessGroups: [String] = []
    /// The longest prompt; `nil` when not known.
    public var inputTokensMax: Int?
    /// Whether it can use tools, and see or hear; `nil` when not known.
    public var takesTools: Bool?
    public var takesMedia: Bool?
    /// Failures that are let pass before it is left alone; wins over the rules of all.
    public var allowedFails = KindCounts()
    /// How long it is left alone; wins over the rules of all. Zero: never.
    public var cooldownTime: Duration?
    /// Whether parameters that it does not support are left out, instead of refused.
    public var dropsUnsupportedParams = false

    /// How it is checked.
    public var check = CheckTraits()

    public init() {}
}
