using EbpfLb.Configuration.Own;
using EbpfLb.Model;
using EbpfLb.Planning;
using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Options;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Agent.Kernel;

/// <summary>The agent's options as the datapath wants them.</summary>
internal static class KernelOptions
{
    public static DatapathOptions Of(StartOptions options) => Of(options.Instance) with
    {
        TcAttach = options.TcAttach,
        Xdp = options.Xdp,
        Tunnel = options.Tunnel,
        Sizes = SizesOf(options.Sizes, options.TrafficCounts ? MachineSizes.CountingTraffic() : MachineSizes.Default()),
        UnaskedSizes = UnaskedOf(options.Sizes),
        Answers = options.Answers ?? KernelAnswers.Read(new Sysctls(Sysctls.DefaultRoot)),
    };

    public static DatapathOptions Of(InstanceOptions instance) => new()
    {
        Instance = instance.Name, BpfFs = instance.BpfFs, CgroupRoot = instance.CgroupRoot,
    };

    /// <summary>Those that are the machine's defaults.</summary>
    public static IReadOnlySet<TableSize> UnaskedOf(SizesSection asked)
        => Enum.GetValues<TableSize>().Where(size => asked[size] is null).ToHashSet();

    /// <summary>The machine's defaults with what was asked for in their place.</summary>
    public static MapSizes SizesOf(SizesSection asked, MapSizes defaults)
        => SizeRow.All.Aggregate(defaults, (sizes, row) => asked[row.Size] is { } entries ? sizes.With(row.Size, (uint)entries) : sizes);
}
