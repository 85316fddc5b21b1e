using EbpfLb.Agent.Options;
using EbpfLb.Agent.Output;
using EbpfLb.Configuration;
using EbpfLb.Explain;
using EbpfLb.Model;

namespace EbpfLb.Agent.Explanations;

/// <summary>What `ebpflb explain` was asked, checked.</summary>
/// <param name="Flow">null: those of <paramref name="Flows"/>.</param>
/// <param name="Flows">A file, or "-".</param>
/// <param name="Config">A configuration file in place of <paramref name="Given"/>; null: none.</param>
/// <param name="Given">The options about the node over the defaults.</param>
/// <param name="Manifests">null: the instance is asked.</param>
internal sealed record ExplainOptions(
    InstanceOptions Instance,
    Flow? Flow,
    string? Flows,
    string? Manifests,
    string? NodeName,
    string? Config,
    LoadedConfig Given,
    IReadOnlyList<IpAddress> NodeAddresses,
    OutputFormat Format);
