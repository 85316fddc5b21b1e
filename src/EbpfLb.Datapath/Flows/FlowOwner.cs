namespace EbpfLb.Datapath.Flows;

/// <summary>Whom a flow is counted for.</summary>
/// <param name="Backend">As the flow has it: when the backend is gone, its id may be another one's.</param>
public readonly record struct FlowOwner(uint ServiceId, uint BackendId, FlowEndpoint Backend);
