using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Tests;

public sealed class InspectionTests
{
    [Fact]
    public async Task Shows_what_is_in_the_kernel_when_the_agent_is_gone()
    {
        using var instance = new TestInstance();
        await using (var dataplane = instance.Open())
        {
            dataplane.Services.Apply(TestInstance.Table(cluster => cluster
                .Service("web", ["10.96.0.80", "fd00:10:96::80"], ["http:80"], affinity: 30)
                .Slice("web-4", "web", ["http:8080"], ["10.244.0.11", "10.244.0.12"])
                .Slice("web-6", "web", ["http:8080"], ["fd00:10:244::11"])));
            dataplane.Hooks.Attach();
        }

        var frontends = Inspection.Read(instance.Options)!;

        Assert.Equal(
            [
                "10.96.0.80:80/TCP affinity 30 s -> 10.244.0.11:8080, 10.244.0.12:8080",
                "192.0.0.8:10256/UDP affinity 0 s -> 127.0.0.1:10256",
                "[100::8]:10256/UDP affinity 0 s -> [::1]:10256",
                "[fd00:10:96::80]:80/TCP affinity 30 s -> [fd00:10:244::11]:8080",
            ],
            frontends.Select(f => $"{f.Frontend} affinity {f.AffinitySeconds} s -> {string.Join(", ", f.Backends)}"));
    }

    [Fact]
    public async Task Tells_counts_and_fills_when_the_agent_is_gone()
    {
        using var instance = new TestInstance();
        Dictionary<string, MapFill> fills;
        await using (var dataplane = instance.Open())
        {
            dataplane.Services.Apply(TestInstance.Table(cluster => cluster
                .Service("web", ["10.96.0.80"], ["http:80"]).Slice("web-4", "web", ["http:8080"], ["10.244.0.11"])));
            dataplane.Hooks.Attach();
            fills = dataplane.Diagnostics.ReadMaps().ToDictionary(f => f.Map);
        }
        using (var stats = new PerCpuMap<uint, LbStat>(BpfMap.OpenPinned(Places.Find(instance.Options)!.Map(Abi.Tables.Stats.Name))))
        {
            var values = new LbStat[stats.CpuCount];
            values.AsSpan().Fill(new LbStat { Count = 2, Bytes = 120 });
            stats.Update((uint)LbReason.DropCtFull, values);
        }

        var counts = Inspection.ReadCounts(instance.Options);

        var cpus = (ulong)PossibleCpus.Count();
        Assert.Equal(new ReasonCount(LbReason.DropCtFull, 2 * cpus, 120 * cpus), counts.Reasons.Single(r => r.Count > 0));
        Assert.Equal(6, counts.Maps.Count);
        Assert.Equal(3, counts.Maps.Single(m => m.Map == "lb_services4").Used);
        Assert.All(counts.Maps.Where(m => fills.ContainsKey(m.Map)), m => Assert.Equal(fills[m.Map], m));
    }

    [Fact]
    public void Says_that_there_is_nothing()
    {
        Assert.Null(Inspection.Read(new DatapathOptions { Instance = "elb-none" }));
        Assert.Empty(Instances.Hooks(new DatapathOptions { Instance = "elb-none" }));
    }

    [Fact]
    public async Task Names_the_fill_and_the_option_of_each_table()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table(cluster => cluster
            .Service("web", ["10.96.0.80"], ["http:80"])
            .Slice("web-4", "web", ["http:8080"], ["10.244.0.11", "10.244.0.12"])));

        var fill = dataplane.Diagnostics.ReadMaps().ToDictionary(f => f.Map);

        // The canary's, the port's, and the one that refuses its other ports.
        Assert.Equal(
            (3L, 256L, "--max-frontends"), (fill["lb_services4"].Used, fill["lb_services4"].Capacity, fill["lb_services4"].Option));
        Assert.Equal((4L, "--max-backends"), (fill["lb_backends"].Used, fill["lb_backends"].Option));
        Assert.Equal(3L, fill["lb_svc_stats"].Used);
        Assert.Equal((0L, "--max-devices"), (fill["lb_devices"].Used, fill["lb_devices"].Option));
        dataplane.Node.ApplyNode(new NodeState(
            [new NodeDevice(2, "eth0", null, null)], [new NodeAddress(IpAddress.Parse("192.0.2.1"), NodePort: true)],
            new NodeSettings { SnatPorts = new PortRange(61_000, 65_535) }));
        fill = dataplane.Diagnostics.ReadMaps().ToDictionary(f => f.Map);
        Assert.Equal((1L, (long)TestInstance.Small.Devices), (fill["lb_devices"].Used, fill["lb_devices"].Capacity));
        Assert.Equal((1L, (long)TestInstance.Small.NodeAddresses, "--max-node-addresses"),
            (fill["lb_node_addrs4"].Used, fill["lb_node_addrs4"].Capacity, fill["lb_node_addrs4"].Option));
        Assert.Equal((0L, 64L), (fill["lb_svc_cidrs6"].Used, fill["lb_svc_cidrs6"].Capacity));
    }

    [Fact]
    public async Task Services_that_do_not_fit_are_named_with_the_option_and_the_others_are_in_force()
    {
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = TestInstance.Small with { Backends = 6 } };
        await using var dataplane = instance.Open();

        var (_, result) = dataplane.Services.Apply(TestInstance.Table(cluster => cluster
            .Service("big", ["10.96.0.1"], [":80"])
            .Slice("big-1", "big", [":8080"], [.. Enumerable.Range(1, 9).Select(i => $"10.244.0.{i}")])
            .Service("small", ["10.96.0.2"], [":80"])
            .Slice("small-1", "small", [":8080"], ["10.244.1.1"])));
        dataplane.Hooks.Attach();

        var left = Assert.Single(result.LeftOut);
        Assert.Equal(("default/big", "--max-backends"), (left.Service.ToString(), left.Option));
        Assert.Contains(Inspection.Read(instance.Options)!, f => f.Frontend.ToString() == "10.96.0.2:80/TCP" && f.Backends.Count == 1);
        Assert.DoesNotContain(Inspection.Read(instance.Options)!, f => f.Frontend.ToString() == "10.96.0.1:80/TCP");
    }
}
