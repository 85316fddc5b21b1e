using EbpfLb.Bpf;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Tests.Flows;

/// <summary>Conntrack maps as tests want them: in the kernel without pins, or in memory.</summary>
internal static class TestFlowMaps
{
    public static IFlowMap InKernel(IpFamily family, int capacity)
    {
        var table = family == IpFamily.IPv4 ? (Abi.Table)Abi.Tables.Conntrack4 : Abi.Tables.Conntrack6;
        var map = BpfMap.Create(new MapSpec(table.Name, MapType.Hash, (uint)table.KeySize, (uint)table.ValueSize, (uint)capacity));
        return family == IpFamily.IPv4 ? KernelFlowMap.Open4(map) : KernelFlowMap.Open6(map);
    }

    /// <summary>Kinds for theories: "kernel" and "memory".</summary>
    public static IFlowMap Make(string kind, int capacity = 1000, IpFamily family = IpFamily.IPv4)
        => kind == "kernel" ? InKernel(family, capacity) : new MemoryFlowMap(family, capacity);

    public static int Count(this IFlowMap map) => map.ReadBatches(256).Sum(b => b.Length);
}
