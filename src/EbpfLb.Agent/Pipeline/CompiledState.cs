using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Pipeline;

/// <summary>A table and what it was compiled from.</summary>
internal sealed record CompiledState(ClusterSnapshot Snapshot, PolicyOptions Options, ForwardingTable Table);
