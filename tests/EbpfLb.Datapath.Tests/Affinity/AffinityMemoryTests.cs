using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Testing;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Affinity;

/// <summary>Which client has which backend outlives the agent, and not the Service or the endpoint.</summary>
public sealed class AffinityMemoryTests
{
    private static void Web(ClusterBuilder cluster) => cluster
        .Service("web", ["10.96.0.80"], ["http:80"], affinity: 30)
        .Slice("web-4", "web", ["http:8080"], ["10.244.0.11", "10.244.0.12"]);

    [Fact]
    public async Task Memories_of_backends_that_are_there_survive_a_restart()
    {
        using var instance = new TestInstance();
        await using (var first = instance.Open())
        {
            first.Services.Apply(TestInstance.Table(Web));
            first.Hooks.Attach();
            Remember(instance);
            Assert.Equal(0, first.Services.SweepAffinity());
            Assert.Equal(2, first.Diagnostics.ReadMaps().Single(f => f.Map == Abi.Tables.Affinity.Name).Used);
        }

        await using var second = instance.Open();
        Assert.Equal(2, Memories(instance));
    }

    [Contract("11", "endpoint gone: so is its memory")]
    [Fact]
    public async Task An_endpoint_that_goes_takes_its_memories_with_it_and_a_Service_all_of_them()
    {
        using var instance = new TestInstance();
        await using (var dataplane = instance.Open())
        {
            dataplane.Services.Apply(TestInstance.Table(Web));
            dataplane.Hooks.Attach();
            Remember(instance);

            dataplane.Services.Apply(TestInstance.Table(cluster => cluster
                .Service("web", ["10.96.0.80"], ["http:80"], affinity: 30)
                .Slice("web-4", "web", ["http:8080"], ["10.244.0.12"])));
            // The backend is cleared after a grace period.
            Testing.Processes.Eventually.True(() => dataplane.Services.SweepAffinity() == 1, "the memory of the endpoint to go");
            Assert.Equal(1, Memories(instance));
            dataplane.Services.Apply(TestInstance.Table());
        }

        // The next agent forgets what this one had no time for, before it gives out ids.
        await using var second = instance.Open();
        Assert.Equal(0, Memories(instance));
    }

    /// <summary>One client for each backend, as programs write it.</summary>
    private static void Remember(TestInstance instance)
    {
        using var backends = Open<uint, LbBackend>(instance, Abi.Tables.Backends);
        using var affinity = Open<LbAffKey, LbAff>(instance, Abi.Tables.Affinity);
        foreach (var (id, backend) in backends.Entries().Where(b => b.Value.Port.ToHost() == 8080))
        {
            var key = new LbAffKey { ServiceId = backend.ServiceId, Kind = (uint)LbClientKind.Addr };
            key.Client[0] = id;
            affinity.Update(key, new LbAff { BackendId = id });
        }
    }

    private static int Memories(TestInstance instance)
    {
        using var affinity = Open<LbAffKey, LbAff>(instance, Abi.Tables.Affinity);
        return affinity.Keys().Count;
    }

    private static BpfMap<TKey, TValue> Open<TKey, TValue>(TestInstance instance, Table table)
        where TKey : unmanaged
        where TValue : unmanaged
        => BpfMap.OpenPinned<TKey, TValue>(new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(table.Name));
}
