using EbpfLb.Testing.Netns;

namespace EbpfLb.Testing.Agents;

/// <summary>
/// XDP=driver (or generic) in the environment of `make attack` and `make company`: the same with XDP. Clients and pods finish their
/// checksums then, and the other ends of the nodes' devices take frames, as network cards do.
/// </summary>
public static class XdpChoice
{
    /// <summary>"driver", "generic"; "": off.</summary>
    public static string Mode { get; } = Environment.GetEnvironmentVariable("XDP") ?? "";

    /// <summary>For the agent.</summary>
    public static IReadOnlyList<string> Options { get; } = Mode.Length == 0 ? [] : ["--xdp", Mode, "--sync-period", "1s"];

    /// <param name="router">Its ends of the nodes' links have the names of the nodes.</param>
    /// <param name="pods">Clients are pods, too.</param>
    public static void Prepare(RouterNetns router, IEnumerable<NodeNetns> nodes, IEnumerable<PodNetns> pods)
    {
        if (Mode.Length == 0) return;
        foreach (var node in nodes)
        {
            Offloads.Receive(router.Place.NetnsPath!, node.Name);
            Offloads.NoChecksums(node.Place.NetnsPath!, "eth0");
        }
        foreach (var pod in pods) Offloads.NoChecksums(pod.Place.NetnsPath!, "eth0");
    }
}
