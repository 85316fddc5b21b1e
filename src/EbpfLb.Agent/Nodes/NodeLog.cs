using EbpfLb.Datapath.Attach;
using EbpfLb.Datapath.Node;
using Microsoft.Extensions.Logging;

namespace EbpfLb.Agent.Nodes;

/// <summary>Tells each thing about the node once, and again when it has changed.</summary>
internal sealed class NodeLog(ILogger logger)
{
    /// <summary>A node has a device for each of its pods, and most are of no interest.</summary>
    private const int MaxLeftAlone = 20;

    private Dictionary<int, string> devices = [];
    private HashSet<string> reported = [];
    private NodeState? state;

    /// <param name="fault">What the view's problem came of; null: nothing was thrown.</param>
    public void Write(NodeView view, Exception? fault = null)
    {
        WriteDevices(view);
        foreach (var problem in view.Problems.Where(p => !reported.Contains(p))) Log.NodeProblem(logger, fault, problem);
        foreach (var warning in view.Warnings.Where(w => !reported.Contains(w))) Log.NodeWarning(logger, warning);
        reported = [.. view.Problems, .. view.Warnings];
        if (view.State is { } now && !now.Equals(state))
            Log.NodeState(logger, now.Devices.Count, now.Addresses.Count, now.Addresses.Count(a => a.NodePort));
        state = view.State;
    }

    private void WriteDevices(NodeView view)
    {
        var isFirst = devices.Count == 0;
        var leftAlone = 0;
        var now = new Dictionary<int, string>();
        foreach (var decision in view.Decisions)
        {
            var xdp = view.Attached.FirstOrDefault(d => d.Index == decision.Link.Index)?.Xdp is { Problem: null } on
                ? $"; XDP by {(on.Mode != XdpMode.Driver ? "the stack" : on.Below is { } below ? $"{below.Name}'s driver" : "its driver")}"
                : "";
            var text = $"{decision}{xdp}";
            now[decision.Link.Index] = text;
            if (devices.GetValueOrDefault(decision.Link.Index) == text) continue;
            // Those that are there at the start are told, of later ones only those that matter.
            var level = decision.IsAttached || (isFirst && leftAlone++ < MaxLeftAlone) ? LogLevel.Information : LogLevel.Debug;
            Log.Device(logger, level, decision.Link.Name, decision.Role.ToString(), decision.Reason + xdp);
        }
        if (leftAlone > MaxLeftAlone) Log.MoreDevices(logger, leftAlone - MaxLeftAlone);
        devices = now;
    }
}
