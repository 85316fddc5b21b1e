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
}

/// <param name="Named">The range to name in an advice; null: not known.</param>
internal sealed record ForwardedPacket(ForwardedKind Kind, IPNetwork? Named, NewConnection Packet);

/// <summary>The packets to go by the rules with: those at the hook forward, and the same at prerouting.</summary>
internal static class ForwardedPackets
{
    /// <summary>Rules are about ranges and kinds of devices, so a few pods of a family stand for all that send.</summary>
    private const int MaxSenders = 4;

    public static IEnumerable<ForwardedPacket> Of(FirewallSurroundings around)
    {
        var forwarded = around.Pods.Count == 0 ? Unknown(around)
            : around.Pods.SelectMany(p => FromOutside(around, p)).Concat(Families.SelectMany(f => FromPods(around, f)));
        return forwarded.SelectMany(f => (ForwardedPacket[])
            [f, f with { Packet = f.Packet with { Hook = NetfilterHook.Prerouting, Outputs = [] } }]);
    }

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
            yield return new ForwardedPacket(ForwardedKind.ToPods, pod.Named,
                new NewConnection(family, NetfilterHook.Forward, pod.Addresses, null)
                {
                    Inputs = Listed(input), Outputs = Listed(pod.Device), NotOutside = ranges,
                });
            yield return new ForwardedPacket(ForwardedKind.Answers, pod.Named, new NewConnection(family, NetfilterHook.Forward, null, null)
            {
                Source = pod.Addresses, Inputs = Listed(pod.Device), Outputs = Listed(input), NotOutside = ranges,
                IsAnswer = true,
            });
        }
    }

    private static IEnumerable<ForwardedPacket> FromPods(FirewallSurroundings around, AddressFamily family) =>
        from sender in around.Pods.Where(p => p.Named.BaseAddress.AddressFamily == family).Take(MaxSenders)
        from receiver in around.Pods.Concat(around.RemotePods)
        // Pods of one bridge reach each other over it.
        where receiver.Named.BaseAddress.AddressFamily == family && receiver.Device != sender.Device
        select new ForwardedPacket(ForwardedKind.OfPods, receiver.Named,
            new NewConnection(family, NetfilterHook.Forward, receiver.Addresses, null)
            {
                Source = sender.Addresses, Inputs = Listed(sender.Device), Outputs = Listed(receiver.Device),
            });

    private static IReadOnlyList<(string Name, int Index)> Listed((string Name, int Index)? device) => device is { } one ? [one] : [];
}
