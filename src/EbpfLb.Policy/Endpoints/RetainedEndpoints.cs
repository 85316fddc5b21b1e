namespace EbpfLb.Policy.Endpoints;

/// <summary>Which endpoints that are in no list keep the flows and sockets that they have; what leads to any other is ended.</summary>
internal enum RetainedEndpoints
{
    /// <summary>Nobody asks: connections end by themselves.</summary>
    None,

    /// <summary>Those that serve, terminating or not: of UDP ports (docs/contract.md 12).</summary>
    Serving,

    /// <summary>Those that exist, whatever their conditions: of TCP ports whose connections are ended with their backend.</summary>
    All,
}
