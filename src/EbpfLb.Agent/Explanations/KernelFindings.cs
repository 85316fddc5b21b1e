using System.Net;
using EbpfLb.Agent.Control;
using EbpfLb.Agent.Kernel;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Probes;
using EbpfLb.Explain;
using EbpfLb.Model;
using EbpfLb.Netlink;
using EbpfLb.Netlink.Network;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Explanations;

/// <summary>
/// Reads what the kernel of this machine holds about a connection, and runs the real program on its first packet. Changes nothing.
/// </summary>
internal static class KernelFindings
{
    /// <param name="report">What the agent says; null when none answers.</param>
    /// <param name="isPacket">The connection is translated packet by packet.</param>
    /// <exception cref="BpfException">The maps cannot be read.</exception>
    public static async Task<KernelReport> ReadAsync(
        DatapathOptions options, IInstanceView view, Flow flow, ExplainReport? report, bool isPacket, CancellationToken cancellationToken)
    {
        var frontends = Inspection.Read(options) ?? [];
        var found = Find(frontends, flow, report);
        var remembered = found is { AffinitySeconds: > 0 } ? AffinityEntry.Find(options, found.ServiceId, flow.From) : null;
        var flows = await view.Flows.ListAsync(
            new FlowQuery(flow.Protocol.ToText().ToLowerInvariant(), flow.From.ToString(),
                new BackendAddress(flow.To, flow.Port).ToString(), Limit: 5), cancellationToken);
        var status = await view.StatusAsync(cancellationToken);
        List<string> stale = [];
        if (report?.Frontend is { } key && found is null) stale.Add($"the agent's table has {key}, the kernel has not");
        if (report is not null && found is not null)
        {
            Compare("Cluster", report.Cluster, found.Cluster, stale);
            Compare("Local", report.Local, found.Local, stale);
        }
        var notRun = isPacket ? WhyNotRun(options, flow) ?? WhyBare(status, flow) : null;
        var packet = isPacket && notRun is null ? Probe(options, flow, remembered) : null;
        return new KernelReport(
            found is null ? null : EntryOf(options, found, flow, report?.IsLocal ?? found.LocalPolicy),
            remembered is null ? null : remembered.Backend?.ToString() ?? $"backend {remembered.Value.BackendId}, which is gone",
            flows.Flows, packet, notRun, status.NotReady, stale);
    }

    /// <summary>The agent says which frontend answers; without it the exact one does, else a NodePort.</summary>
    private static InspectedFrontend? Find(IReadOnlyList<InspectedFrontend> frontends, Flow flow, ExplainReport? report)
    {
        var asked = new Frontend(flow.To, flow.Port, flow.Protocol);
        if (report is not null) return frontends.FirstOrDefault(f => f.Frontend.ToString() == report.Frontend);
        return frontends.FirstOrDefault(f => f.Frontend == asked) ?? frontends.FirstOrDefault(f
            => f.Frontend == asked with { Address = IpAddress.Any(flow.To.Family) });
    }

    private static void Compare(string list, IReadOnlyList<string> compiled, IReadOnlyList<BackendAddress> held, List<string> stale)
    {
        var (there, here) = (held.Select(b => b.ToString()).ToHashSet(), compiled.ToHashSet());
        var missing = here.Except(there).Order(StringComparer.Ordinal).ToList();
        var extra = there.Except(here).Order(StringComparer.Ordinal).ToList();
        if (missing.Count > 0) stale.Add($"the kernel's {list} list lacks {string.Join(", ", missing)}");
        if (extra.Count > 0) stale.Add($"the kernel's {list} list still has {string.Join(", ", extra)}");
    }

    private static KernelEntry EntryOf(DatapathOptions options, InspectedFrontend found, Flow flow, bool isLocal) => new(
        found.ServiceId, found.Kind.ToString(), FrontendText.Policy(found.LocalPolicy), found.AffinitySeconds,
        [.. found.Cluster.Select(b => b.ToString())], [.. found.Local.Select(b => b.ToString())],
        found.Counters.Connections, found.Counters.Active, found.Counters.Datagrams, found.Counters.Refused)
    {
        Scheduler = found.Scheduler.ToText(),
        Counts = found.Scheduler is Scheduler.LeastConnection or Scheduler.WeightedLeastConnection or Scheduler.ShortestExpectedDelay
            or Scheduler.NeverQueue
            ? [.. found.Counted.Select(b => $"{b.Address} weight {b.Weight}, {b.Open} open of {b.Connections} connections")]
            : [],
        Place = PlaceOf(options, found, flow, isLocal),
    };

    private static string? PlaceOf(DatapathOptions options, InspectedFrontend found, Flow flow, bool isLocal)
    {
        IpAddress? hashed = found.Scheduler switch
        {
            Scheduler.SourceHash => flow.From,
            Scheduler.DestinationHash => flow.To,
            Scheduler.Maglev when found.AffinitySeconds > 0 => flow.From,
            _ => null,
        };
        if (hashed is not { } address || Inspection.FindPlace(options, found.Frontend, isLocal, address) is not { } place) return null;
        return $"of {address}: place {place.Place} of {place.Count}, {place.Backend?.ToString() ?? "where nothing usable stands"}";
    }

    private static KernelPacket? Probe(DatapathOptions options, Flow flow, AffinityEntry? remembered)
    {
        using var probe = PacketProbe.Open(options);
        if (probe is null || DeviceOf(flow) is not { } device) return null;
        if (remembered is not null) probe.Remember(remembered.Key, remembered.Value);
        var answer = probe.Run(flow.From, flow.Destination, device.Index);
        return new KernelPacket(
            device.Name, answer.Outcome.ToString().ToLowerInvariant(), answer.Source.ToString(), answer.Destination.ToString(),
            answer.IsDirect,
            [.. answer.Reasons.Select(r => ReasonName.Of(r.Reason))]) { Tunnel = answer.Tunnel?.ToString() };
    }

    /// <summary>
    /// The device that the flow's packets come in by: the one that was named, else by the routes; null: none, or it cannot be told from
    /// here.
    /// </summary>
    public static string? IngressOf(DatapathOptions options, Flow flow)
        => flow.IngressInterface ?? (WhyNotRun(options, flow) is null ? DeviceOf(flow)?.Name : null);

    /// <summary>Where no program is attached, none is run: it would translate what nobody translates.</summary>
    private static string? WhyBare(StatusReport status, Flow flow)
        => DeviceOf(flow) is { } device && status.Devices.FirstOrDefault(d => d.Index == device.Index) is { IngressProgram: 0 } bare
            ? $"not run: {bare.Name} has no program ({bare.Reason}), so what comes in by it is left alone"
            : null;

    /// <summary>Why the program would say nothing about the connection; null: it does.</summary>
    private static string? WhyNotRun(DatapathOptions options, Flow flow)
    {
        try
        {
            using var reader = NetworkReader.Open();
            if (HostNamespace.Cookie(options) is not 0 and var node && node != reader.NamespaceCookie())
                return "not run: this command is in another network namespace than the "
                    + "node's, with other devices; start it there (nsenter --net)";
            if (flow.IngressInterface is null
                && (flow.From.IsLoopback || reader.ReadAddresses().Any(a => flow.From.ToIPAddress().Equals(a.Local))))
                return "not run: packets of the node itself come in by no device";
            return null;
        }
        catch (NetlinkException)
        {
            return null;
        }
    }

    /// <summary>The device that was named; else the one that leads to the source, as its packets come in by that.</summary>
    private static Link? DeviceOf(Flow flow)
    {
        try
        {
            using var reader = NetworkReader.Open();
            var links = reader.ReadLinks();
            if (flow.IngressInterface is { } name) return links.FirstOrDefault(l => l.Name == name);
            var source = flow.From.ToIPAddress();
            var route = reader.ReadRoutes().Where(r => r.Type == RouteType.Unicast && r.Oif != 0 && r.Prefix.Contains(source))
                .OrderByDescending(r => r.Prefix.PrefixLength).ThenBy(r => r.Priority).FirstOrDefault();
            return links.FirstOrDefault(l => l.Index == route?.Oif) ?? links.FirstOrDefault(l
                => l.IsUp && !l.Flags.HasFlag(LinkFlags.Loopback));
        }
        catch (NetlinkException)
        {
            return null;
        }
    }
}
