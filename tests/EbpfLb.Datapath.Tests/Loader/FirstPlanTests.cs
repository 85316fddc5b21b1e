using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Planning;
using EbpfLb.Policy;
using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Clusters;

namespace EbpfLb.Datapath.Tests.Loader;

public sealed class FirstPlanTests
{
    private const int Services = Planner.StepSize + 500;

    [Fact]
    public async Task More_services_than_one_step_has_are_all_in_the_kernel_after_one_call()
    {
        using var instance = new TestInstance();
        instance.Options = instance.Options with { Sizes = new MapSizes(16_384, 8192, 16_384, 32_768, 256, 64) { Flows = 2048 } };
        await using var dataplane = instance.Open();
        var table = ForwardingCompiler.Compile(
            new LargeCluster(Services, endpointsPerService: 1).Build(), PolicyOptions.Default, null);

        var (_, result) = dataplane.Services.Apply(table);
        // Maps get their names with the hooks.
        dataplane.Hooks.Attach();

        Assert.True(result.IsComplete);
        using var map = BpfMap.OpenPinned<LbFrontend4, LbService>(
            new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(Abi.Tables.Services4.Name));
        var wanted = table.Services.SelectMany(s => s.Ports).SelectMany(p => p.Frontends.Select(f => f.Frontend).Append(
            p.ClosedFrontend ?? p.Frontends[0].Frontend)).Where(f => f.Address.Family == Model.IpFamily.IPv4).Distinct().Count();
        Assert.True(wanted >= Services);
        Assert.Equal(wanted, map.Keys().Count);
        Assert.Equal(wanted, result.Counts.Flips - 1);
        Assert.True(dataplane.Services.Apply(table).Plan.IsEmpty);
    }
}
