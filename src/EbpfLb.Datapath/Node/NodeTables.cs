using EbpfLb.Abi;
using EbpfLb.Datapath.Counters;
using EbpfLb.Model;
using EbpfLb.Planning.Tables;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>
/// Writes lb_devices, lb_vlans, lb_node_addrs4/6, lb_nodes and lb_settings: what differs from what the kernel holds, and nothing when
/// nothing does. First what is new, then the settings that may rely on it, then away with what is old. The range of NodePorts in
/// lb_settings covers what is configured and what services use, so it only grows while the agent runs.
/// </summary>
/// <param name="found">lb_settings as it is now.</param>
/// <param name="pendingFlows">Elements of lb_ct_pending.</param>
/// <param name="used">NodePorts that the service tables hold now; null for none.</param>
internal sealed class NodeTables(
    DiffedTable<uint, LbDevice> devices,
    DiffedTable<LbIp4, LbNodeAddr> addresses4,
    DiffedTable<LbIp6, LbNodeAddr> addresses6,
    DiffedTable<LbIp6, uint> nodes,
    DiffedTable<LbVlan, uint> vlans,
    ITable<uint, LbSettings> settings,
    LbSettings found,
    uint pendingFlows,
    PortRange? used)
{
    /// <summary>lb_nodes is looked at each so many times: a cluster has thousands of nodes, and no other table here is as large.</summary>
    internal const int NodesEach = 30;

    private readonly Lock sync = new();

    /// <summary>Programs of an earlier agent may be in force with what is there.</summary>
    private readonly bool isInherited = found != default;

    private LbSettings held = found;
    private PortRange? configured;
    private PortRange? inUse = used;
    private NodeState? last;
    private BoundingPrefix services = NodeCodec.Services(found);
    private int looks;
    private bool areNodesWrong;

    /// <summary>How full the tables are.</summary>
    public IReadOnlyList<MapFill> Fill
    {
        get
        {
            lock (sync) return [devices.Fill, addresses4.Fill, addresses6.Fill, nodes.Fill, vlans.Fill];
        }
    }

    /// <summary>The tables and how many entries they are known to hold.</summary>
    public IReadOnlyList<ComparedElements> Compared =>
    [
        new(VerifyStage.Kernel, devices.Name, devices.Count),
        new(VerifyStage.Kernel, addresses4.Name, addresses4.Count),
        new(VerifyStage.Kernel, addresses6.Name, addresses6.Count),
        new(VerifyStage.Kernel, nodes.Name, nodes.Count),
        new(VerifyStage.Kernel, vlans.Name, vlans.Count),
        new(VerifyStage.Kernel, settings.Name, 1),
    ];

    /// <summary>
    /// Brings the tables to this state, as far as the kernel takes it; a wrong state changes nothing. What an earlier agent wrote is only
    /// added to as long as the cluster is not known: without other nodes' addresses no tunnel would be opened, without this node's ranges
    /// nothing would be a pod.
    /// </summary>
    public NodeResult Apply(NodeState state)
    {
        var problems = NodeStateCheck.Problems(state);
        if (problems.Count > 0) return new NodeResult(0, 0, problems.ToValueList());
        lock (sync)
        {
            if (isInherited && !state.IsClusterKnown) return AddMissing(state, problems);
            last = state;
            configured = state.Settings.NodePorts;
            List<NodeDevice> fitting = [.. Fitting(state.Devices, problems)];
            var wantedDevices = fitting.ToDictionary(d => d.Ifindex, NodeCodec.Encode);
            // Those with a program: frames of others go on as they came.
            var wantedVlans = fitting.Where(d => d is { Lower: not 0, Bare: false })
                .DistinctBy(NodeCodec.ToVlan).ToDictionary(NodeCodec.ToVlan, d => d.Ifindex);
            var (wanted4, wanted6) = (Fitting(addresses4, Addresses4(state), problems), Fitting(addresses6, Addresses6(state), problems));
            var wantedNodes = state.Nodes.ToDictionary(NodeCodec.ToIp6, _ => 1u);
            List<TableError> none = [];
            var written = devices.Write(wantedDevices, none) + addresses4.Write(wanted4, none) + addresses6.Write(wanted6, none)
                + nodes.Write(wantedNodes, none) + vlans.Write(wantedVlans, none);
            var change = NodeCodec.With(NodeCodec.Encode(state.Settings, Cover(configured, inUse), pendingFlows), services);
            if (change != held && WriteSettings(change, problems)) written++;
            var removed = Remove(devices, wantedDevices, problems)
                + Remove(addresses4, wanted4, problems) + Remove(addresses6, wanted6, problems) + Remove(nodes, wantedNodes, problems)
                + Remove(vlans, wantedVlans, problems);
            // Once more: what failed before may have found a full table that has room now.
            written += Write(devices, wantedDevices, problems) + Write(addresses4, wanted4, problems)
                + Write(addresses6, wanted6, problems) + Write(nodes, wantedNodes, problems)
                + Write(vlans, wantedVlans, problems);
            return new NodeResult(written, removed, problems.ToValueList());
        }
    }

    /// <summary>The last ones are left out, of which nothing is masqueraded with.</summary>
    private static Dictionary<TKey, LbNodeAddr> Fitting<TKey>(
        DiffedTable<TKey, LbNodeAddr> table, Dictionary<TKey, LbNodeAddr> all, List<string> problems)
        where TKey : unmanaged
    {
        if (table.Capacity == 0 || all.Count <= table.Capacity) return all;
        problems.Add($"{all.Count - table.Capacity} of {all.Count} addresses have no place in {table.Name}: start the agent with a larger "
            + $"{TableSize.NodeAddresses.Option()}");
        return all.Take((int)table.Capacity).ToDictionary();
    }

    private NodeResult AddMissing(NodeState state, List<string> problems)
    {
        var written = Write(devices, devices.Lacking(state.Devices.ToDictionary(d => d.Ifindex, NodeCodec.Encode)), problems)
            + Write(addresses4, addresses4.Lacking(Addresses4(state)), problems)
            + Write(addresses6, addresses6.Lacking(Addresses6(state)), problems);
        return new NodeResult(written, 0, problems.ToValueList());
    }

    private static Dictionary<LbIp4, LbNodeAddr> Addresses4(NodeState state)
    {
        var all = Of(state, IpFamily.IPv4).ToDictionary(a => NodeCodec.ToIp4(a.Address), NodeCodec.Encode);
        // Who has such an address all the same keeps it.
        foreach (var broadcast in state.Broadcasts)
            all.TryAdd(NodeCodec.ToIp4(broadcast), new LbNodeAddr { Flags = (uint)LbNodeAddrFlag.Broadcast });
        return all;
    }

    private static Dictionary<LbIp6, LbNodeAddr> Addresses6(NodeState state)
        => Of(state, IpFamily.IPv6).ToDictionary(a => NodeCodec.ToIp6(a.Address), NodeCodec.Encode);

    /// <summary>Where there are more devices than places, those without a program are left out: flows leave by the others.</summary>
    private IEnumerable<NodeDevice> Fitting(ValueList<NodeDevice> all, List<string> problems)
    {
        if (devices.Capacity == 0 || all.Count <= devices.Capacity) return all;
        problems.Add($"{all.Count - devices.Capacity} of {all.Count} devices have no place in {devices.Name}, those without a program "
            + $"first: start the agent with a larger {TableSize.Devices.Option()}");
        return all.OrderBy(d => d.Bare).Take((int)devices.Capacity);
    }

    /// <summary>
    /// NodePorts that services are about to answer on: programs look for them only within the range, so it is widened first.
    /// Returns what went wrong, null when nothing is wrong.
    /// </summary>
    public string? Cover(PortRange? ports)
    {
        lock (sync)
        {
            inUse = Cover(inUse, ports);
            var change = held with { CtPending = pendingFlows };
            if (inUse is { } range)
            {
                if (held.NodePortLast != 0) range = range.Cover(new PortRange(held.NodePortFirst, held.NodePortLast));
                (change.NodePortFirst, change.NodePortLast) = (range.First, range.Last);
            }
            if (change == held) return null;
            List<string> problems = [];
            WriteSettings(change, problems);
            return problems.FirstOrDefault();
        }
    }

    /// <summary>
    /// As <see cref="Verify"/> without a repair, for a look each second: lb_nodes is read only each 30th time, and each time from when it
    /// is found wrong until it is right.
    /// </summary>
    public IReadOnlyList<Difference> Look()
    {
        lock (sync)
        {
            List<Difference> differences = [.. VerifySmall(adopt: false)];
            if (areNodesWrong || looks % NodesEach == 0)
            {
                var count = differences.Count;
                differences.AddRange(VerifyNodes(adopt: false));
                areNodesWrong = differences.Count > count;
            }
            looks = (looks + 1) % NodesEach;
            if (settings.TryRead(0, out var found) && found != held) differences.Add(FieldText.Differing(settings.Name, held, found));
            return differences;
        }
    }

    /// <summary>What the kernel holds otherwise than it was told.</summary>
    /// <param name="repair">The last state is applied again, to what was found.</param>
    public IReadOnlyList<Difference> Verify(bool repair)
    {
        lock (sync)
        {
            List<Difference> differences = [.. VerifySmall(repair), .. VerifyNodes(repair)];
            var before = held;
            if (settings.TryRead(0, out var found) && found != before) differences.Add(FieldText.Differing(settings.Name, before, found));
            if (!repair || differences.Count == 0) return differences;
            held = found;
            if (last is not null) Apply(last);
            // Before a first state the settings of an earlier agent are in force, and nothing else knows them.
            else if (found != before) WriteSettings(before, []);
            return differences;
        }
    }

    private IEnumerable<Difference> VerifySmall(bool adopt) =>
    [
        .. devices.Verify(key => key.ToString(), adopt),
        .. addresses4.Verify(key => NodeCodec.ToAddress(key).ToString(), adopt),
        .. addresses6.Verify(key => NodeCodec.ToAddress(key).ToString(), adopt),
        .. vlans.Verify(NodeCodec.Words, adopt),
    ];

    private IReadOnlyList<Difference> VerifyNodes(bool adopt) => nodes.Verify(key => NodeCodec.ToAddress(key).ToString(), adopt);

    /// <summary>The ranges around all addresses of services, as programs know them.</summary>
    public BoundingPrefix Services
    {
        get
        {
            lock (sync) return services;
        }
    }

    /// <summary>Makes them these. Returns what went wrong, null when nothing is wrong.</summary>
    public string? CoverServices(BoundingPrefix wanted)
    {
        lock (sync)
        {
            var change = NodeCodec.With(held with { CtPending = pendingFlows }, wanted);
            List<string> problems = [];
            if (change == held || WriteSettings(change, problems)) services = wanted;
            return problems.FirstOrDefault();
        }
    }

    private bool WriteSettings(LbSettings change, List<string> problems)
    {
        var error = settings.Update(0, change);
        if (error == TableError.None) held = change;
        else problems.Add(Problem(settings.Name, error));
        return error == TableError.None;
    }

    private static int Write<TKey, TValue>(
        DiffedTable<TKey, TValue> table, IReadOnlyDictionary<TKey, TValue> wanted, List<string> problems)
        where TKey : unmanaged
        where TValue : unmanaged
        => Count(table.Name, errors => table.Write(wanted, errors), problems);

    private static int Remove<TKey, TValue>(
        DiffedTable<TKey, TValue> table, IReadOnlyDictionary<TKey, TValue> wanted, List<string> problems)
        where TKey : unmanaged
        where TValue : unmanaged
        => Count(table.Name, errors => table.RemoveOthers(wanted, errors), problems);

    private static int Count(string table, Func<List<TableError>, int> act, List<string> problems)
    {
        List<TableError> errors = [];
        var count = act(errors);
        problems.AddRange(errors.Select(e => Problem(table, e)));
        return count;
    }

    /// <summary>Sources of masqueraded flows first, as those end when theirs has no place (lb_ct_homeless).</summary>
    private static IEnumerable<NodeAddress> Of(NodeState state, IpFamily family)
    {
        var sources = state.Devices.Select(d => family == IpFamily.IPv4 ? d.Snat4 : d.Snat6).ToHashSet();
        return state.Addresses.Where(a => a.Address.Family == family).OrderBy(a => sources.Contains(a.Address) ? 0 : 1);
    }

    private static PortRange? Cover(PortRange? one, PortRange? other)
        => one is { } range ? other is { } more ? range.Cover(more) : range : other;

    private static string Problem(string table, TableError error) => $"writing to {table} failed: {error.Words()}; " + error switch
    {
        TableError.TooBig or TableError.NoSpace => $"start the agent with a larger {TableSpec.OptionOf(table)}",
        TableError.NoMemory => "free some memory or raise the limit of the agent's memory cgroup",
        TableError.NotPermitted => "run the agent as root or with CAP_BPF and CAP_NET_ADMIN",
        _ => "it is tried again when the node's state is applied next",
    };
}
