using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Node;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>The ranges around services' addresses in lb_settings, and the service CIDRs (docs/contract.md 8).</summary>
public sealed class ServiceAddressTests : IAsyncLifetime
{
    private readonly TestInstance instance = new();
    private Dataplane dataplane = null!;

    public ValueTask InitializeAsync()
    {
        dataplane = instance.Open();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await dataplane.DisposeAsync();
        instance.Dispose();
    }

    [Fact]
    public void The_ranges_hold_all_cluster_IPs_and_service_CIDRs_and_nothing_else()
    {
        Apply(c => c.Service("a", ["10.96.0.1", "fd00:96::1"], ["http:80"], externalIPs: ["203.0.113.1"]));
        Assert.Equal("10.96.0.1/32 and fd00:96::1/128", Cover());

        Apply(c => c.Service("a", ["10.96.0.1", "fd00:96::1"], ["http:80"]).Service("b", ["10.96.1.1"], ["http:80"]));
        Assert.Equal("10.96.0.0/23 and fd00:96::1/128", Cover());

        Apply(c => c.Service("a", ["10.96.0.1"], ["http:80"]).ServiceCidr("kubernetes", "10.96.0.0/16", "fd00:96::/112"));
        Assert.Equal("10.96.0.0/16 and fd00:96::/112", Cover());
        Assert.Equal(["10.96.0.0/16", "fd00:96::/112"], Cidrs());

        Apply(c => c.Service("a", ["10.96.0.1"], ["http:80"]));
        Assert.Equal("10.96.0.1/32", Cover());
        Assert.Empty(Cidrs());
    }

    [Fact]
    public void Without_services_there_is_no_range_and_the_canarys_addresses_do_not_count()
    {
        Apply(_ => { });
        Assert.Equal("nothing", Cover());
    }

    [Fact]
    public void A_state_of_the_node_keeps_the_ranges()
    {
        Apply(c => c.Service("a", ["10.96.0.1"], ["http:80"]));

        Assert.True(dataplane.Node.ApplyNode(NodeState.Empty).IsComplete);

        Assert.Equal("10.96.0.1/32", Cover());
    }

    [Fact]
    public async Task While_a_service_does_not_fit_nothing_is_dropped_for_its_CIDR()
    {
        await dataplane.DisposeAsync();
        instance.Options = instance.Options with { Sizes = TestInstance.Small with { SourceRanges = 1 } };
        dataplane = instance.Open();
        void Large(ClusterBuilder c) => c.ServiceCidr("kubernetes", "10.96.0.0/16")
            .Service("a", ["10.96.0.1"], ["http:80"], balancerIPs: ["198.51.100.1"], sourceRanges: ["192.0.2.0/24", "198.51.100.0/24"]);

        Assert.NotEmpty(dataplane.Services.Apply(TestInstance.Table(Large)).Result.LeftOut);
        Assert.Empty(Cidrs());

        Apply(c => c.ServiceCidr("kubernetes", "10.96.0.0/16").Service("a", ["10.96.0.1"], ["http:80"]));
        Assert.Equal(["10.96.0.0/16"], Cidrs());
    }

    [Fact]
    public async Task A_restart_goes_on_with_what_is_there()
    {
        void Cluster(ClusterBuilder c) => c.Service("a", ["10.96.0.1"], ["http:80"]).ServiceCidr("kubernetes", "10.96.0.0/16");
        Apply(Cluster);
        dataplane.Hooks.Attach();
        await dataplane.DisposeAsync();
        dataplane = instance.Open();
        Assert.Equal("10.96.0.0/16", Cover());

        var (plan, _) = dataplane.Services.Apply(TestInstance.Table(Cluster));

        Assert.True(plan.IsEmpty, plan.ToString());
        Assert.Equal("10.96.0.0/16", Cover());
        Assert.Equal(["10.96.0.0/16"], Cidrs());
    }

    private void Apply(Action<ClusterBuilder> describe)
    {
        Assert.True(dataplane.Services.Apply(TestInstance.Table(describe)).Result.IsComplete);
        dataplane.Hooks.Attach();
    }

    private string Cover()
    {
        using var settings = Open<uint, LbSettings>(Abi.Tables.Settings.Name);
        return NodeCodec.Services(settings.Lookup(0)).ToString();
    }

    private string[] Cidrs()
    {
        using var four = Open<LbPrefix4, uint>(Abi.Tables.SvcCidrs4.Name);
        using var six = Open<LbPrefix6, uint>(Abi.Tables.SvcCidrs6.Name);
        return [.. four.Keys().Select(k => NodeCodec.ToRange(k).ToString()), .. six.Keys().Select(k => NodeCodec.ToRange(k).ToString())];
    }

    private BpfMap<TKey, TValue> Open<TKey, TValue>(string name)
        where TKey : unmanaged
        where TValue : unmanaged
    {
        dataplane.Hooks.Attach();
        return BpfMap.OpenPinned<TKey, TValue>(new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(name));
    }
}
