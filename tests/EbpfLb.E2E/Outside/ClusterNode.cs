using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Outside;

/// <summary>A node of a <see cref="TestCluster"/>: its agent, its pods, and a probe among its host processes.</summary>
/// <param name="Pods">Backend pods; their servers answer "NAME@ADDRESS" with the client's address as they see it.</param>
public sealed record ClusterNode(NodeNetns Netns, AgentProcess Agent, NetProbe Host, IReadOnlyList<PodNetns> Pods)
{
    public string Name => Netns.Name;

    public string Address(Family family) => (family == Family.IPv6 ? Netns.IPv6 : Netns.IPv4).ToString();
}
