using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the agent when it runs, else reads what it left pinned.</summary>
internal sealed class InstanceFinder : IInstanceFinder
{
    public async Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
    {
        if (await ControlClient.TryConnectAsync(instance.ControlSocket, cancellationToken) is { } agent) return agent;
        try
        {
            var options = KernelOptions.Of(instance);
            return Inspection.Read(options) is { } frontends ? new PinnedView(instance.Name, frontends, Instances.Hooks(options)) : null;
        }
        catch (BpfException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}
