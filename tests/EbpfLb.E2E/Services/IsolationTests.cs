using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Manifests;
using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Services;

/// <summary>Several nodes on one kernel: each instance has its pins, its cgroup and its namespace.</summary>
public sealed class IsolationTests(TestNode node) : IClassFixture<TestNode>
{
    [Fact]
    public void Two_nodes_serve_the_same_ClusterIP_with_their_own_backends()
    {
        var service = node.Publish("a", "b", "c");
        var second = node.Topology.AddNode("two");
        var (client, backend) = (second.AddPod("client"), second.AddPod("z"));
        using var serving = PodServer.Start(backend.Place, "z", "8080", "8080");
        using var manifests = new ManifestDirectory();
        manifests.Put(service.Manifest with { Endpoints = [backend.IPv4, backend.IPv6] });
        using var agent = AgentProcess.Start(new AgentOptions(TestNode.Binary, second, "--manifests", manifests.Path));
        using var probe = NetProbe.Start(client.Place);

        foreach (var family in Enum.GetValues<Family>())
        {
            var there = probe.Load(service.Load(LoadMode.Tcp, family) with { Count = 30 });
            var here = node.Probe.Load(service.Load(LoadMode.Tcp, family) with { Count = 60 });

            Assert.True(there.IsClean, there.Line);
            Assert.Equal(30, there.By("z"));
            Assert.True(here.IsClean, here.Line);
            Assert.Equal(["a/8080", "b/8080", "c/8080"], here.Names.Keys.Order());
        }
        Assert.Empty(agent.PinnedIds().Values.Intersect(node.Agent.PinnedIds().Values));
    }

    [Fact]
    public void Cleaning_up_one_instance_leaves_the_other_serving()
    {
        var service = node.Publish("a");
        var second = node.Topology.AddNode("three");
        using var manifests = new ManifestDirectory();
        manifests.Put(service.Manifest);
        var before = node.Agent.PinnedIds();
        using (var agent = AgentProcess.Start(new AgentOptions(TestNode.Binary, second, "--manifests", manifests.Path)))
        {
            Assert.Equal(0, agent.Terminate());
            Assert.NotEmpty(agent.PinnedIds());
            var (code, output) = agent.Command("cleanup");
            Assert.True(code == 0, output);
            Assert.False(Directory.Exists(BpfFs.InstancePath(agent.Instance)));
        }

        Assert.Equal(before, node.Agent.PinnedIds());
        var report = node.Probe.Load(service.Load(LoadMode.Tcp, Family.IPv4) with { Count = 10 });
        Assert.True(report.IsClean, report.Line);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void A_process_outside_the_cgroup_is_untouched(Family family)
    {
        var service = node.Publish("a");
        using var outside = NetProbe.Start(new ProcessPlace(node.Client.Place.NetnsPath, null));
        using var inside = NetProbe.Start(node.Client.Place);

        foreach (var mode in Enum.GetValues<LoadMode>())
        {
            var untouched = outside.Load(service.Load(mode, family) with { Count = 1 });

            Assert.EndsWith("/EHOSTUNREACH", untouched.Errors.Keys.Single(), StringComparison.Ordinal);
            Assert.True(inside.Load(service.Load(mode, family) with { Count = 1 }).IsClean);
        }
    }
}
