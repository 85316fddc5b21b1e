using EbpfLb.Agent.Pipeline;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Nodes;

/// <summary>Lets services be compiled again when the node's network has changed in a way that they depend on.</summary>
internal sealed class NetworkFollower(PipelineState state, LoopRequests requests)
{
    private NodeNetwork known = state.NodeView.State?.Network ?? NodeNetwork.None;

    /// <summary>Follows from now on.</summary>
    public void Attach() => state.NodeViews.Add(view =>
    {
        if (view.State is not { } now || now.Network.Equals(known)) return;
        known = now.Network;
        requests.RunAgain();
    });
}
