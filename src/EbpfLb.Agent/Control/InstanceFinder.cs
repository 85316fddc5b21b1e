using EbpfLb.Agent.Flows;
using EbpfLb.Agent.Kernel;
using EbpfLb.Agent.Options;
using EbpfLb.Bpf;
using EbpfLb.Datapath;
using EbpfLb.Datapath.Flows;

namespace EbpfLb.Agent.Control;

/// <summary>Asks the agent when it runs, else reads what it left pinned.</summary>
internal sealed class InstanceFinder(TimeProvider time) : IInstanceFinder
{
    public async Task<IInstanceView?> FindAsync(InstanceOptions instance, CancellationToken cancellationToken)
    {
        if (await ControlClient.TryConnectAsync(instance.ControlSocket, cancellationToken) is { } agent) return agent;
        try
        {
            var options = KernelOptions.Of(instance);
            return Inspection.Read(options) is { } frontends && FlowMaps.OpenPinned(options) is { } maps
                ? new PinnedView(instance.Name, frontends, Instances.Hooks(options), FlowsOf(maps), () => Inspection.Compare(options))
                : null;
        }
        catch (BpfException e)
        {
            throw new IOException(e.Message, e);
        }
    }

    private FlowView FlowsOf(FlowMaps maps) => new(Origin.Maps, new FlowTable(maps.All, time), new NoServiceNames(), drops: null, time);
}
