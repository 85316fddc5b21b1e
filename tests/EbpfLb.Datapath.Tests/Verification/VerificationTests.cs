using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning.Verification;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Verification;

/// <summary>Somebody writes into the maps of the kernel, one map after the other; it is found, named and repaired.</summary>
[Trait("needs", "bpftool")]
public sealed class VerificationTests : IAsyncLifetime
{
    private readonly TestInstance instance = new();
    private Dataplane dataplane = null!;
    private ForwardingTable table = null!;

    public ValueTask InitializeAsync()
    {
        dataplane = instance.Open();
        table = TestInstance.Table(cluster => cluster
            .ServiceCidr("kubernetes", "10.96.0.0/16", "fd00:10:96::/108")
            .Service("web", ["10.96.0.80", "fd00:10:96::80"], ["http:80"], affinity: 30)
            .Slice("web-4", "web", ["http:8080"], ["10.244.0.11", "10.244.0.12"])
            .Slice("web-6", "web", ["http:8080"], ["fd00:10:244::11"])
            .Service("lb", ["10.96.0.81", "fd00:10:96::81"], ["http:80"], balancerIPs: ["198.51.100.1", "2001:db8::1"],
                sourceRanges: ["192.0.2.0/24", "2001:db8:1::/48"])
            .Slice("lb-4", "lb", ["http:8080"], ["10.244.0.13"])
            .Service("table", ["10.96.0.82"], ["http:80"], scheduler: Scheduler.Maglev, maglevTableSize: 251)
            .Slice("table-4", "table", ["http:8080"], ["10.244.0.14", "10.244.0.15 weight=2"]));
        Assert.True(dataplane.Services.Apply(table).Result.IsComplete);
        var node = dataplane.Node.ApplyNode(new NodeState(
            [
                new NodeDevice(7, "eth0", IpAddress.Parse("192.0.2.1"), null),
                new NodeDevice(8, "eth0.5", null, null) { Lower = 7, Vlan = 5 },
            ],
            [new NodeAddress(IpAddress.Parse("192.0.2.1"), true), new NodeAddress(IpAddress.Parse("2001:db8::7"), true)],
            new NodeSettings { HostNetnsCookie = 1, NodePorts = new PortRange(30000, 32767) }) { Nodes = [IpAddress.Parse("192.0.2.1")] });
        Assert.True(node.IsComplete);
        dataplane.Hooks.Attach();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await dataplane.DisposeAsync();
        instance.Dispose();
    }

    /// <summary>Maps that only programs write, or that hold counters: nothing is believed of them.</summary>
    private static readonly string[] NotCompared =
    [
        "lb_affinity", "lb_aff_rows", "lb_sock", "lb_udp_peer", "lb_stats", "lb_svc_stats", "lb_svc_expired", "lb_traffic",
        "lb_conntrack4",
        "lb_conntrack6", "lb_ct_pending", "lb_ct_cursor",
        "lb_snat_full", "lb_snat_guard", "lb_frags", "lb_answers", "lb_answer_rate", "lb_events", "lb_load", "lb_turns", "lb_scratch",
        "lb_neighbours", "lb_kept", "lb_tracing", "lb_traces",
        // The collector counts and limits anew in each round.
        "lb_udp_share",
        // The next walk over the network namespaces writes it anew.
        "lb_netns",
    ];

    [Fact]
    public void Every_map_that_the_agent_writes_is_compared_and_nothing_differs()
    {
        var verification = Scanned();

        Assert.Empty(verification.Confirm(adopt: true));
        Assert.Equal(
            Abi.Tables.All.Select(t => t.Name).Except(NotCompared).Append("services").Order(StringComparer.Ordinal),
            verification.Compared.Where(c => c.Stage != VerifyStage.Attachment).Select(c => c.What).Order(StringComparer.Ordinal));
        Assert.Equal(
            ["hooks", "devices", "pins of maps"], verification.Compared.Where(c => c.Stage == VerifyStage.Attachment).Select(c => c.What));
        Assert.All(
            verification.Compared.Where(c => c.What != "devices"), c => Assert.True(c.Elements > 0, $"nothing of {c.What} was compared"));
    }

    [Theory]
    [InlineData("lb_services4")]
    [InlineData("lb_services6")]
    [InlineData("lb_src_ranges4")]
    [InlineData("lb_src_ranges6")]
    [InlineData("lb_node_addrs4")]
    [InlineData("lb_node_addrs6")]
    [InlineData("lb_devices")]
    [InlineData("lb_vlans")]
    [InlineData("lb_svc_cidrs4")]
    [InlineData("lb_svc_cidrs6")]
    public void An_entry_that_somebody_deleted_comes_back(string name)
    {
        switch (name)
        {
            case "lb_services4": DeleteOne<LbFrontend4, LbService>(name); break;
            case "lb_services6": DeleteOne<LbFrontend6, LbService>(name); break;
            case "lb_src_ranges4": DeleteOne<LbSrcRange4, uint>(name); break;
            case "lb_src_ranges6": DeleteOne<LbSrcRange6, uint>(name); break;
            case "lb_node_addrs4": DeleteOne<LbIp4, LbNodeAddr>(name); break;
            case "lb_node_addrs6": DeleteOne<LbIp6, LbNodeAddr>(name); break;
            case "lb_svc_cidrs4": DeleteOne<LbPrefix4, uint>(name); break;
            case "lb_svc_cidrs6": DeleteOne<LbPrefix6, uint>(name); break;
            case "lb_devices": DeleteOne<uint, LbDevice>(name); break;
            case "lb_vlans": DeleteOne<LbVlan, uint>(name); break;
            default: Assert.Fail(name); break;
        }

        var difference = Assert.Single(Heal());

        Assert.StartsWith(name + " ", difference.Object);
        Assert.Equal(Difference.None, difference.Found);
    }

    [Theory]
    [InlineData("lb_services4", "affinity_sec")]
    [InlineData("lb_services6", "flags")]
    [InlineData("lb_backends", "port")]
    [InlineData("lb_slots", "backend_id")]
    [InlineData("lb_node_addrs4", "flags")]
    [InlineData("lb_devices", "snat4")]
    [InlineData("lb_settings", "node_port_last")]
    [InlineData("lb_settings", "svc4_mask")]
    [InlineData("lb_meta", "abi")]
    public void A_value_that_somebody_changed_is_put_right(string name, string field)
    {
        switch (name)
        {
            case "lb_services4": ChangeOne<LbFrontend4, LbService>(name, v => v with { AffinitySec = v.AffinitySec + 9 }); break;
            case "lb_services6": ChangeOne<LbFrontend6, LbService>(name, v => v with { Flags = v.Flags ^ 2 }); break;
            case "lb_backends": ChangeOne<uint, LbBackend>(name, v => v with { Port = Be16.FromHost(9) }, v => v.ServiceId != 0); break;
            case "lb_slots": ChangeOne<uint, LbSlot>(name, v => v with { BackendId = 999 }, v => v.ServiceId != 0); break;
            case "lb_node_addrs4": ChangeOne<LbIp4, LbNodeAddr>(name, v => v with { Flags = 0 }); break;
            case "lb_devices": ChangeOne<uint, LbDevice>(name, v => v with { Snat4 = default }, v => v.Snat4 != default); break;
            case "lb_settings" when field == "svc4_mask": ChangeOne<uint, LbSettings>(name, v => v with { Svc4Mask = default }); break;
            case "lb_settings": ChangeOne<uint, LbSettings>(name, v => v with { NodePortLast = 1 }); break;
            case "lb_meta": ChangeOne<uint, LbMeta>(name, v => v with { Abi = 1 }); break;
            default: Assert.Fail(name); break;
        }

        var difference = Assert.Single(Heal());

        Assert.StartsWith(name, difference.Object);
        Assert.Equal(field, difference.Field);
    }

    [Fact]
    public void Entries_that_nobody_asked_for_go()
    {
        using (var services = Open<LbFrontend4, LbService>("lb_services4"))
            services.Update(new LbFrontend4 { Port = Be16.FromHost(1), Proto = 6 }, new LbService { Id = 200 });
        using (var ranges = Open<LbSrcRange4, uint>("lb_src_ranges4"))
            ranges.Update(new LbSrcRange4 { PrefixLen = 40, ServiceId = 201 }, 1);
        using (var backends = Open<uint, LbBackend>("lb_backends")) backends.Update(900, new LbBackend { ServiceId = 202 });
        using (var addresses = Open<LbIp6, LbNodeAddr>("lb_node_addrs6")) addresses.Update(default, default);
        using (var devices = Open<uint, LbDevice>("lb_devices")) devices.Update(99, default);

        Assert.Equal(
            ["lb_backends", "lb_devices", "lb_node_addrs6", "lb_services4", "lb_src_ranges4"],
            Heal().Where(d => d.Expected == Difference.None).Select(d => d.Object.Split(' ')[0]).Order(StringComparer.Ordinal));
    }

    /// <summary>The same once by the tool that people use.</summary>
    [Fact]
    public void What_bpftool_did_is_repaired()
    {
        using (var services = Open<LbFrontend4, LbService>("lb_services4"))
        {
            var key = AbiBytes.Of(services.Keys()[0]).ToArray().Select(b => b.ToString(System.Globalization.CultureInfo.InvariantCulture));
            var (code, output) = Testing.Processes.ChildProcess.Run(
                new Testing.Processes.ProcessPlace(null, null),
                [Testing.Processes.RepositoryPaths.Tool("bpftool"), "map", "delete", "pinned", PathOf("lb_services4"), "key", .. key]);
            Assert.True(code == 0, output);
        }

        Assert.Single(Heal());
    }

    [Fact]
    public void Just_looking_changes_nothing()
    {
        DeleteOne<LbFrontend4, LbService>("lb_services4");
        DeleteOne<uint, LbDevice>("lb_devices");
        ChangeOne<uint, LbMeta>("lb_meta", v => v with { Abi = 1 });

        Assert.Equal(3, Scanned().Confirm(adopt: false).Count);
        dataplane.Services.Apply(table);
        Assert.Equal(3, Scanned().Confirm(adopt: false).Count);
    }

    private ITableVerification Scanned()
    {
        var verification = dataplane.NewVerification();
        foreach (var _ in verification.Scan())
        {
            // The walk is what matters.
        }
        return verification;
    }

    private IReadOnlyList<Difference> Heal()
    {
        var verification = Scanned();
        var differences = verification.Confirm(adopt: true);
        Assert.True(dataplane.Services.Apply(table).Result.IsComplete);
        // Backends that go are cleared after a grace period.
        Testing.Processes.Eventually.True(() => verification.Confirm(adopt: false).Count == 0, "what was found to be repaired");
        Assert.Empty(Scanned().Confirm(adopt: false));
        return differences;
    }

    private void DeleteOne<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        using var map = Open<TKey, TValue>(name);
        Assert.True(map.Delete(map.Keys()[0]));
    }

    private void ChangeOne<TKey, TValue>(string name, Func<TValue, TValue> change, Func<TValue, bool>? which = null)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        using var map = Open<TKey, TValue>(name);
        var (key, value) = map.Entries().First(e => which is null || which(e.Value));
        map.Update(key, change(value));
    }

    private BpfMap<TKey, TValue> Open<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged => BpfMap.OpenPinned<TKey, TValue>(PathOf(name));

    private string PathOf(string name) => new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(name);
}
