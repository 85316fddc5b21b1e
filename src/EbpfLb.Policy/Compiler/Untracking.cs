using EbpfLb.Model;

namespace EbpfLb.Policy.Compiler;

/// <summary>
/// Which frontends need no entry for flows that go into a tunnel (bpf/lib/lb_untracked.h): where a packet goes follows from its addresses
/// and ports alone. Affinity, source ranges and other schedulers ask for a memory of the flow. What goes to an address of this node may
/// answer a connection of its own, and a datagram does not say whether it is the first.
/// </summary>
internal sealed class Untracking(NodeNetwork network)
{
    /// <summary>The frontends of a port with tunnels, marked.</summary>
    /// <param name="isRestricted">Its LoadBalancer addresses have source ranges.</param>
    public ValueList<ServedFrontend> Mark(Service service, Scheduler scheduler, TransportProtocol protocol, bool isRestricted,
        ReadOnlySpan<ServedFrontend> served)
    {
        if (protocol != TransportProtocol.Tcp || scheduler != Scheduler.Maglev || service.AffinitySeconds != 0)
            return ValueList.Create(served);
        var marked = served.ToArray();
        foreach (ref var frontend in marked.AsSpan())
        {
            var isOpen = frontend.Kind == FrontendKind.ExternalIP || (frontend.Kind == FrontendKind.LoadBalancer && !isRestricted);
            if (isOpen && !frontend.LocalPolicy && !network.Addresses.Contains(frontend.Frontend.Address))
                frontend = frontend with { IsUntracked = true };
        }
        return marked.ToValueList();
    }
}
