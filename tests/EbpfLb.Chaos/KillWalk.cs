using System.Net;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Netns;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Chaos;

/// <summary>
/// A change is made again and again, and the agent killed before the first, second, third ... of its calls of a kind, until the change goes
/// through. At each moment the tables are usable (docs/architecture.md, publishing a service): while no agent runs, all else is served, and
/// the service itself by what it has before or after. The next agent finishes the change.
/// </summary>
internal sealed class KillWalk(Bed bed, KillOrder order)
{
    /// <summary>Of one that nothing may answer.</summary>
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(300);

    /// <param name="call">As `netprobe killed` names it: "write".</param>
    /// <returns>Each call before which the agent was killed: "BPF_MAP_UPDATE_ELEM lb_services4".</returns>
    /// <exception cref="InvalidOperationException">Something was not served.</exception>
    /// <exception cref="TimeoutException">All was not right again.</exception>
    public IReadOnlyList<string> Walk(ServiceChange change, string call)
    {
        List<string> calls = [];
        while (true)
        {
            bed.Objects.Set(Cluster.Spare, change.Before);
            bed.Settle();
            using var held = change.KeepsAll ? new HeldSpare(bed) : null;
            order.Give($"{call}*{calls.Count + 1}");
            bed.Objects.Set(Cluster.Spare, change.After);
            if (!IsKilled()) return calls;
            calls.Add(LastCall());
            var when = $"{change.Name}, killed before {call} {calls.Count} ({calls[^1]})";
            bed.RequireServed(when);
            held?.Require(when);
            Require(change, when);
            RequireRefused(change, when);
            bed.Agent.Launch();
            bed.Agent.WaitUntilReady();
            bed.Settle();
            bed.RequireServed($"{when} and started again");
            held?.Require($"{when} and started again");
            RequireAfter(change, $"{when} and started again");
        }
    }

    /// <summary>false: the change went through.</summary>
    private bool IsKilled()
    {
        bed.UntilKilledOrRight();
        return order.TakeBack(bed.Agent);
    }

    private string LastCall()
    {
        const string Begin = "killed before ";
        bed.Agent.WaitUntilEnded();
        var line = bed.Agent.LogLine(Begin);
        return line[(line.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length)..];
    }

    /// <summary>While no agent runs.</summary>
    private void Require(ServiceChange change, string when)
    {
        var names = NamesOf(change.Before).Union(NamesOf(change.After)).ToHashSet();
        foreach (var (probe, mode, to) in Ways(change))
        {
            var report = probe.Load(new LoadSpec(mode, to)
            {
                Count = change.ServesAlways ? 8 : 1, Timeout = change.ServesAlways ? TimeSpan.FromSeconds(5) : Short,
            });
            if ((change.ServesAlways && !report.IsClean) || !names.IsSupersetOf(report.Names.Keys))
                throw new InvalidOperationException($"{when}, new connections to {to} ({mode}): {report.Line}");
        }
    }

    /// <summary>Whom neither the source ranges of before nor those of afterwards let in is never answered.</summary>
    private void RequireRefused(ServiceChange change, string when)
    {
        if (change is not { Before.SourceRanges.Count: > 0, After.SourceRanges.Count: > 0 }) return;
        foreach (var ip in change.After.LoadBalancerIPs)
        {
            var to = new IPEndPoint(ip, Cluster.Port).ToString();
            var report = bed.PodProbe.Load(new LoadSpec(LoadMode.Tcp, to) { Count = 1, Timeout = Short });
            if (report.Answered > 0) throw new InvalidOperationException($"{when}, {ip} lets in whom it never allowed: {report.Line}");
        }
    }

    private void RequireAfter(ServiceChange change, string when)
    {
        if (change.After is not { Endpoints.Count: > 0 }) return;
        var names = NamesOf(change.After).ToHashSet();
        foreach (var (probe, mode, to) in Ways(change))
        {
            LoadReport? report = null;
            // The port of a client may be that of an earlier flow, which ends a moment later.
            Eventually.True(
                () => (report = probe.Load(mode, to, 8)).IsClean && names.IsSupersetOf(report.Names.Keys),
                () => $"new connections to {to} ({mode}) to be answered by {string.Join(", ", names)}, {when}: {report?.Line}");
        }
    }

    private IEnumerable<(NetProbe Probe, LoadMode Mode, string To)> Ways(ServiceChange change)
    {
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp])
        {
            foreach (var ip in Cluster.Service(Cluster.Spare, []).ClusterIPs)
                yield return (bed.PodProbe, mode, new IPEndPoint(ip, Cluster.Port).ToString());
            foreach (var ip in (IPAddress[])[bed.Node.IPv4, bed.Node.IPv6])
                yield return (bed.OutsideProbe, mode, new IPEndPoint(ip, Cluster.FirstNodePort + Cluster.Spare).ToString());
            foreach (var ip in change.After?.LoadBalancerIPs ?? [])
                yield return (bed.OutsideProbe, mode, new IPEndPoint(ip, Cluster.Port).ToString());
        }
    }

    private IEnumerable<string> NamesOf(ServiceManifest? service)
        => bed.Pods.Where(pod => service?.Endpoints.Contains(pod.IPv4) == true).Select(pod => pod.Name);

    /// <summary>Connections through the service that is changed.</summary>
    private sealed class HeldSpare : IDisposable
    {
        private const int Count = 5;

        private readonly Bed bed;
        private readonly List<(NetProbe Probe, string Id, string To)> held;

        public HeldSpare(Bed bed)
        {
            this.bed = bed;
            var service = Cluster.Service(Cluster.Spare, []);
            held =
            [
                .. service.ClusterIPs.Select((ip, i) => (bed.PodProbe, $"spare-pod{i}", new IPEndPoint(ip, Cluster.Port).ToString())),
                .. ((IPAddress[])[bed.Node.IPv4, bed.Node.IPv6]).Select((ip, i)
                    => (bed.OutsideProbe, $"spare-outside{i}", new IPEndPoint(ip, Cluster.FirstNodePort + Cluster.Spare).ToString())),
            ];
            foreach (var (probe, id, to) in held) probe.Do($"hold id={id} to={to} count={Count}");
        }

        public void Require(string when)
        {
            foreach (var (probe, id, to) in held)
            {
                var answer = probe.Ask($"exchange id={id} peer={to}");
                if (!answer.Ok || answer.Number("failed") + answer.Number("badpeer") > 0)
                    throw new InvalidOperationException($"{when}, connections through the service itself, {to}: {answer}");
            }
        }

        public void Dispose()
        {
            foreach (var (probe, id, _) in held) probe.Ask($"release id={id}");
        }
    }
}
