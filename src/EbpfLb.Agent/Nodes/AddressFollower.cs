using EbpfLb.Agent.Pipeline;
using EbpfLb.Model;

namespace EbpfLb.Agent.Nodes;

/// <summary>Lets services be compiled again when the node's devices have got other addresses: a ClusterIP among them is the local stack's.</summary>
internal sealed class AddressFollower(PipelineState state, LoopRequests requests)
{
    private ValueList<IpAddress> known = state.NodeView.State?.DeviceAddresses ?? [];

    /// <summary>Follows from now on.</summary>
    public void Attach() => state.NodeViews.Add(view =>
    {
        if (view.State is not { } now || now.DeviceAddresses == known) return;
        known = now.DeviceAddresses;
        requests.RunAgain();
    });
}
