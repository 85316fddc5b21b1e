using EbpfLb.Agent.Nodes;
using EbpfLb.Agent.Options;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Agent.Kernel;

/// <summary>The agent's options as the datapath wants them.</summary>
internal static class KernelOptions
{
    public static DatapathOptions Of(RunOptions options) => Of(options.Instance) with
    {
        TcAttach = options.TcAttach,
        Sizes = SizesOf(options.Sizes, MapSizes.ForThisMachine()),
        Answers = options.Answers ?? KernelAnswers.Read(new Sysctls(Sysctls.DefaultRoot)),
    };

    public static DatapathOptions Of(InstanceOptions instance) => new()
    {
        Instance = instance.Name, BpfFs = instance.BpfFs, CgroupRoot = instance.CgroupRoot,
    };

    /// <summary>The machine's defaults with what was asked for in their place.</summary>
    public static MapSizes SizesOf(SizeOptions asked, MapSizes defaults) => defaults with
    {
        Services = asked.Services ?? defaults.Services,
        Frontends = asked.Frontends ?? defaults.Frontends,
        Backends = asked.Backends ?? defaults.Backends,
        Slots = asked.Slots ?? defaults.Slots,
        Affinity = asked.Affinity ?? defaults.Affinity,
        Flows = asked.Flows ?? defaults.Flows,
        SourceRanges = asked.SourceRanges ?? defaults.SourceRanges,
        NodeAddresses = asked.NodeAddresses ?? defaults.NodeAddresses,
        Devices = asked.Devices ?? defaults.Devices,
    };
}
