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
/// Keeps the health check ports of Services as the table that is in the kernel has them, on the addresses that NodePorts answer on. Ports that
/// could not be had are tried again with each table and each look at the node, which there is at every sync period.
/// </summary>
internal sealed class ServiceHealthPorts(ServiceHealthServer server, PipelineState state, Func<NodePortAddresses> addresses)
{
    private ForwardingTable? last;

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
        if (ReferenceEquals(table, last)) server.Retry();
        else server.Update([.. Checks(table)]);
        last = table;
    }

    private static IEnumerable<ServiceHealthCheck> Checks(ForwardingTable table)
    {
        foreach (var service in table.Services)
            if (service.HealthCheck is { } check) yield return new ServiceHealthCheck(service.Name, check.Port, check.LocalEndpoints);
    }

    private static IEnumerable<IPAddress> Matching(NodePortAddresses wanted, NodeView view)
    {
        foreach (var loopback in new[] { IPAddress.Loopback, IPAddress.IPv6Loopback })
            if (wanted.Ranges.Any(r => r.Contains(IpAddress.From(loopback)))) yield return loopback;
        foreach (var address in (view.State?.Addresses ?? []).Where(a => a.NodePort)) yield return address.Address.ToIPAddress();
    }
}
