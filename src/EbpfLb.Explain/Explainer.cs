using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Explain;

/// <summary>
/// Says of any connection what happens to it and why. It decides nothing of its own: what answers, which backends are in which
/// list and who may use it is read from the compiled table; what is here is what the programs decide by packet and by
/// socket (bpf/lib/lb_frontend.h, bpf/lib/lb_select.h, bpf/lib/lb_choose.h). Not thread-safe.
/// </summary>
public sealed class Explainer
{
    private readonly ExplainContext context;
    private readonly TableIndex index;
    private readonly SourceRules sources;
    private readonly MasqueradeRule masquerade;
    private readonly Dictionary<IpAddress, bool> nodePorts;

    /// <param name="table">Compiled, with the canary or without.</param>
    public Explainer(ForwardingTable table, ExplainContext context)
    {
        this.context = context;
        index = new TableIndex(table);
        sources = new SourceRules(context, index.EndpointsHere, index.RemoteEndpoints);
        masquerade = new MasqueradeRule(context);
        nodePorts = context.Addresses.DistinctBy(a => a.Address).ToDictionary(a => a.Address, a => a.NodePorts);
        Table = table;
    }

    public ForwardingTable Table { get; }

    internal TableIndex Index => index;

    internal ExplainContext Context => context;

    /// <exception cref="ArgumentException">The two addresses are of different families.</exception>
    public Explanation Explain(Flow flow)
    {
        if (flow.From.Family != flow.To.Family)
            throw new ArgumentException(
                $"{flow.From} is {flow.From.Family} and {flow.To} {flow.To.Family}: a connection has addresses of one family",
                nameof(flow));
        var source = sources.Of(flow);
        var explanation = Explain(flow, source);
        // kube-proxy's rules apply to every device; ours only where a program is.
        return explanation.Verdict != FlowVerdict.Pass && source.Path == FlowPath.Packet && flow.IngressInterface is { } device
            && context.BareDevices.Contains(device)
            ? new Explanation(
                flow, source, FlowVerdict.Pass, $"comes in by {device}, which has no program: left alone") { BareDevice = device }
            : explanation with { Front = FrontRule.Of(context, explanation) };
    }

    private Explanation Explain(Flow flow, Source source)
    {
        var frontend = new Frontend(flow.To, flow.Port, flow.Protocol);
        // NodePorts are kept by the address 0, which is the caller's own loopback address.
        if (flow.To.IsUnspecified)
            return source.Path == FlowPath.Packet ? new Explanation(flow, source, FlowVerdict.Pass, $"nobody has the address {flow.To}")
                : Loopback(flow, source, index.Find(frontend));
        // The exact address goes before a NodePort on it (docs/contract.md 4).
        if (index.Find(frontend) is { } exact)
            return exact.Frontend.IsOnDevice ? OnDevice(flow, source, exact) : Choose(flow, source, exact);
        var nodePort = index.Find(frontend with { Address = IpAddress.Any(flow.To.Family) });
        if (flow.To.IsLoopback) return Loopback(flow, source, nodePort);
        if (nodePort is not null && nodePorts.GetValueOrDefault(flow.To)) return Choose(flow, source, nodePort);
        // An address that the node has itself is left alone, whoever gave it out.
        if (sources.IsNode(flow.To)) return Pass(flow, source, nodePort);
        if (Table.OwnerOf(Frontend.AnyPort(flow.To)) is { } owner) return UnknownPort(flow, source, owner);
        foreach (var cidr in Table.ServiceCidrs)
        {
            if (cidr.Contains(flow.To))
                return new Explanation(flow, source, FlowVerdict.Drop, $"{flow.To} is in the ServiceCIDR {cidr}, and no Service has it");
        }
        return Pass(flow, source, nodePort);
    }

    /// <summary>Every endpoint of the service port with why it can be chosen or not; none without a service port.</summary>
    public IReadOnlyList<Candidate> Candidates(Explanation explanation)
        => explanation.Port is { } port ? CandidateList.Of(index, port, explanation) : [];

    /// <summary>What a person should look at; empty when all is as it should be.</summary>
    public IReadOnlyList<string> Problems(Explanation explanation) => [.. new ProblemFinder(this).Find(explanation)];

    /// <summary>
    /// The frontend as it is in the table, a NodePort at 0.0.0.0 or ::; null when nothing answers, or an unknown port of a ClusterIP does.
    /// </summary>
    public static Frontend? TableKey(Explanation explanation) => explanation is { Port: not null, Frontend: { } served }
        ? served.Kind == FrontendKind.NodePort ? served.Frontend with { Address = IpAddress.Any(served.Frontend.Address.Family) }
        : served.Frontend
        : null;

    private Explanation Choose(Flow flow, Source source, ServedAddress served)
    {
        var port = served.Port.Port;
        var known = new Explanation(flow, source, FlowVerdict.Drop, "")
        {
            Frontend = served.Frontend with { Frontend = new Frontend(flow.To, flow.Port, flow.Protocol) }, Port = port,
            Service = port.Key.Service,
        };
        var isBalanced = served.Frontend.Kind == FrontendKind.LoadBalancer;
        if (isBalanced && !port.Ranges.IsEmpty && !IsAllowed(port, flow.From))
            return known with
            {
                Reason = $"{flow.From} is in none of the loadBalancerSourceRanges of "
                    + $"{known.ServiceText} ({string.Join(", ", port.Ranges)})",
            };

        var (list, why) = ListFor(served.Frontend, source);
        known = known with { List = list, ListReason = why };
        var backends = served.Port.Backends(list);
        if (backends.IsEmpty) return Nobody(known, port);

        var (changes, reason) = masquerade.For(served.Frontend, source, flow);
        // Another node's own address is nobody's where its backend may be: on that node.
        var direct = source.Class == SourceClass.Outside && served.Frontend.Kind != FrontendKind.ClusterIP
            && !context.OtherNodes.Any(n => n.Address == flow.From)
            && (served.Frontend.Kind != FrontendKind.NodePort || context.NodeAddresses?.Contains(flow.To) != false);
        var chosen = new ChosenBackend[backends.Length];
        for (var i = 0; i < chosen.Length; i++)
        {
            var local = backends[i].Lists.HasFlag(BackendLists.Local);
            var applies = masquerade.Applies(changes, source, flow, backends[i]);
            var tunnel = direct && applies && !local ? backends[i].Node?.Address : null;
            chosen[i] = new ChosenBackend(
                backends[i].Address, served.Port.NodeOf(backends[i].Address), local, applies && tunnel is null)
                {
                    Tunnel = tunnel, HasNoEntry = tunnel is not null && served.Frontend.IsUntracked,
                };
        }
        if (chosen.Any(c => c.Tunnel is not null))
            reason += "; backends of other nodes by a tunnel to their node, and they answer the client themselves";
        return known with
        {
            Verdict = FlowVerdict.Dnat,
            Reason = $"{Name(served.Frontend.Kind)} of {known.ServiceText}, "
                + $"{(chosen.Length == 1 ? "1 endpoint" : $"{chosen.Length} endpoints")} of the {ListName(list)} list; {reason}",
            Backends = ValueList.Create<ChosenBackend>(chosen),
            MasqueradeReason = reason,
        };
    }

    private static Explanation Nobody(Explanation known, CompiledPort port)
    {
        if (known.List == BackendLists.InLocal && port.HasRemoteEndpoints)
            return known with { Reason = $"{known.ServiceText} has usable endpoints on other nodes only, and {known.ListReason}" };
        return known with { Verdict = FlowVerdict.Reject, Reason = $"{known.ServiceText} has no usable endpoint anywhere" };
    }

    /// <summary>docs/contract.md 5.2: pods and the node itself short-circuit to the Cluster list of external frontends.</summary>
    private static (BackendLists List, string Why) ListFor(ServedFrontend frontend, Source source)
    {
        var isInternal = frontend.Kind == FrontendKind.ClusterIP;
        var policy = isInternal ? "internalTrafficPolicy" : "externalTrafficPolicy";
        if (!frontend.LocalPolicy) return (BackendLists.InCluster, $"{policy} is Cluster");
        if (isInternal || source.Class == SourceClass.Outside) return (BackendLists.InLocal, $"{policy} is Local");
        return (BackendLists.InCluster,
            $"{policy} is Local, which does not hold for {(source.Class == SourceClass.Pod ? "pods" : "the node itself")}");
    }

    private static bool IsAllowed(CompiledPort port, IpAddress source)
    {
        foreach (var range in port.Ranges)
        {
            if (range.Contains(source)) return true;
        }
        return false;
    }

    private Explanation Loopback(Flow flow, Source source, ServedAddress? nodePort)
    {
        var isOpen = flow.To.Family == IpFamily.IPv4 ? context.LoopbackNodePorts4 : context.LoopbackNodePorts6;
        if (source.Class == SourceClass.Node)
        {
            return nodePort is not null && isOpen ? Choose(flow, source, nodePort)
                : new Explanation(flow, source, FlowVerdict.Pass,
                    nodePort is null ? $"no NodePort {flow.Port}/{flow.Protocol.ToText()}" : "NodePorts do not answer on loopback here");
        }
        // Answered or not, nobody outside has business with the node's loopback.
        return source.Path == FlowPath.Packet && (nodePort is not null || context.NodePortRange.Contains(flow.Port))
            ? new Explanation(flow, source, FlowVerdict.Drop, "loopback addresses are for the node itself")
            : new Explanation(flow, source, FlowVerdict.Pass, "a loopback address is the client's own");
    }

    /// <summary>A cache of DNS on every node has the ClusterIP itself.</summary>
    private static Explanation OnDevice(Flow flow, Source source, ServedAddress served)
        => new(flow, source, FlowVerdict.Pass,
            $"{flow.To} is the ClusterIP of {served.Port.Port.Key.Service}, and a device of this node has it: left to what listens there");

    private static Explanation UnknownPort(Flow flow, Source source, ObjectName owner)
        => new(flow, source, FlowVerdict.Reject,
            $"{flow.To} is the ClusterIP of {owner}, which has no port {flow.Port}/{flow.Protocol.ToText()}")
        {
            Frontend = new ServedFrontend(new Frontend(flow.To, flow.Port, flow.Protocol), FrontendKind.ClusterIP, LocalPolicy: false),
            Service = owner,
        };

    private Explanation Pass(Flow flow, Source source, ServedAddress? nodePort)
    {
        var reason = nodePort is null || !sources.IsNode(flow.To)
            ? "no frontend of a Service: left alone"
            : $"NodePort {flow.Port} of {nodePort.Port.Port.Key.Service} does not answer on {flow.To}";
        return new Explanation(flow, source, FlowVerdict.Pass, reason);
    }

    /// <summary>"Cluster" or "Local".</summary>
    internal static string ListName(BackendLists list) => list == BackendLists.InLocal ? "Local" : "Cluster";

    /// <summary>As Kubernetes names it.</summary>
    internal static string Name(FrontendKind kind) => kind switch
    {
        FrontendKind.ClusterIP => "ClusterIP",
        FrontendKind.NodePort => "NodePort",
        FrontendKind.ExternalIP => "external IP",
        _ => "LoadBalancer address",
    };
}
