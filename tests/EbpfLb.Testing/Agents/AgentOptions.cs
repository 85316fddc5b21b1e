using EbpfLb.Testing.Cgroups;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Testing.Agents;

/// <summary>How an agent is started.</summary>
/// <param name="Binary">The executable.</param>
/// <param name="Node">Its namespace; the cgroup of the node is the root of its hooks.</param>
/// <param name="Source">Options that say where objects come from, such as --manifests DIR.</param>
public sealed record AgentOptions(string Binary, NodeNetns Node, params IReadOnlyList<string> Source)
{
    /// <summary>Root of its hooks, if not the cgroup of the node; the agent runs below it.</summary>
    public CgroupScope? CgroupRoot { get; init; }

    /// <summary>What the executable is started by, such as setpriv with its options; it must end in exec.</summary>
    public IReadOnlyList<string> Prefix { get; init; } = [];

    /// <summary>Further options of <c>run</c>.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];
}
