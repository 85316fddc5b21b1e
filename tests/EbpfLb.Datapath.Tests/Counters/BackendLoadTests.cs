using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Counters;
using EbpfLb.Datapath.Flows;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Tests.Counters;

/// <summary>
/// The counts of backends as the agent changes them, by the rules of the programs (LoadTests): it ends flows that expire.
/// </summary>
public sealed class BackendLoadTests : IDisposable
{
    private readonly TestInstance instance = new();

    public void Dispose() => instance.Dispose();

    [Fact]
    public async Task A_flow_that_the_agent_ends_is_its_backends_if_the_id_still_is()
    {
        await using var dataplane = Serve("10.1.0.1", "10.1.0.2");
        var (port, id) = (Port(dataplane), Ids(dataplane)[0]);
        var owner = new FlowOwner(dataplane.Services.FindServiceId(port)!.Value, id, new FlowEndpoint(IpAddress.Parse("10.1.0.1"), 8080));
        Begin(id, 3);
        using var ends = FlowEnds.OpenPinned(Places.Find(instance.Options)!);

        ends.Count(owner);
        Assert.Equal([2u, 0u], Open(dataplane));
        ends.Count(owner with { ServiceId = owner.ServiceId + 1 });
        ends.Count(owner with { Backend = new FlowEndpoint(IpAddress.Parse("10.1.0.2"), 8080) });
        ends.Count(owner with { Backend = new FlowEndpoint(IpAddress.Parse("10.1.0.1"), 8081) });
        ends.Count(owner with { BackendId = uint.MaxValue });
        Assert.Equal([2u, 0u], Open(dataplane));
        ends.Resume(owner);
        Assert.Equal([3u, 0u], Open(dataplane));
        for (var i = 0; i < 5; i++) ends.Count(owner);
        Assert.Equal([0u, 0u], Open(dataplane));
    }

    [Fact]
    public async Task Counts_outlive_the_agent_and_changes_of_the_list_and_a_new_backend_begins_at_0()
    {
        uint id;
        await using (var first = Serve("10.1.0.1"))
        {
            id = Ids(first)[0];
            Begin(id, 7);
        }
        await using var next = Serve("10.1.0.1", "10.1.0.2");
        Assert.Equal([7u, 0u], Open(next));

        next.Services.Apply(Table("10.1.0.2"));
        next.Services.Apply(Table("10.1.0.1", "10.1.0.2"));
        Assert.Equal([0u, 0u], Open(next));
    }

    private Dataplane Serve(params string[] backends)
    {
        var dataplane = instance.Open();
        Assert.True(dataplane.Services.Apply(Table(backends)).Result.IsComplete);
        dataplane.Hooks.Attach();
        return dataplane;
    }

    private static ForwardingTable Table(params string[] backends) => TestInstance.Table(cluster => cluster
        .Service("web", ["10.96.0.1"], [":80"], scheduler: Scheduler.LeastConnection).Slice("web-1", "web", [":8080"], backends));

    /// <summary>As if so many connections had begun.</summary>
    private void Begin(uint backendId, uint count)
    {
        using var loads = BpfMap.OpenPinned<uint, LbLoad>(Places.Find(instance.Options)!.Map(Abi.Tables.Load.Name));
        loads.Update(backendId, new LbLoad { Active = count, Begun = count });
    }

    private static ServicePortKey Port(Dataplane dataplane) => Enumerable.Range(1, 32)
        .Select(id => dataplane.Services.FindServicePort((uint)id)).OfType<ServicePortKey>().Single(p => p.Service.Name == "web");

    private static IReadOnlyList<uint> Ids(Dataplane dataplane)
        => [.. dataplane.Services.Mirror.BackendsOf(Port(dataplane)).Select(b => b.Id)];

    private static IEnumerable<uint> Open(Dataplane dataplane) => dataplane.Services.ReadBackends(Port(dataplane)).Select(b => b.Open);
}
