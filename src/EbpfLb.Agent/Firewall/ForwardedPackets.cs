using System.Net;
using System.Net.Sockets;
using EbpfLb.Netlink.Netfilter;

namespace EbpfLb.Agent.Firewall;

/// <summary>What has to pass the node's rules for Services to work, beside what is sent past them.</summary>
internal enum ForwardedKind
{
    /// <summary>What clients outside send to pods here.</summary>
    ToPods,

    /// <summary>
    /// What pods here send to other pods: sockets are given a backend's address at connect(), so a connection to a ClusterIP is one.
    /// </summary>
    OfPods,

    /// <summary>What pods here answer to clients outside.</summary>
    Answers,

    /// <summary>By which pods of one bridge find each other, of IPv6; ARP is not asked about.</summary>
    Solicitations,
}

/// <param name="Named">The range to name in an advice; null: not known.</param>
internal sealed record ForwardedPacket(ForwardedKind Kind, IPNetwork? Named, NewConnection Packet)
{
    /// <summary>
    /// The same of backends by themselves, for rules that are about single pods, as those of the CNI plugin firewall: where it is not known
    /// what becomes of all, these count.
    /// </summary>
    public IReadOnlyList<NewConnection> Exact { get; init; } = [];
}

/// <summary>The packets to go by the rules with: those at the hook forward, and the same at prerouting.</summary>
internal static class ForwardedPackets
{
    /// <summary>Rules are about ranges and kinds of devices, so a few pods of a family stand for all that send.</summary>
    private const int MaxSenders = 4;

    /// <summary>Of solicited-node addresses, to which pods ask for the link address of another (RFC 4291, 2.7.1).</summary>
    public static IPNetwork SolicitedNodes { get; } = IPNetwork.Parse("ff02::1:ff00:0/104");

    public static IEnumerable<ForwardedPacket> Of(FirewallSurroundings around)
    {
        var forwarded = around.Pods.Count == 0 ? Unknown(around)
            : around.Pods.SelectMany(p => FromOutside(around, p)).Concat(Families.SelectMany(f => FromPods(around, f)))
                .Concat(around.Pods.Where(p => p.IsFilteredBridge).SelectMany(Solicitations));
        return forwarded.SelectMany(f => (ForwardedPacket[])
            [f, f with { Packet = Prerouting(f.Packet), Exact = [.. f.Exact.Select(Prerouting)] }]);
    }

    private static NewConnection Prerouting(NewConnection packet) => packet with { Hook = NetfilterHook.Prerouting, Outputs = [] };

    private static AddressFamily[] Families => [AddressFamily.InterNetwork, AddressFamily.InterNetworkV6];

    private static IEnumerable<ForwardedPacket> Unknown(FirewallSurroundings around) => Families.Select(f => new ForwardedPacket(
        ForwardedKind.ToPods, null, new NewConnection(f, NetfilterHook.Forward, null, null) { Inputs = around.Inputs }));

    /// <summary>For each device by itself: what is let in by one need not be by another.</summary>
    private static IEnumerable<ForwardedPacket> FromOutside(FirewallSurroundings around, PodDestination pod)
    {
        var family = pod.Named.BaseAddress.AddressFamily;
        List<ByteRange> ranges = [.. around.Pods.Concat(around.RemotePods).Select(p => NewConnection.RangeOf(p.Named)).Distinct()];
        foreach (var input in around.Inputs.Count == 0 ? [null] : around.Inputs.Select(i => ((string, int)?)i))
        {
            var request = new NewConnection(family, NetfilterHook.Forward, pod.Addresses, null)
            {
                Inputs = Listed(input), Outputs = Listed(pod.Device), NotOutside = ranges,
            };
            yield return new ForwardedPacket(ForwardedKind.ToPods, pod.Named, request)
            {
                Exact = [.. pod.Backends.Select(b => request with { Destination = b })],
            };
            var answer = new NewConnection(family, NetfilterHook.Forward, null, null)
            {
                Source = pod.Addresses, Inputs = Listed(pod.Device), Outputs = Listed(input), NotOutside = ranges, IsAnswer = true,
            };
            yield return new ForwardedPacket(ForwardedKind.Answers, pod.Named, answer)
            {
                Exact = [.. pod.Backends.Select(b => answer with { Source = b })],
            };
        }
    }

    private static IEnumerable<ForwardedPacket> FromPods(FirewallSurroundings around, AddressFamily family) =>
        from sender in around.Pods.Where(p => p.Named.BaseAddress.AddressFamily == family).Take(MaxSenders)
        from receiver in around.Pods.Concat(around.RemotePods)
        // Pods of one bridge reach each other over it.
        where receiver.Named.BaseAddress.AddressFamily == family && (receiver.Device != sender.Device || sender.IsFilteredBridge)
        let packet = new NewConnection(family, NetfilterHook.Forward, receiver.Addresses, null)
        {
            Source = sender.Addresses, Inputs = Listed(sender.Device), Outputs = Listed(receiver.Device),
        }
        select new ForwardedPacket(ForwardedKind.OfPods, receiver.Named, packet)
        {
            Exact = [.. from source in sender.Backends.Take(MaxSenders)
                        from destination in receiver.Backends.Count > 0 ? receiver.Backends : [receiver.Addresses]
                        select packet with { Source = source, Destination = destination }],
        };

    private static IEnumerable<ForwardedPacket> Solicitations(PodDestination pods)
    {
        if (pods.Named.BaseAddress.AddressFamily != AddressFamily.InterNetworkV6) yield break;
        var packet = new NewConnection(AddressFamily.InterNetworkV6, NetfilterHook.Forward, NewConnection.RangeOf(SolicitedNodes), null)
        {
            Source = pods.Addresses, Inputs = Listed(pods.Device), Outputs = Listed(pods.Device), IsSolicitation = true,
        };
        yield return new ForwardedPacket(ForwardedKind.Solicitations, pods.Named, packet)
        {
            Exact = [.. pods.Backends.Select(b => packet with { Source = b })],
        };
    }

    private static IReadOnlyList<(string Name, int Index)> Listed((string Name, int Index)? device) => device is { } one ? [one] : [];
}
