using System.Net;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Testing.Netns;

/// <summary>A pod: a namespace with eth0, one address of each family, and a cgroup of its own below that of its node.</summary>
public sealed record PodNetns(string Name, string Netns, IPAddress IPv4, IPAddress IPv6, ProcessPlace Place)
{
    /// <summary>Runs ip with these commands in the pod.</summary>
    public void Configure(params IReadOnlyList<string> commands) => Ip.Batch(Netns, commands);

    /// <summary>The pod's address of the family of <paramref name="other"/>.</summary>
    public IPAddress AddressLike(IPAddress other) => other.AddressFamily == IPv4.AddressFamily ? IPv4 : IPv6;
}
