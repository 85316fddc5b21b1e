using System.Net;
using System.Net.Sockets;
using EbpfLb.Agent.Control;
using EbpfLb.Netlink.Conntrack;

namespace EbpfLb.Agent.Migration;

/// <summary>Whether an agent serves what kube-proxy did.</summary>
/// <param name="Stops">Why kube-proxy's rules must stay.</param>
internal sealed record AgentCheck(AgentFinding Finding, IReadOnlyList<string> Stops, IReadOnlyList<string> Warnings)
{
    private const string NodePort = "NodePort", Lookup = "bpf_skb_ct_lookup";

    /// <summary>Its frontends; null: no agent says.</summary>
    private HashSet<IPEndPoint>? Frontends { get; init; }

    private HashSet<int> NodePorts { get; init; } = [];

    public static async Task<AgentCheck> OfAsync(IInstanceView? view, string instance, CancellationToken cancellationToken)
    {
        var status = view is null ? null : await view.StatusAsync(cancellationToken);
        if (view is null || status is null || status.Origin != Origin.Agent)
            return Failed($"no agent of instance '{instance}' runs", "start it and wait until `ebpflb status` says Ready", []);
        if (!status.Ready)
            return Failed($"not ready: {string.Join("; ", status.NotReady)}", "wait until `ebpflb status` says Ready", status.Warnings);
        var verified = await view.VerifyAsync(repair: false, cancellationToken);
        if (!verified.Equal)
            return Failed(
                $"verify finds {verified.Differences.Count} differences", "run `ebpflb verify` until it says Equal", status.Warnings);
        if (!verified.Complete)
            return Failed($"verify cannot compare everything: {string.Join("; ", verified.NotCompared)}",
                "what is programmed may be old; correct that and run `ebpflb verify` until it compares all", status.Warnings);
        var frontends = (await view.ServicesAsync(ServiceQuery.All, cancellationToken)).Services.SelectMany(s => s.Frontends).ToList();
        return new AgentCheck(new AgentFinding(true, "ready, verify finds nothing"), [], [.. status.Warnings, .. Missing(status)])
        {
            Frontends = [.. frontends.Where(f => f.Kind != NodePort).Select(f => new IPEndPoint(IPAddress.Parse(f.Address), f.PortNumber))],
            NodePorts = [.. frontends.Where(f => f.Kind == NodePort).Select(f => f.PortNumber)],
        };
    }

    /// <summary>Those of them that ask a Service; all, where no agent says what those are.</summary>
    public ConnectionCount Count(IReadOnlyList<TranslatedConnection> connections)
    {
        var meant = connections.Where(c => Frontends is null || Frontends.Contains(c.Destination) || NodePorts.Contains(c.Destination.Port))
            .CountBy(c => c.Protocol).ToDictionary();
        var (tcp, udp) = (meant.GetValueOrDefault(ProtocolType.Tcp), meant.GetValueOrDefault(ProtocolType.Udp));
        return new ConnectionCount(tcp, udp, meant.Values.Sum() - tcp - udp, Frontends is not null);
    }

    private static IEnumerable<string> Missing(StatusReport status) => status.Features.Any(f => f is { Name: Lookup, Available: false })
        ? [$"the agent cannot ask nf_conntrack ({Lookup}): connections from outside that kube-proxy's rules began broke when it started"]
        : [];

    private static AgentCheck Failed(string state, string advice, IReadOnlyList<string> warnings)
        => new(new AgentFinding(false, state), [$"EbpfLb does not serve yet ({state}): {advice}"], warnings);
}
