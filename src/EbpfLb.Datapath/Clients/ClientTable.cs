using EbpfLb.Abi;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Node;
using EbpfLb.Model;
using EbpfLb.Planning.Tables;

namespace EbpfLb.Datapath.Clients;

/// <summary>
/// Writes lb_netns. The node's own namespace and those of others are told apart in time, so each stays while the other changes; until
/// the others have been told once, what an earlier agent wrote of them stays too.
/// </summary>
public sealed class ClientTable
{
    private readonly DiffedTable<ulong, LbNetns> table;
    private readonly Func<string?> lost;
    private readonly Lock sync = new();
    private Dictionary<ulong, LbNetns> host = [];
    private Dictionary<ulong, LbNetns>? others;

    /// <param name="lost">Why the instance is another agent's now, so that nothing is written; null: it is ours.</param>
    internal ClientTable(DiffedTable<ulong, LbNetns> table, Func<string?> lost) => (this.table, this.lost) = (table, lost);

    internal MapFill Fill
    {
        get
        {
            lock (sync) return table.Fill;
        }
    }

    /// <summary>Tells the programs what processes of the node's own network namespace connect from.</summary>
    /// <param name="cookie">Of the node's network namespace; 0: not known.</param>
    internal NodeResult ApplyHost(ulong cookie, ClientAddresses addresses)
    {
        lock (sync)
        {
            host = cookie == 0 || addresses.IsEmpty ? [] : new() { [cookie] = Encode(addresses) };
            return Write();
        }
    }

    /// <summary>
    /// Tells the programs what processes of the other network namespaces connect from, all of them at once. May be called from any
    /// thread.
    /// </summary>
    /// <param name="clients">All namespaces but the node's, by cookie; null: not known this time, what was known stays.</param>
    public NodeResult Apply(IReadOnlyDictionary<ulong, ClientAddresses?> clients)
    {
        if (lost() is { } reason) return new NodeResult(0, 0, [reason]);
        lock (sync)
        {
            var wanted = new Dictionary<ulong, LbNetns>();
            foreach (var (cookie, addresses) in clients)
            {
                if (addresses is { IsEmpty: false }) wanted[cookie] = Encode(addresses);
                else if (addresses is null && table.TryGet(cookie, out var known)) wanted[cookie] = known;
            }
            others = wanted;
            return Write();
        }
    }

    private NodeResult Write()
    {
        var wanted = new Dictionary<ulong, LbNetns>(others ?? []);
        foreach (var (cookie, value) in host) wanted[cookie] = value;
        List<TableError> errors = [];
        // What is gone makes room first: nobody asks for it any more.
        var removed = others is null ? 0 : table.RemoveOthers(wanted, errors);
        var written = table.Write(wanted, errors);
        return new NodeResult(written, removed, errors.Select(Problem).ToValueList());
    }

    private string Problem(TableError error) => $"writing to {table.Name} failed: {error.Words()}; "
        + (error is TableError.TooBig or TableError.NoSpace ? "the node has more network namespaces than it holds; " : "")
        + "clients in the others are known by their namespace only: their affinity is "
        + "not shared with packets, and source ranges are left to packets";

    private static LbNetns Encode(ClientAddresses addresses)
    {
        var value = new LbNetns();
        if (addresses.IPv4 is { } v4) value.Addr4 = NodeCodec.ToIp4(v4).Addr;
        if (addresses.IPv6 is { } v6) value.Addr6 = NodeCodec.ToIp6(v6).Addr;
        return value;
    }
}
