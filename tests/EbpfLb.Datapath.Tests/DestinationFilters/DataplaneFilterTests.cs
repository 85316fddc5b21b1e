using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Datapath.Tests.Flows;
using EbpfLb.Model;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.DestinationFilters;

public sealed class DataplaneFilterTests
{
    [Fact]
    public async Task It_is_open_for_frontends_and_flows_and_shut_again_for_those_that_went()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        var idle = Open(dataplane);

        var with = TestInstance.Table(Web);
        dataplane.Services.Apply(with);
        Assert.Equal(idle + 2, Open(dataplane));
        dataplane.Services.Apply(TestInstance.Table(null, with));
        Assert.Equal(idle + 2, Open(dataplane));
        var flow = new TestFlow { Client = "192.0.2.77:40000", Frontend = "10.96.0.77:80" };
        flow.AddTo(dataplane.Conntrack.FlowMaps[0]);
        dataplane.Conntrack.RebuildFilter();
        // The two of the flow: where its requests and its replies go.
        Assert.Equal(idle + 2, Open(dataplane));

        dataplane.Conntrack.FlowMaps[0].Delete(flow.Request.Key);
        dataplane.Conntrack.FlowMaps[0].Delete(flow.Reply.Key);
        dataplane.Conntrack.RebuildFilter();
        Assert.Equal(idle, Open(dataplane));
    }

    [Fact]
    public async Task The_next_agent_opens_it_for_what_it_finds()
    {
        using var instance = new TestInstance();
        var table = TestInstance.Table(Web);
        await using (var first = instance.Open())
        {
            first.Services.Apply(table);
            first.Hooks.Attach();
            new TestFlow { Client = "192.0.2.77:40000" }.AddTo(first.Conntrack.FlowMaps[0]);
        }

        await using var second = instance.Open();
        // Until it knows all of them nothing passes unseen.
        Assert.Equal(0, Open(second));
        second.Services.Apply(table);
        second.Hooks.Attach();

        // The canary's two, ours, and the flow's client; its frontend is one of ours.
        Assert.Equal(5, Open(second));
    }

    [Fact]
    public async Task What_opens_frontends_whose_flows_need_no_entry_is_verified_and_made_good()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        var cluster = new ClusterBuilder().Node("here", addresses: ["192.0.2.1"]).Other("there", "192.0.2.2")
            .Service("web", ["10.96.0.1"], [":80"], externalIPs: ["203.0.113.1"], scheduler: Scheduler.Maglev, maglevTableSize: 251)
            .Slice("web-1", "web", [":8080"], ["10.244.2.5 node=there"]);
        var options = PolicyOptions.Default with { NodeName = "here", Tunnels = true, Forwarding = Forwarding.Dsr };
        dataplane.Services.Apply(ForwardingCompiler.Compile(cluster.Build(), options, previous: null));
        dataplane.Hooks.Attach();
        Assert.DoesNotContain(Verified(dataplane), d => d.Field == "untracked");

        using (var words = new MappedArray<ulong>(BpfMap.OpenPinned(
            new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(Abi.Tables.Filter.Name))))
        {
            Assert.NotEqual(0ul, words.Span[1]);
            words.Span[1] = 0;
        }

        var found = Assert.Single(Verified(dataplane), d => d.Field == "untracked");
        Assert.EndsWith("203.0.113.1", found.Object, StringComparison.Ordinal);
        Assert.DoesNotContain(Verified(dataplane), d => d.Field == "untracked");
    }

    private static IReadOnlyList<Difference> Verified(Dataplane dataplane)
    {
        var verification = dataplane.NewVerification();
        Assert.NotEqual(0, verification.Scan().Sum());
        return verification.Confirm(adopt: true);
    }

    private static void Web(ClusterBuilder cluster) => cluster
        .Service("web", ["10.96.0.1", "fd00::1"], ["http:80", "https:443"])
        .Slice("web-1", "web", ["http:8080"], ["10.244.0.5"]);

    private static long Open(Dataplane dataplane) => dataplane.Diagnostics.ReadMaps().Single(f => f.Map == Abi.Tables.Filter.Name).Used;
}
