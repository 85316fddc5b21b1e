using EbpfLb.Agent.Hosting;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Options;

namespace EbpfLb.Agent.Kernel;

/// <summary>Takes instances out of the kernel by their pins.</summary>
internal sealed class InstanceRemover : IInstanceRemover
{
    public IReadOnlyList<string> List(string? bpfFs) => Explained(() => Instances.List(new DatapathOptions { BpfFs = bpfFs }));

    public IReadOnlyList<string> Remove(InstanceOptions instance) => Explained(() => Instances.Remove(KernelOptions.Of(instance)));

    private static IReadOnlyList<string> Explained(Func<IReadOnlyList<string>> act)
    {
        try
        {
            return act();
        }
        catch (BpfException e)
        {
            throw new StartException(e.Message, e);
        }
    }
}
