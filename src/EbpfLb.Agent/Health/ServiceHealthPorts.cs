using System.Net;
using System.Net.Sockets;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Pipeline;
using EbpfLb.Datapath.Node;
using EbpfLb.Http.ServiceHealth;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Health;

/// <summary>
/// Keeps the health check ports of Services as the table that is in the kernel has them, on the addresses that NodePorts answer on. Ports
/// that could not be had are tried again with each look at the node, which there is at every sync period, and by
/// <see cref="ServiceHealthRetry"/>, but not with each table: trying is for the pipeline's thread to do, and many may be in use.
/// </summary>
internal sealed class ServiceHealthPorts(ServiceHealthServer server, PipelineState state, Func<NodePortAddresses> addresses)
{
    /// <summary>By Service: of two with one port the first by name has it.</summary>
    private readonly SortedDictionary<ObjectName, ServiceHealthCheck> checks = [];

    private ForwardingTable last = ForwardingTable.Empty;

    /// <summary>From now on tables and addresses are followed; before the first round.</summary>
    public void Attach()
    {
        state.AppliedTables.Add(Publish);
        state.NodeViews.Add(view => server.Follow(AddressesOf(addresses(), view)));
        server.Follow(AddressesOf(addresses(), state.NodeView));
    }

    /// <summary>The addresses to listen on: one for a family of which all are meant.</summary>
    public static IReadOnlyList<IPAddress> AddressesOf(NodePortAddresses wanted, NodeView view)
    {
        List<IPAddress> list = [];
        foreach (var all in ServiceHealthServer.AllAddresses)
        {
            var isAll = wanted.MatchAll(all.AddressFamily == AddressFamily.InterNetworkV6 ? IpFamily.IPv6 : IpFamily.IPv4);
            if (isAll) list.Add(all);
            else list.AddRange(Matching(wanted, view).Where(a => a.AddressFamily == all.AddressFamily));
        }
        return list;
    }

    private void Publish(ForwardingTable table)
    {
        var changed = false;
        foreach (var (name, _, service) in table.DifferencesFrom(last)) changed |= Note(name, service?.HealthCheck);
        last = table;
        if (changed) server.Update([.. checks.Values]);
    }

    private bool Note(ObjectName name, HealthCheck? wanted)
    {
        if (wanted is null) return checks.Remove(name);
        var check = new ServiceHealthCheck(name, wanted.Port, wanted.LocalEndpoints);
        if (check.Equals(checks.GetValueOrDefault(name))) return false;
        checks[name] = check;
        return true;
    }

    private static IEnumerable<IPAddress> Matching(NodePortAddresses wanted, NodeView view)
    {
        foreach (var loopback in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
            if (wanted.Ranges.Any(r => r.Contains(IpAddress.From(loopback)))) yield return loopback;
        if (view.State is not { } state) yield break;
        // One that cannot be bound to would close the others: a change of the network tells when it can.
        foreach (var address in state.Addresses.Where(a => a.NodePort && !state.Unsettled.Contains(a.Address)))
            yield return address.Address.ToIPAddress();
    }
}
